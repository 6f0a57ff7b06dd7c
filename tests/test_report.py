"""Reports: what they show, what they hide, and that nothing a candidate writes can break out of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from unicodedata import category

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluator.domain import (
    Answer,
    Contribution,
    Coverage,
    Evidence,
    Flag,
    FlagKind,
    KeyPoint,
    ModelAnswer,
    PointResult,
    Question,
    RedFlag,
    Result,
    Signature,
    Stance,
    Unscored,
    UnscoredReason,
)
from evaluator.report import (
    answer_view,
    render_candidate_html,
    render_index_html,
    render_index_markdown,
    render_markdown,
    render_text,
    visible,
)
from evaluator.report.changes import combine_changes, find_changes
from evaluator.report.environment import TEMPLATES
from evaluator.report.index import index_view
from evaluator.report.markdown import escape_markdown, quote_markdown
from evaluator.report.passages import Span, Tone, split_passages
from evaluator.report.queue import relative_link
from evaluator.report.scale import nearest_anchor
from evaluator.report.terminal import columns

GOLDEN = Path(__file__).parent / "golden" / "report"

SIGNATURE = Signature("0.1.0", "53aa51172d142c89", "nearest-1", "c0ffee00c0ffee00", "default-1")

POINTS = (
    ("stays-calm", "keeps calm", 3.0, "Say how you keep yourself calm, for example that you take a breath first.",
     "A technician who keeps calm makes fewer mistakes with medicines.",
     ("interview-answers#2", "sensitivity-course#5")),
    ("listens-fully", "listens without interrupting", 3.0, "Say that you let the customer finish before you answer.",
     "The detail that matters for the medicine is often the last one told.", ("interview-answers#3",)),
    ("offers-solution", "offers options and acts", 3.0, "Name one or two concrete options you would offer.",
     "The customer came with a need and should leave with it met.", ("out-of-stock-case#12",)),
    ("shows-empathy", "acknowledges how the customer feels", 2.0, "Say that you can see why they are upset.",
     "One who feels understood lets herself be helped.", ("pharmacy-video#4",)),
    ("does-not-argue", "does not argue back", 2.0, "Say that you do not argue, even when the customer is wrong.",
     "An argument cannot be won at the counter.", ("pharmacy-video#12",)),
    ("involves-supervisor", "involves a supervisor when needed", 1.0, "Say when you would call your supervisor.",
     "Some things only a person with more authority can grant.",
     ("field: AAPT, Code of Ethics for Pharmacy Technicians",)),
)  # fmt: skip

RUDE = Question(
    "rude-customer",
    "How do you handle a rude customer?",
    tuple(
        KeyPoint(i, label, weight, (f"AFFIRM-STATEMENT {i}",), (f"DENY-STATEMENT {i}",), sources, why, advice)
        for i, label, weight, advice, why, sources in POINTS
    ),
    (
        RedFlag(
            "argues-back",
            "argues back",
            "serious",
            ("FLAG-STATEMENT argues-back",),
            ("SAFE-STATEMENT argues-back",),
            ("pharmacy-video#12",),
            "An argument turns an upset patient into an enemy.",
            "Say instead that you steer back to the problem without arguing.",
        ),
        RedFlag("breaks-privacy", "gives away private information", "critical", ("FLAG-STATEMENT breaks-privacy",)),
    ),
    (
        ModelAnswer("MODEL-ANSWER one: I listen first.\nThen I solve it.", ("interview-answers#3",)),
        ModelAnswer("MODEL-ANSWER two."),
    ),
    {
        1: "Talks back, raises the voice or turns the customer away.",
        3: "Stays calm and polite and listens, but says nothing of what would be done to solve it.",
        5: "Stays calm, lets the customer finish, finds out what is wrong and solves it with concrete steps.",
    },
)

PHONE = Question(
    "phone-complaint",
    "An upset customer calls to complain and you cannot solve the problem during the call. What do you do?",
    (KeyPoint("calls-back", "calls back as promised", 2.0, ("AFFIRM-STATEMENT calls-back",)),),
    (),
    (ModelAnswer("MODEL-ANSWER phone."),),
)

GOOD = (
    "I take a deep breath and keep my voice low. I let them finish, and I would never cut them off.\n\n"
    "Then I tell them I can see why they are upset. After that I check the order or call another store, "
    "and if I get stuck I might ask somebody."
)
BAD = "Honestly, I listen for a bit. But nobody talks to me like that: I tell them they are wrong and prove my point."
HOSTILE = (
    '<script>alert("x")</script> "><img src=x onerror=alert(1)> {{7*7}} {% raw %} ${7*7}\r\n'
    "# Heading\n- item\n1. one\n> quote\n| a | b |\n---\n===\n```\ncode\n```\n    indented\n"
    "[click](https://evil.example/a) ![x](http://evil.example/b) <https://evil.example> https://evil.example/c "
    "www.evil.example me@evil.example &lt;b&gt; **bold** _it_ ~~no~~ `tick` \\* "
    "\u202eabc\u2069 nul\x00 esc\x1b[31m bell\x07 z\u200bw \ud800 end I stay calm."
)  # fmt: skip


def evidence(text: str, words: str, stance: Stance = Stance.AFFIRMS, probability: float = 0.93) -> Evidence:
    """Return the first place of ``words`` in ``text`` as evidence."""
    start = text.index(words)
    return Evidence(start, start + len(words), words, 0.71, stance, probability)


def point(identifier: str, status: Coverage, *found: Evidence) -> PointResult:
    """Return a key point of RUDE with a status."""
    i, label, weight, advice, why, sources = next(entry for entry in POINTS if entry[0] == identifier)
    credit = {Coverage.COVERED: 1.0, Coverage.PARTLY: 0.4, Coverage.MISSED: 0.0, Coverage.CONTRADICTED: -0.6}[status]
    advice = "" if status is Coverage.COVERED else advice
    return PointResult(i, label, weight, status, credit, found, sources, advice, why)


def result(
    candidate: str,
    text: str,
    *,
    question: Question | None = RUDE,
    question_id: str = "",
    score: float | None = None,
    level: int | None = None,
    unscored: Unscored | None = None,
    flags: tuple[Flag, ...] = (),
    points: tuple[PointResult, ...] = (),
    contributions: tuple[Contribution, ...] = (),
) -> Result:
    """Return a result with everything that is not given left empty."""
    answer = Answer(candidate, question_id or (question.id if question else ""), text)
    review = bool(flags or unscored)
    return Result(answer, question, score, level, unscored, review, flags, points, contributions, SIGNATURE)


C, P, M, X = Coverage.COVERED, Coverage.PARTLY, Coverage.MISSED, Coverage.CONTRADICTED


@pytest.fixture
def good() -> Result:
    """An answer at level 4, which has no anchor of its own."""
    return result(
        "ana-17",
        GOOD,
        score=78.9,
        level=4,
        flags=(Flag(FlagKind.NEAR_CUT, "near_cut", "The score is close to the border of two levels."),),
        points=(
            point("stays-calm", C, evidence(GOOD, "I take a deep breath and keep my voice low."),
                  evidence(GOOD, "keep my voice low", probability=0.8)),
            point("listens-fully", C, evidence(GOOD, "I let them finish"),
                  evidence(GOOD, "and I would never cut them off", probability=0.74)),
            point("offers-solution", C, evidence(GOOD, "After that I check the order or call another store")),
            point("shows-empathy", C, evidence(GOOD, "Then I tell them I can see why they are upset.")),
            point("does-not-argue", M),
            point("involves-supervisor", P, evidence(GOOD, "if I get stuck I might ask somebody", probability=0.44)),
        ),
        contributions=(
            Contribution("stays-calm", "keeps calm", 33.3),
            Contribution("listens-fully", "listens without interrupting", 33.4),
            Contribution("offers-solution", "offers options and acts", 33.3),
            Contribution("shows-empathy", "acknowledges how the customer feels", 22.2),
            Contribution("does-not-argue", "does not argue back", 0.0),
            Contribution("involves-supervisor", "involves a supervisor when needed", 4.5),
            Contribution("complete", "limited to 100", -26.7),
            Contribution("copied", "a rule that limits the score", -21.1),
        ),
    )  # fmt: skip


@pytest.fixture
def bad() -> Result:
    """An answer with a red flag and a contradicted key point in the same words."""
    return result(
        "ana-17",
        BAD,
        score=14.9,
        level=1,
        flags=(
            Flag(FlagKind.RED_FLAG, "argues-back", "Red flag: argues back.", (
                evidence(BAD, "I tell them they are wrong and prove my point.", probability=0.97),
                evidence(BAD, "Honestly, I listen for a bit.", Stance.DENIES, 0.9),
            )),
            Flag(FlagKind.DUPLICATE, "ben-secret", "The answer is nearly that of candidate ben-secret."),
            Flag(FlagKind.COPIED, "model-answer-1", "The answer repeats model answer 1: MODEL-ANSWER one."),
        ),
        points=(
            point("stays-calm", M),
            point("listens-fully", P, evidence(BAD, "Honestly, I listen for a bit.", probability=0.5)),
            point("offers-solution", M),
            point("shows-empathy", M),
            point("does-not-argue", X, evidence(BAD, "But nobody talks to me like that", Stance.DENIES, 0.7),
                  evidence(BAD, "I tell them they are wrong", Stance.DENIES, 0.91)),
            point("involves-supervisor", M),
        ),
        contributions=(
            Contribution("stays-calm", "keeps calm", 0.0),
            Contribution("listens-fully", "listens without interrupting", 28.2),
            Contribution("does-not-argue", "does not argue back", -10.0),
            Contribution("argues-back", "Red flag: argues back.", -3.3),
        ),
    )  # fmt: skip


@pytest.fixture
def hostile() -> Result:
    """An answer that tries to break out of every medium."""
    return result(
        "<b>eve</b>|[x](javascript:alert(1))\u202e",
        HOSTILE,
        score=33.3,
        level=2,
        flags=(Flag(FlagKind.MIXED_SCRIPT, "mixed_script", "Some words mix letters of different scripts."),),
        points=(
            point("stays-calm", C, evidence(HOSTILE, "\u202eabc\u2069 nul\x00 esc\x1b[31m", probability=0.8)),
            point("listens-fully", C, evidence(HOSTILE, '<script>alert("x")</script> "><img src=x onerror=alert(1)>')),
            point("offers-solution", P, evidence(HOSTILE, "[click](https://evil.example/a)", probability=0.4)),
        ),
        contributions=(
            Contribution("stays-calm", "keeps calm", 33.3),
            Contribution("<i>rule</i>", "<i>rule</i> *x*", 0.0),
        ),
    )


@pytest.fixture
def empty() -> Result:
    """An answer without text."""
    return result("ana-17", " \n", question=PHONE, unscored=Unscored(UnscoredReason.EMPTY, "The answer is empty."))


@pytest.fixture
def unknown() -> Result:
    """An answer to a question that is not in the bank."""
    detail = "No such question in the bank. Did you mean 'rude-customer'?"
    return result(
        "ben-4", "I listen.", question=None, question_id="rude-custmer",
        unscored=Unscored(UnscoredReason.UNKNOWN_QUESTION, detail),
    )  # fmt: skip


@pytest.fixture
def off_topic() -> Result:
    """An answer to another question."""
    return result(
        "ben-4", "I have three years of experience.", score=0.0, level=1,
        flags=(Flag(FlagKind.OFF_TOPIC, "off_topic", "The answer is not about the question."),),
        points=tuple(point(entry[0], M) for entry in POINTS),
    )  # fmt: skip


LINKS = {"ana-17": "candidates/ana 17.html", "ben-4": "javascript:alert(1)"}


@pytest.fixture
def everyone(
    good: Result, bad: Result, empty: Result, hostile: Result, unknown: Result, off_topic: Result
) -> list[Result]:
    """A batch: three candidates, six answers, every kind of trouble."""
    return [good, unknown, bad, hostile, off_topic, empty]


RENDERERS: dict[str, Callable[[list[Result], str, bool], str]] = {
    "html": lambda results, audience, models: render_candidate_html(
        results, audience=audience, with_model_answers=models, title_id=results[0].answer.candidate_id
    ),
    "markdown": lambda results, audience, models: render_markdown(
        results, audience=audience, with_model_answers=models
    ),
    "terminal": lambda results, audience, models: "\n".join(
        render_text(result, audience=audience, with_model_answers=models, colour=False, width=80) for result in results
    ),
}
MEDIA = pytest.mark.parametrize("medium", RENDERERS)


class Page(HTMLParser):
    """What a test wants to know of a page."""

    VOID = frozenset({"meta", "br", "circle", "rect", "line", "polyline", "input"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.answers: list[str] = []
        self.rows: list[list[str]] = []
        self._open: list[tuple[str, frozenset[str]]] = []
        self.feed(text)
        self.close()
        assert not self._open, f"left open: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        classes = frozenset((dict(attrs).get("class") or "").split())
        if tag == "div" and "text" in classes:
            self.answers.append("")
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
        if tag not in self.VOID:
            self._open.append((tag, classes))

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self._open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        classes = [name for _, names in self._open for name in names]
        if "text" in classes and "aid" not in classes:
            self.answers[-1] += data
        if self._open and self._open[-1][0] in ("td", "th"):
            self.rows[-1][-1] += data

    def values(self, *names: str) -> list[str]:
        """Return the values of all attributes of these names."""
        return [value or "" for _, attrs in self.tags for name, value in attrs.items() if name in names]


def number(text: str) -> Decimal:
    """Read a printed number, whose minus sign is a real one."""
    return Decimal(text.strip().strip("*").replace("−", "-"))


# What is shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("", ""),
        ("a\r\nb\rc\nd\te", "a\nb\nc\nd\te"),
        ("\u202eevil\u2066", "[U+202E]evil[U+2066]"),
        ("\x00\x1b\x7f\x9b", "[U+0000][U+001B][U+007F][U+009B]"),
        ("zero\u200bwidth\ufeff", "zero[U+200B]width[U+FEFF]"),
        ("\ud800", "[U+D800]"),
        ("line\u2028break", "line[U+2028]break"),
        ("naïve café 日本 🙂", "naïve café 日本 🙂"),
    ],
)
def test_visible_shows_what_cannot_be_seen(text: str, shown: str) -> None:
    assert visible(text) == shown


SPANS = st.builds(
    Span,
    st.integers(0, 60),
    st.integers(0, 70),
    st.sampled_from(list(Tone)),
    st.sampled_from(["", "1", "2", "12"]),
    st.sampled_from(["keeps calm", "listens"]),
    st.just("very sure"),
)


@given(st.text(max_size=60), st.lists(SPANS, max_size=8))
def test_passages_cover_the_text_exactly(text: str, spans: list[Span]) -> None:
    passages = split_passages(text, spans)
    assert "".join(passage.text for passage in passages) == visible(text)
    assert "".join(text[passage.start : passage.end] for passage in passages) == text
    assert all(a.end == b.start and a.spans != b.spans for a, b in pairwise(passages))
    for span in spans:
        marked = {i for p in passages if span in p.spans for i in range(p.start, p.end)}
        assert marked == set(range(span.start, min(span.end, len(text))))


def test_a_passage_takes_its_gravest_tone_and_names_everything_it_shows() -> None:
    spans = [
        Span(0, 9, Tone.PARTLY, "2", "listens", "not very sure"),
        Span(3, 6, Tone.RED_FLAG, "", "argues back", "very sure"),
        Span(3, 9, Tone.COVERED, "1", "keeps calm", "fairly sure"),
    ]
    first, middle, last = split_passages("abcdefghi", spans)
    assert (first.tone, first.text) == (Tone.PARTLY, "abc")
    assert (middle.tone, middle.text, middle.numbers) == (Tone.RED_FLAG, "def", ("1", "2"))
    assert middle.description.startswith("Red flag: argues back (very sure); Covered: keeps calm (fairly sure)")
    assert (last.tone, last.text) == (Tone.COVERED, "ghi")


def test_marked_passages_are_those_that_decided(good: Result, bad: Result) -> None:
    shown = [part.text for part in answer_view(good).marked if part.tone is Tone.COVERED]
    assert shown == [
        "I take a deep breath and keep my voice low.",
        "I let them finish",
        "and I would never cut them off",
        "Then I tell them I can see why they are upset.",
        "After that I check the order or call another store",
    ]
    red = [part.text for part in answer_view(bad).marked if part.tone is Tone.RED_FLAG]
    assert red == ["I tell them they are wrong", " and prove my point."]
    assert answer_view(bad).red_flags[0].quotes[0].text == "I tell them they are wrong and prove my point."
    assert len(answer_view(bad).red_flags[0].quotes) == 1, "evidence against the red flag is no evidence for it"


def test_html_shows_every_answer_from_end_to_end(good: Result, bad: Result, hostile: Result, empty: Result) -> None:
    for results in ([good, bad, empty], [hostile]):
        page = Page(RENDERERS["html"](results, "recruiter", True))
        assert page.answers == [visible(r.answer.text) for r in results if r.answer.text.strip()]


@MEDIA
@pytest.mark.parametrize("audience", ["candidate", "recruiter"])
def test_printed_contributions_add_up(medium: str, audience: str, good: Result, bad: Result) -> None:
    for result in (good, bad):
        text = RENDERERS[medium]([result], audience, False)
        if medium == "html":
            rows = [(row[0], row[-1]) for row in Page(text).rows]
        elif medium == "markdown":
            rows = [tuple(line.strip("| ").split(" | ")) for line in text.splitlines() if line.startswith("| ")]
        else:
            table = text.split("How the score adds up\n")[1].split("\n\n")[0]
            rows = [tuple(line.strip().rsplit(None, 1)) for line in table.splitlines()]
        rows = [row for row in rows if len(row) == 2 and re.fullmatch(r"\W*\d+\.\d\W*", row[1])]
        assert rows[-1][0].strip("* ") == "Score"
        assert number(rows[-1][1]) == Decimal(str(result.score))
        assert sum(number(row[1]) for row in rows[:-1]) == number(rows[-1][1])
        assert len(rows) - 1 == sum(1 for c in result.contributions if c.points)


def test_bars_of_contributions_follow_each_other_to_the_score(good: Result) -> None:
    rows = answer_view(good).contributions
    position = 0.0
    for row in rows:
        if row.negative:
            position -= row.width
            assert row.start == pytest.approx(position, abs=0.05)
        else:
            assert row.start == pytest.approx(position, abs=0.05)
            position += row.width
        assert 0 <= row.start <= row.start + row.width <= 100.05


@pytest.mark.parametrize(
    ("anchors", "level", "expected"),
    [
        ({1: "a", 3: "c", 5: "e"}, 5, (5, True)),
        ({1: "a", 3: "c", 5: "e"}, 4, (5, False)),
        ({1: "a", 3: "c", 5: "e"}, 2, (3, False)),
        ({1: "a", 3: "c", 5: "e"}, 1, (1, True)),
        ({3: "c"}, 2, (3, False)),
        ({1: "a"}, 2, None),
        ({}, 3, None),
    ],
)
def test_nearest_anchor(anchors: dict[int, str], level: int, expected: tuple[int, bool] | None) -> None:
    found = nearest_anchor(replace(RUDE, anchors=anchors), level)
    assert (found and (found.level, found.exact)) == expected


def test_changes_put_a_red_flag_first_and_its_echo_last(bad: Result) -> None:
    changes = [change.id for change in find_changes(bad)]
    assert changes[:2] == ["argues-back", "form"]
    assert changes[2:] == [
        "offers-solution", "stays-calm", "shows-empathy", "listens-fully", "involves-supervisor", "does-not-argue",
    ]  # fmt: skip


def test_changes_of_several_answers_count_a_behaviour_once(off_topic: Result) -> None:
    changes = find_changes(off_topic)
    combined = combine_changes([(1, changes), (3, changes)])
    assert [change.id for change in combined] == [change.id for change in changes]
    assert combined[0].id == "off_topic"
    assert all(change.answers == (1, 3) for change in combined)


def test_advice_is_made_where_the_bank_has_none(good: Result) -> None:
    bare = replace(good, points=(replace(point("stays-calm", M), advice=""),), flags=())
    assert find_changes(bare)[0].advice == "A good answer also keeps calm. Say how you do that."


@MEDIA
def test_unscored_answers_say_why_and_show_no_number(medium: str, empty: Result, unknown: Result) -> None:
    for result, words in ((empty, "there is no answer to read"), (unknown, "the question is not in the bank")):
        text = RENDERERS[medium]([result], "candidate", False)
        flat = " ".join(text.split())
        assert words in flat
        assert not re.search(r"None(?! of the)", flat) and "nan" not in flat.lower() and "Level" not in flat
        assert not re.search(r"0(\.0)? of 100", flat)


@MEDIA
def test_no_answer_at_all_is_a_report_too(medium: str) -> None:
    if medium == "html":
        assert "There are no answers." in render_candidate_html([], title_id="ana-17")
        assert "0 candidates, 0 answers" in render_index_html([], links={})
    elif medium == "markdown":
        assert "There are no answers." in render_markdown([], title_id="ana-17")
        assert "0 candidates, 0 answers" in render_index_markdown([], links={})


@MEDIA
def test_every_report_says_who_decides_and_how_it_was_made(medium: str, good: Result) -> None:
    text = RENDERERS[medium]([good], "candidate", False)
    assert "This report advises; a person decides." in text
    assert all(part in text for part in (SIGNATURE.tool, SIGNATURE.model, SIGNATURE.stance, SIGNATURE.bank))


# What is hidden


@MEDIA
def test_candidates_see_no_model_answer_weight_probability_or_other_person(
    medium: str, good: Result, bad: Result, hostile: Result
) -> None:
    for results in ([good, bad], [good], [bad], [hostile]):
        text = RENDERERS[medium](results, "candidate", False)
        for secret in ("MODEL-ANSWER", "STATEMENT", "weight 3", "0.93", "0.97", "ben-secret", "ben\\-secret"):
            assert secret not in text.replace("MODEL\\-", "MODEL-")


@MEDIA
def test_model_answers_are_shown_where_asked_for_and_statements_never(medium: str, good: Result) -> None:
    asked = RENDERERS[medium]([good], "candidate", True)
    recruiter = RENDERERS[medium]([good], "recruiter", False)
    assert "MODEL-ANSWER two." in asked
    assert "MODEL-ANSWER two." in recruiter
    assert "essential, weight 3" in recruiter and "very sure, 0.93" in recruiter
    assert "weight 3" not in asked and "0.93" not in asked
    assert "STATEMENT" not in asked + recruiter


# What a candidate writes stays text


def test_html_is_well_formed_and_reaches_nowhere(everyone: list[Result]) -> None:
    pages = [RENDERERS["html"]([result], "recruiter", True) for result in everyone]
    pages += [render_index_html(everyone, links=LINKS), RENDERERS["html"](everyone, "candidate", False)]
    for text in pages:
        page = Page(text)
        assert [tag for tag, _ in page.tags].count("script") == text.count("script-src") <= 1
        assert not {tag for tag, _ in page.tags} & {"img", "iframe", "link", "object", "base", "i", "b"}
        assert not [name for _, attrs in page.tags for name in attrs if name.startswith("on") or name == "style"]
        addresses = page.values("href", "src", "action", "srcset", "data", "poster", "xlink:href")
        assert all(address.startswith(("#", "./")) for address in addresses)
        assert "url(" not in text and "@import" not in text
        ids = page.values("id")
        assert len(ids) == len(set(ids))
        assert {a[1:] for a in addresses if a.startswith("#")} <= set(ids)
        assert {name for names in page.values("aria-labelledby") for name in names.split()} <= set(ids)
        assert "default-src 'none'" in page.values("content")[1]
        levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
        assert levels[0] == 1 and all(b <= a + 1 for a, b in pairwise(levels))


def test_html_shows_hostile_text_as_text(hostile: Result) -> None:
    text = RENDERERS["html"]([hostile], "recruiter", False)
    assert "<script" not in text and "<img" not in text and "<b>" not in text and "<i>" not in text
    assert "{{7*7}}" in text and "${7*7}" in text and "49" not in Page(text).answers[0]
    assert "&lt;script&gt;" in text and "[U+202E]" in text and "[U+0000]" in text
    assert "&amp;lt;b&amp;gt;" in text


@MEDIA
def test_no_control_character_gets_through(medium: str, everyone: list[Result]) -> None:
    for result in everyone:
        text = RENDERERS[medium]([result], "recruiter", True)
        assert not {char for char in text if char != "\n" and category(char) in {"Cc", "Cf", "Cs", "Co", "Cn"}}
        text.encode("utf-8")


@MEDIA
def test_a_results_file_cannot_smuggle_control_characters_in(medium: str, good: Result) -> None:
    forged = replace(good, signature=Signature("\x1b[31m`x`", "<b>", "\u202e", "", "a\nb"))
    text = RENDERERS[medium]([forged], "candidate", False)
    assert "[U+001B]" in text and "[U+202E]" in text
    assert not {char for char in text if char != "\n" and category(char) in {"Cc", "Cf"}}


@pytest.mark.parametrize(
    "text",
    [
        "# a", "- a", "+ a", "1. a", "12) a", "> a", "---", "===", "***", "```", "~~~", "| a | b |", "[a](b)",
        "![a](b)", "<b>", "<https://a.example>", "https://a.example", "www.a.example", "me@a.example", "&lt;",
        "**a**", "__a__", "_a_", "~~a~~", "`a`", "a\\", "\\# a", "    a", "[a]: http://a.example", "[^1]", "- [ ] a",
        "$a$", "<!-- a -->", "`` ` ``@`", "@team", "a  \nb", "<a href='http://a.example'>", "\\[a](b)", "[a\\](b)",
    ],
)  # fmt: skip
def test_markdown_shows_text_as_it_stands(text: str) -> None:
    markdown = pytest.importorskip("markdown_it")
    for source in (escape_markdown(text), f"> {escape_markdown(text)}", f"- {escape_markdown(text)}"):
        tokens = markdown.MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(source)
        inline = [token for token in tokens if token.type == "inline"]
        assert len(inline) == 1
        assert {child.type for child in inline[0].children} <= {"text", "text_special", "code_inline"}
        assert "".join(child.content for child in inline[0].children) == " ".join(text.split())
        block = {token.type for token in tokens if token.nesting == 1}
        assert block <= {"paragraph_open", "blockquote_open", "bullet_list_open", "list_item_open"}


@pytest.mark.parametrize(
    "text", ["https://a.example/x", "www.a.example", "me@a.example", "@team", "(https://a.example)", "x://`y`"]
)
def test_markdown_shows_what_looks_like_a_link_as_code(text: str) -> None:
    escaped = escape_markdown(f"see {text} there")
    assert re.fullmatch(r"see (`+) ?(.+?) ?\1 there", escaped)
    assert text in escaped


def test_markdown_reports_hold_only_their_own_structure(everyone: list[Result], hostile: Result) -> None:
    markdown = pytest.importorskip("markdown_it")
    parse = markdown.MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse
    for source in (render_markdown([hostile]), render_markdown(everyone, audience="recruiter")):
        tokens = parse(source)
        children = [child for token in tokens for child in token.children or ()]
        assert not {child.type for child in children} & {"link_open", "image", "s_open"}
        html = {child.content for child in children if child.type == "html_inline"}
        html |= {token.content.strip() for token in tokens if token.type == "html_block"}
        assert {re.sub(r"\d+", "N", tag) for tag in html} <= {'<a id="answer-N">', "</a>", "<br>"}
        headings = [tokens[i + 1].content for i, token in enumerate(tokens) if token.type == "heading_open"]
        assert "Heading" not in headings
    links = [c.attrs["href"] for t in parse(render_index_markdown(everyone, links=LINKS)) for c in t.children or ()
             if c.type == "link_open"]  # fmt: skip
    assert links and all(link.startswith("./") for link in links)
    rows = [line for line in render_index_markdown(everyone, links=LINKS).splitlines() if line.startswith("| ")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {6, 8, 12}


@pytest.mark.parametrize("width", [10, 30, 47, 80, 200])
@pytest.mark.parametrize("audience", ["candidate", "recruiter"])
def test_terminal_text_keeps_to_its_width_and_colour_changes_nothing_else(
    width: int, audience: str, everyone: list[Result]
) -> None:
    wide = replace(everyone[0], answer=Answer("x", "rude-customer", "日本語" * 40 + " e\u0301" * 50 + "x" * 300))
    for result in [*everyone, wide]:
        plain = render_text(result, audience=audience, colour=False, width=width)
        coloured = render_text(result, audience=audience, colour=True, width=width)
        assert "\x1b" not in plain
        assert re.sub(r"\x1b\[[\d;]+m", "", coloured) == plain
        assert "\x1b[" in coloured
        prose = [line for line in plain.splitlines() if " of 100" not in line]
        assert max(columns(line) for line in prose) <= max(30, min(width, 92))


def test_terminal_marks_do_without_colour(bad: Result) -> None:
    text = " ".join(render_text(bad, audience="candidate", colour=False, width=80).split())
    assert "[⚑2 I tell them they are wrong]" in text and "[◐1 Honestly, I listen for a bit.]" in text


def test_markdown_brackets_stay_bold_beside_letters() -> None:
    span = Span(2, 4, Tone.COVERED, "1", "keeps calm", "very sure")
    assert quote_markdown(split_passages("abcdef", [span])) == "> ab **\\[✓ 1:** cd **\\]** ef"


def test_a_red_flag_that_the_bank_no_longer_has_is_still_told(bad: Result) -> None:
    gone = replace(bad, question=replace(RUDE, red_flags=()))
    view = answer_view(gone)
    assert view.red_flags[0].title == "Red flag: argues back"
    assert find_changes(gone)[0].advice == "Say what you would do instead."


# The index of a batch


def test_index_ranks_by_mean_with_ties_by_id(good: Result, empty: Result) -> None:
    def of(candidate: str, score: float | None) -> Result:
        base = good if score is not None else empty
        return replace(base, answer=replace(base.answer, candidate_id=candidate), score=score)

    results = [of("d", None), of("c", 50.0), of("b", 50.04), of("a", 70.0), of("a", 50.0), of("d", None)]
    rows = index_view(results, links={}).candidates
    assert [(row.rank, row.name, row.mean) for row in rows] == [
        ("1", "a", "60.0"), ("2", "b", "50.0"), ("2", "c", "50.0"), ("", "d", ""),
    ]  # fmt: skip
    assert [(row.scored, row.unscored, row.review) for row in rows] == [(2, 0, 2), (1, 0, 1), (1, 0, 1), (0, 2, 2)]


def test_index_lists_what_a_person_must_look_at_gravest_first(everyone: list[Result]) -> None:
    view = index_view(everyone, links=LINKS)
    assert [(row.name, row.reasons[0].split(".")[0]) for row in view.review][:2] == [
        ("ana-17", "Red flag: argues back"),
        ("ben-4", "Off topic"),
    ]
    assert len(view.review) == 6
    assert view.review[0].link == "./candidates/ana%2017.html#answer-2"
    assert "Not scored: the question is not in the bank." in " ".join(row.reasons[0] for row in view.review)


def test_index_counts_levels_of_questions_and_warns_of_unlike_means(everyone: list[Result], good: Result) -> None:
    view = index_view(everyone, links={})
    rude = next(row for row in view.questions if row.id == "rude-customer")
    assert rude.levels == (2, 1, 0, 1, 0) and rude.missed == "does not argue back (3)"
    assert view.comparable
    other = replace(good, question=PHONE, answer=replace(good.answer, candidate_id="zoe"))
    assert not index_view([*everyone, other], links={}).comparable
    assert "not like for like" in render_index_html([*everyone, other], links={})


@pytest.mark.parametrize(
    ("link", "address"),
    [
        ("candidates/ana.html", "./candidates/ana.html"),
        ("../up/ü.html", "./../up/%C3%BC.html"),
        ("javascript:alert(1)", "./javascript%3Aalert%281%29"),
        ("//evil.example/x", "./evil.example/x"),
        ('a"><script>', "./a%22%3E%3Cscript%3E"),
        ("a?b#c", "./a%3Fb%23c"),
    ],
)
def test_links_stay_in_the_report_set(link: str, address: str) -> None:
    assert relative_link(link) == address


# The look


def luminance(colour: str) -> float:
    """Return the relative luminance of ``#rrggbb`` (WCAG 2.2)."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_text_contrast_is_at_least_four_and_a_half_to_one() -> None:
    css = (TEMPLATES / "style.css.j2").read_text(encoding="utf-8")
    light, dark = (dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block)) for block in css.split(":root {")[1:3])
    assert set(light) == set(dark) | set()
    grounds = {name: ["page", "card", "accent-soft"] for name in ("ink", "soft", "accent")}
    for tone in ("covered", "partly", "contradicted", "red"):
        grounds[tone] = ["card", "page", f"{tone}-soft"]
        grounds["ink"].append(f"{tone}-soft")
    for theme in (light, dark, {**light, "page": "#ffffff"}):
        for name, backs in grounds.items():
            for back in backs:
                high, low = sorted((luminance(theme[name]), luminance(theme[back])), reverse=True)
                assert (high + 0.05) / (low + 0.05) >= 4.5, (name, back)


def test_templates_avoid_words_that_claim_too_much() -> None:
    for path in TEMPLATES.iterdir():
        found = re.findall(
            r"hire|reject|pass|fail|compliant|validated|bias-free", path.read_text(encoding="utf-8"), re.I
        )
        assert not found, path.name


# Whole reports


@pytest.mark.parametrize(
    "name",
    [
        "candidate.html", "recruiter.html", "hostile.html", "index.html",
        "candidate.md", "recruiter.md", "hostile.md", "index.md",
        "candidate.txt", "recruiter.txt", "colour.txt",
    ],
)  # fmt: skip
def test_golden(
    name: str, update_golden: bool, good: Result, bad: Result, empty: Result, hostile: Result, everyone: list[Result]
) -> None:
    ana = [good, bad, empty]
    text = {
        "candidate.html": lambda: render_candidate_html(ana, title_id="ana-17"),
        "recruiter.html": lambda: render_candidate_html(ana, audience="recruiter", title_id="ana-17"),
        "hostile.html": lambda: render_candidate_html([hostile], title_id=hostile.answer.candidate_id),
        "index.html": lambda: render_index_html(everyone, links=LINKS),
        "candidate.md": lambda: render_markdown(ana),
        "recruiter.md": lambda: render_markdown(ana, audience="recruiter"),
        "hostile.md": lambda: render_markdown([hostile]),
        "index.md": lambda: render_index_markdown(everyone, links=LINKS),
        "candidate.txt": lambda: render_text(good, audience="candidate", colour=False, width=72),
        "recruiter.txt": lambda: render_text(bad, audience="recruiter", colour=False, width=72),
        "colour.txt": lambda: render_text(bad, audience="candidate", colour=True, width=72),
    }[name]()
    path = GOLDEN / name
    if update_golden:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    assert path.read_text(encoding="utf-8") == text, "run pytest --update-golden and look at the difference"
