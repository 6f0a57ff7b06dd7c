"""The overview of a batch: what it says of people, of the group and of the questions, and what it leaves out."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from evaluator.domain import (
    Answer,
    Coverage,
    Flag,
    FlagKind,
    PointResult,
    Question,
    Result,
    Review,
    Signature,
    Unscored,
    UnscoredReason,
)
from evaluator.errors import ResultsError
from evaluator.report import render_candidate_html, render_index_html, render_index_markdown, render_markdown
from evaluator.report.index import index_view
from evaluator.report.names import names_from, names_in_ids
from evaluator.report.overview_group import duplicates, group_view
from evaluator.report.overview_questions import figure
from evaluator.report.ranking import ranked_candidates, score_table
from evaluator.report.script import overview_script, script_source

SIGNATURE = Signature("0.1.0", "m", "s", "b", "c")
X, Y = Question("x", "What is x?", (), (), ()), Question("y", "What is y?", (), (), ())
C, P, M, D = Coverage.COVERED, Coverage.PARTLY, Coverage.MISSED, Coverage.CONTRADICTED
LEVELS = {0: 1, 1: 1, 2: 2, 3: 2, 4: 3, 5: 3, 6: 4, 7: 4, 8: 5, 9: 5, 10: 5}


def result(candidate: str, question: Question, score: float | None, *points: PointResult, **more: object) -> Result:
    unscored = Unscored(UnscoredReason.EMPTY, "The answer is empty.") if score is None else None
    level = None if score is None else LEVELS[int(score // 10)]
    base = Result(
        Answer(candidate, question.id, "words", extra={"name": f"Name of {candidate}", "site": ""}),
        question, score, level, unscored, score is None, (), points, (), SIGNATURE,
    )  # fmt: skip
    return replace(base, **more)  # type: ignore[arg-type]


def point(identifier: str, status: Coverage, weight: float = 1.0) -> PointResult:
    return PointResult(
        identifier, f"does {identifier}", weight, status, 0.0, (), ("source#1",), "", f"Why {identifier}."
    )


# Scores of the worked example in test_item_analysis: alpha 8/9, discrimination 0.8, error 5.
TABLE = {"a": (10.0, 20.0), "b": (20.0, 10.0), "c": (30.0, 40.0), "d": (40.0, 30.0), "e": (50.0, 50.0)}


@pytest.fixture
def batch() -> list[Result]:
    """Five candidates, two questions, three behaviours: ``rare`` nobody shows, ``often`` four show, ``one`` one shows."""
    shown = {"a": (M, C, M), "b": (P, C, M), "c": (D, C, M), "d": (M, C, M), "e": (D, M, C)}
    return [
        result(name, question, score, *(point(i, s, w) for (i, w), s in zip(KINDS, shown[name], strict=True)))
        for name, scores in TABLE.items()
        for question, score in zip((X, Y), scores, strict=True)
    ]


KINDS = (("rare", 3.0), ("often", 2.0), ("one", 1.0))


class Page(HTMLParser):
    """Tags of a page and the text of its scripts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self._in_script = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._in_script = tag == "script"

    def handle_endtag(self, tag: str) -> None:
        self._in_script = False

    def handle_data(self, data: str) -> None:
        if self._in_script:
            self.scripts.append(data)


def prose(text: str) -> str:
    """Return the text of a page on one line."""
    return " ".join(re.sub(r"<style>.*?</style>|<script>.*?</script>|<[^>]+>", " ", text, flags=re.S).split())


# Figures


def test_questions_have_difficulty_discrimination_and_alpha(batch: list[Result]) -> None:
    view = index_view(batch, links={})
    assert [(row.difficulty, row.discrimination, row.remark) for row in view.questions] == [("0.30", "0.80", "")] * 2
    assert view.consistency.alpha == "0.89"
    words = " ".join(view.consistency.words)
    assert "5 candidates have a score for every question." in words
    assert "uncertain by about 5.0 points" in words and "closer than 14 points" in words
    assert "fewer than 30 candidates" in words
    for text in (prose(render_index_html(batch, links={})), render_index_markdown(batch, links={})):
        assert "0.89" in text and "0.80" in text and "0.30" in text


@pytest.mark.parametrize(("scores", "remark"), [((50.0, 40.0, 30.0, 20.0, 10.0), "runs against the others"),
                                                ((20.0, 40.0, 30.0, 40.0, 20.0), "hardly related to the others")])  # fmt: skip
def test_a_question_that_tells_another_story_is_named(scores: Sequence[float], remark: str) -> None:
    batch = [result(f"c{i}", X, s) for i, s in enumerate((10.0, 20.0, 30.0, 40.0, 50.0))]
    batch += [result(f"c{i}", Y, s) for i, s in enumerate(scores)]
    assert index_view(batch, links={}).questions[1].remark == remark
    assert remark in prose(render_index_html(batch, links={}))


def test_the_group_shows_what_it_shows(batch: list[Result]) -> None:
    group = group_view(ranked_candidates(batch), batch)
    assert [(b.label, b.told) for b in group.nobody] == [("does rare", "0 of 5; 1 partly; 2 say the opposite")]
    assert [(b.label, b.told) for b in group.gaps] == [("does one", "1 of 5")]
    assert [(b.label, b.told) for b in group.strengths] == [("does often", "4 of 5")]
    assert [b.questions for b in group.behaviours] == [("x", "y")] * 3
    assert [count for _, count in group.levels] == [2, 4, 4, 0, 0]
    assert [count for _, count in group.bands] == [0, 2, 0, 2, 0, 1, 0, 0, 0, 0]


def test_behaviours_count_people_not_answers_and_leave_unscored_ones_out() -> None:
    often = [result("a", X, 50.0, point("p", M)), result("a", Y, 50.0, point("p", C))]
    others = [result(name, X, 50.0, point("p", M)) for name in "bcde"]
    empty = [result("f", X, None, point("p", C))]
    (behaviour,) = group_view((), [*often, *others, *empty]).behaviours
    assert behaviour.told == "1 of 5"


def test_figures_about_a_small_group_are_left_out_and_the_page_says_so(batch: list[Result]) -> None:
    few = [r for r in batch if r.answer.candidate_id in "abcd"]
    view = index_view(few, links={})
    assert not view.group.levels and not view.group.bands and not view.group.behaviours and view.group.hidden == 3
    assert view.consistency.alpha == "" and not view.questions[0].enough
    page, text = prose(render_index_html(few, links={})), render_index_markdown(few, links={})
    for said in (page, text):
        assert "Distributions start at 5 candidates" in said
        assert "3 behaviours left out: fewer than 5 candidates were asked about them." in said
        assert "they would speak of persons, not of the group" in said
        assert "does often" not in said.lower() and "0.30" not in said
        assert not re.search(r"\bnan\b|\bNone\b(?! stands)", said)
    assert "4 scored answers: too few for figures" in page


def test_the_map_shows_every_answer(batch: list[Result]) -> None:
    flag = Flag(FlagKind.RED_FLAG, "f", "Red flag: f.")
    batch[0] = replace(batch[0], flags=(flag,), needs_review=True)
    batch.append(result("a", X, None))
    batch.append(result("g", Y, 12.3))
    view = index_view(batch, links={"a": "a.html"}).map
    assert [q for q, _ in view.questions] == ["x", "y"]
    a = next(row for row in view.rows if row.name == "a")
    assert [(e.score, e.level, e.red_flag, e.link) for e in a.cells[0]] == [
        ("10.0", 1, True, "./a.html#answer-1"),
        ("\u2013", 0, False, "./a.html#answer-3"),
    ]
    assert next(row for row in view.rows if row.name == "g").cells[0] == ()
    assert "not scored, there is no answer to read" in render_index_html(batch, links={})


def test_scores_of_one_who_answered_twice_are_averaged() -> None:
    assert score_table([result("a", X, 10.0), result("a", X, 20.0), result("a", Y, None)]) == {"a": {"x": 15.0}}


def test_duplicates_stand_together(batch: list[Result]) -> None:
    def marked(number: int, other: str) -> None:
        batch[number] = replace(batch[number], flags=(Flag(FlagKind.DUPLICATE, other, "Nearly the same words."),))

    marked(0, "c")
    marked(4, "a")
    marked(6, "c")
    marked(1, "b")
    marked(3, "a")
    assert [(item.question, item.candidates) for item in duplicates(batch)] == [
        ("What is x?", ("a", "c", "d")),
        ("What is y?", ("a", "b")),
    ]


@pytest.mark.parametrize(
    ("value", "text"), [(None, ""), (0.0, "0.00"), (-0.004, "0.00"), (-0.5, "\u22120.50"), (1.0, "1.00")]
)
def test_figures_are_printed_with_two_decimals(value: float | None, text: str) -> None:
    assert figure(value) == text


# People's decisions


def test_peoples_levels_stand_beside_the_machines(batch: list[Result]) -> None:
    levels = (1, 2, 2, 2, 5)
    for number, level in enumerate(levels):
        batch[number] = replace(
            batch[number], needs_review=True, reviews=(Review(level, "Read <b>twice</b>.", "Ana", "2026-03-31"),)
        )
    view = index_view(batch, links={})
    assert view.waiting == () and len(view.decided) == 5
    assert view.summary.endswith("0 to be read first.")
    assert view.people is not None and (view.people.decided, view.people.both) == (5, 5)
    # The machine says 1, 2, 2, 1, 2: three of five the same, all but one within a level.
    assert dict(view.people.figures)["Exact agreement"] == "60%"
    assert dict(view.people.figures)["Within one level"] == "80%"
    assert view.people.confusion[1] == (1, 2, 0, 0, 0)
    assert [row.person for row in view.candidates] == ["", "5.0 (1)", "", "1.5 (2)", "2.0 (2)"]
    page, text = render_index_html(batch, links={}), render_index_markdown(batch, links={})
    for said in (prose(page), text):
        assert "Exact agreement" in said and "60%" in said
        assert "Level 5, excellent (Ana, 2026" in said.replace("\\", "")
    assert "<b>twice" not in page + text


def test_few_decisions_give_no_figures_of_agreement(batch: list[Result]) -> None:
    batch[0] = replace(batch[0], reviews=(Review(2, "", "Ana", "2026-03-31"),))
    view = index_view(batch, links={})
    assert view.people is not None and view.people.figures == () and view.people.both == 1
    assert "Figures of agreement start at 5 answers" in prose(render_index_html(batch, links={}))


def test_the_recruiter_sees_decisions_on_a_candidates_page_and_the_candidate_does_not(batch: list[Result]) -> None:
    own = [replace(batch[0], reviews=(Review(4, "Note to self.", "Ana", "2026-03-31"),))]
    for render in (lambda who: render_candidate_html(own, audience=who, title_id="a"),
                   lambda who: render_markdown(own, audience=who)):  # fmt: skip
        assert "Level 4, good (Ana" in render("recruiter") and "Note to self." in render("recruiter")
        assert "Ana" not in render("candidate") and "Note to self." not in render("candidate")


# Who is named


def test_the_overview_is_blind_unless_a_column_is_asked_for(batch: list[Result]) -> None:
    batch[0] = replace(batch[0], needs_review=True)
    for render in (render_index_html, render_index_markdown):
        assert "Name of" not in render(batch, links={})
        shown = render(batch, links={}, show_names="name")
        assert shown.count("Name of a") >= 3 and "Name of e" in shown
    assert "By id only" in render_index_html(batch, links={})
    with pytest.raises(ResultsError, match=r"no column 'nam'\. There are: 'name', 'site'"):
        render_index_html(batch, links={}, show_names="nam")


def test_names_are_the_first_that_are_not_blank_and_visible() -> None:
    def of(name: str) -> Result:
        return replace(result("a", X, 1.0), answer=Answer("a", "x", "", extra={"n": name}))

    assert names_from([of(" "), of("Ann\u202e B."), of("Cy")], "n") == {"a": "Ann[U+202E] B."}
    assert names_from([of("Ann")], None) == {}
    assert names_from([of(" ")], "n") == {}


@pytest.mark.parametrize(("ids", "found"), [(["C-1"], False), (["a@example.org", "C-1"], True), (["a @ b"], False)])
def test_addresses_as_ids_are_pointed_out(ids: list[str], found: bool) -> None:
    assert names_in_ids(ids) is found
    text = render_index_html([result(name, X, 1.0) for name in ids], links={})
    assert ("not blind" in text) is found


def test_hostile_names_and_notes_stay_text(batch: list[Result]) -> None:
    evil = '"><script>alert(1)</script>|[x](javascript:1)'
    answer = replace(batch[0].answer, extra={"name": evil}, candidate_id=evil)
    batch[0] = replace(batch[0], answer=answer, needs_review=True, reviews=(Review(None, evil, evil, evil),))
    page = render_index_html(batch, links={}, show_names="name")
    assert "<script>alert" not in page and "&lt;script&gt;" in page
    text = render_index_markdown(batch, links={}, show_names="name")
    assert "<script" not in text and "[x](" not in text.replace("\\[x\\](", "")


# The page


def test_the_only_script_is_ours_and_the_policy_allows_it_alone(batch: list[Result]) -> None:
    page = Page(render_index_html(batch, links={}))
    assert page.scripts == [str(overview_script())]
    digest = base64.b64encode(hashlib.sha256(page.scripts[0].encode()).digest()).decode()
    (policy,) = [attrs["content"] for tag, attrs in page.tags if "http-equiv" in attrs]
    assert f"script-src 'sha256-{digest}'" in (policy or "") and script_source() == f"'sha256-{digest}'"
    assert "unsafe-inline" not in (policy or "").split("script-src")[1].split(";")[0]
    assert not [name for _, attrs in page.tags for name in attrs if name.startswith("on") or name == "style"]
    assert "</" not in page.scripts[0] and not re.search(r"innerHTML|eval|fetch|http", page.scripts[0])
    assert "<script" not in render_candidate_html(batch[:1], title_id="a")


def test_tables_say_what_their_headers_head_and_how_they_are_sorted(batch: list[Result]) -> None:
    page = Page(render_index_html(batch, links={}))
    heads = [attrs for tag, attrs in page.tags if tag == "th"]
    assert heads and all(attrs.get("scope") in ("col", "row") for attrs in heads)
    assert [attrs.get("aria-sort") for attrs in heads].count("ascending") == 2
    (tools,) = [attrs for _, attrs in page.tags if attrs.get("id") == "tools"]
    assert "hidden" in tools, "without the script there is nothing to filter with"
    named = {attrs.get("for") for tag, attrs in page.tags if tag == "label"}
    assert named == {attrs.get("id") for tag, attrs in page.tags if tag in ("input", "select")}


def test_html_and_markdown_hold_the_same_scores(batch: list[Result]) -> None:
    page, text = prose(render_index_html(batch, links={})), render_index_markdown(batch, links={})
    for one in batch:
        assert f"{one.score:.1f} , level {one.level}" in page
        assert f"{one.score:.1f} ({one.level})" in text


def test_markdown_tables_are_as_wide_as_their_heads(batch: list[Result]) -> None:
    for names in (None, "name"):
        lines = render_index_markdown(batch, links={}, show_names=names).splitlines()
        width = 0
        for line in lines:
            bars = len(re.findall(r"(?<!\\)\|", line))
            assert not width or not bars or bars == width, line
            width = bars


def test_the_same_results_give_the_same_bytes(batch: list[Result]) -> None:
    assert render_index_html(batch, links={}) == render_index_html(list(batch), links={})
