"""A person decides: no report speaks a verdict, each one says what it cannot do, and every review has its reason."""

import ast
import re
from html import unescape
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

import evaluator
from evaluator.audit import Person, audit
from evaluator.audit_view import audit_csv, audit_json, audit_text
from evaluator.calibration import Calibration
from evaluator.cli import main
from evaluator.counterfactual import Measured, as_markdown
from evaluator.domain import Answer, FlagKind
from evaluator.loading import load_calibration
from evaluator.report.html import render_candidate_html, render_index_html
from evaluator.report.limits import LIMITS, OWN_CUTS, SHIPPED_CUTS
from evaluator.report.markdown import render_index_markdown, render_markdown
from evaluator.report.terminal import render_text
from tests.fakes import engine, small_bank

PACKAGE = Path(evaluator.__file__).parent
VERDICT = re.compile(
    r"\b(?:hir(?:e|es|ed|ing|eable)|reject\w*|pass(?:es|ed|ing)?|fail(?:s|ed|ing|ure|ures)?|complian(?:t|ce)|validated|"
    r"bias[- ]free|unbiased|unfit|disqualif\w*|unsuitable|employable)\b",
    re.IGNORECASE,
)
ENGINE = engine(small_bank())
ANSWERS = [
    "I listen until the customer has finished talking. My voice stays low and my breathing slow.",
    "I argue and prove the customer wrong.",
    "",
    "listen, calm, solution, options",
    "My car is blue and my dog is brown.",
]
RESULTS = list(ENGINE.evaluate(Answer(f"c{n % 2}", "rude-customer", text, n) for n, text in enumerate(ANSWERS)))


def strings_of(path: Path) -> list[str]:
    """Return the strings of a module that can reach a reader: all but docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    alone = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    return [
        n.value
        for n in ast.walk(tree)
        if isinstance(n, ast.Constant) and isinstance(n.value, str) and id(n) not in alone
    ]


@pytest.mark.parametrize("path", sorted((PACKAGE / "report" / "templates").iterdir()), ids=lambda path: path.name)
def test_no_template_has_a_word_of_verdict(path: Path) -> None:
    assert not VERDICT.findall(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "path",
    [*sorted((PACKAGE / "report").glob("*.py")), *(PACKAGE / f"{n}.py" for n in ("audit_view", "counterfactual", "feedback", "flagging", "scoring", "duplicates", "language"))],
    ids=lambda path: path.name,
)  # fmt: skip
def test_no_wording_has_a_word_of_verdict(path: Path) -> None:
    found = {word.lower() for text in strings_of(path) for word in VERDICT.findall(text)}
    assert not found


def reports() -> dict[str, str]:
    made = {}
    for audience in ("candidate", "recruiter"):
        made[f"html {audience}"] = render_candidate_html(RESULTS, audience=audience, title_id="c")
        made[f"md {audience}"] = render_markdown(RESULTS, audience=audience)
        made[f"text {audience}"] = render_text(RESULTS[0], audience=audience)
        made[f"text, not scored, {audience}"] = render_text(RESULTS[2], audience=audience)
    made["index html"] = render_index_html(RESULTS, links={})
    made["index md"] = render_index_markdown(RESULTS, links={})
    return made


@pytest.mark.parametrize("name", sorted(reports()))
def test_every_report_says_its_limits_and_state_and_no_verdict(name: str) -> None:
    text = " ".join(unescape(re.sub(r"<[^>]+>", " ", reports()[name])).split())
    assert not VERDICT.findall(text)
    assert "a person decides" in text
    for said in (LIMITS, OWN_CUTS):
        assert said.lower() in text.lower()


def test_audits_speak_no_verdict() -> None:
    tables = audit([Person({"s": "a"}, {"q": ((50.0, 3),)}), Person({"s": "b"}, {"q": ((90.0, 5),)})], ["s"])
    for text in (audit_text(tables, 4), audit_json(tables, 4), audit_csv(tables), as_markdown(Measured((), None, 0))):
        assert not VERDICT.findall(text)
        assert not re.search(r"\b(?:fair|lawful|legal|discriminat\w*)\b", text, re.IGNORECASE)


def test_the_shipped_cuts_are_told_from_ones_own() -> None:
    shipped = engine(small_bank(), calibration=load_calibration()).evaluate_one("rude-customer", ANSWERS[0])
    own = engine(small_bank(), calibration=Calibration(cuts=(1.0, 2.0, 3.0, 4.0))).evaluate_one(
        "rude-customer", ANSWERS[0]
    )
    for result, said, other in ((shipped, SHIPPED_CUTS, OWN_CUTS), (own, OWN_CUTS, SHIPPED_CUTS)):
        text = " ".join(render_text(result).split())
        assert said in text and other not in text


@settings(max_examples=60)
@given(
    st.lists(st.sampled_from([*ANSWERS, "I interrupt.", "🙂", "Escucho al cliente con paciencia y calma."]), max_size=4)
)
def test_every_review_has_a_reason(parts: list[str]) -> None:
    result = ENGINE.evaluate_one("rude-customer", " ".join(parts))
    reasons = [flag for flag in result.flags if flag.kind is not FlagKind.MIXED_SCRIPT]
    assert result.needs_review == bool(reasons or result.unscored)
    assert all(flag.detail.strip() for flag in result.flags)
    if result.needs_review:
        page = render_candidate_html([result], audience="recruiter", title_id="c")
        assert "read this answer yourself" in page


def test_the_overview_gives_the_reasons() -> None:
    page = render_index_html(RESULTS, links={})
    assert (
        "argues back" in page and "there is no answer to read" in page and "does not answer" in page
    ) or "Off topic" in page


def test_help_says_that_a_person_decides() -> None:
    assert "a person decides" in CliRunner().invoke(main, ["--help"]).output
