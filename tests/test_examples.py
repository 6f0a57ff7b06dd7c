"""The committed examples were made by the program, bank and models as they are now."""

import re
from pathlib import Path

from evaluator.answers import read_answers
from evaluator.bank import load_bank
from evaluator.loading import load_engine
from evaluator.report import render_candidate_html
from evaluator.results import read_results
from evaluator.samples import sample_answers_path

EXAMPLES = Path(__file__).parent.parent / "reports" / "examples"


def test_the_examples_are_of_this_version() -> None:
    results = read_results(EXAMPLES / "results.jsonl")
    assert {result.signature for result in results} == {load_engine().signature}, "run: make examples"


def test_there_is_a_page_for_every_sample_candidate_and_a_result_for_every_answer() -> None:
    engine = load_engine()
    answers = list(read_answers(sample_answers_path(), engine.bank).answers)
    results = read_results(EXAMPLES / "results.jsonl")
    assert [(r.answer.candidate_id, r.answer.question_id, r.answer.text) for r in results] == [
        (answer.candidate_id, answer.question_id, answer.text) for answer in answers
    ]
    index = (EXAMPLES / "index.html").read_text(encoding="utf-8")
    for name in set(re.findall(r'href="\./([^"#]+)', index)):
        assert (EXAMPLES / name).is_file(), name


def test_a_candidates_page_of_twelve_answers_is_small_enough_to_send() -> None:
    results = read_results(EXAMPLES / "results.jsonl", load_bank())
    for candidate in {result.answer.candidate_id for result in results}:
        own = [result for result in results if result.answer.candidate_id == candidate]
        assert len(own) == 12
        assert len(render_candidate_html(own, title_id=candidate).encode()) <= 300_000
