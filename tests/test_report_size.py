"""The overview of a large batch stays small enough to open and to send, and still names every answer that waits."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import cycle, islice
from pathlib import Path

import pytest

from evaluator.bank import load_bank
from evaluator.domain import Flag, FlagKind, Result
from evaluator.page_names import page_name
from evaluator.report import html, render_index_html
from evaluator.results import read_results

EXAMPLES = Path(__file__).parent.parent / "reports" / "examples" / "results.jsonl"
MOST_BYTES = 5_000_000


def many(candidates: int, flag: Flag | None = None) -> list[Result]:
    """Return the answers of the examples, twelve a candidate, again and again; with a flag on each where one is given."""
    own: dict[str, list[Result]] = {}
    for result in read_results(EXAMPLES, load_bank()):
        own.setdefault(result.answer.candidate_id, []).append(result)
    return [
        replace(
            result,
            answer=replace(result.answer, candidate_id=f"candidate-{number:04}"),
            needs_review=result.needs_review or flag is not None,
            flags=(*result.flags, flag) if flag else result.flags,
        )
        for number, results in enumerate(islice(cycle(own.values()), candidates))
        for result in results
    ]


def links(results: list[Result]) -> dict[str, str]:
    return {result.answer.candidate_id: f"{page_name(result.answer.candidate_id)}.html" for result in results}


def queue(page: str) -> str:
    return page[page.index('id="review">') : page.index('id="map">')]


def test_a_thousand_candidates_whose_every_answer_waits_fit_into_five_megabytes() -> None:
    results = many(1000, Flag(FlagKind.GAMING, "padding", "Many words, and next to nothing in them that counts."))
    page = render_index_html(results, links=links(results))
    assert len(page.encode()) <= MOST_BYTES
    waiting = re.findall(r'<a href="\./([^"]+#answer-\d+)">', queue(page))
    assert len(waiting) == len(set(waiting)) == len(results) == 12_000
    assert page.count("<tr data-marks=") == 2_000, "a row in the ranking and one in the map"


@pytest.mark.parametrize("limit", [0, 1, 3, 4])
def test_past_a_limit_an_answer_that_waits_has_one_line_with_its_reasons(
    monkeypatch: pytest.MonkeyPatch, limit: int
) -> None:
    monkeypatch.setattr(html, "FULL_ROWS", limit)
    flag = Flag(FlagKind.OFF_TOPIC, "off_topic", "It is not about <b>the question</b>.")
    results = [
        replace(result, question=None, answer=replace(result.answer, question_id=f"<i>q{number}</i>"), flags=(flag,))
        for number, result in enumerate(many(1, flag)[:4])
    ]
    found = queue(render_index_html(results, links=links(results)))
    brief = re.findall(r"<li>(candidate-0000: <a href=\"[^\"]+\">[^<]*</a>[^<]*)</li>", found)
    assert len(brief) == 4 - limit
    assert found.count("It is not about &lt;b&gt;the question&lt;/b&gt;.") == limit
    assert all(line.endswith(", Off topic") and "&lt;i&gt;q" in line for line in brief)
    assert (f"The other {4 - limit}, a line each" in found) == (limit < 4)
