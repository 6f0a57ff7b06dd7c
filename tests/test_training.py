"""What training promises: where twins stand, what labels say, who is held out, and that what is fitted is what is run."""

from __future__ import annotations

import gzip
import json
import random
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fakes import CALIBRATION, NeutralReader, WordOverlapEncoder, engine, small_bank

from evaluator.bank import bank_digest
from evaluator.calibration import Calibration
from evaluator.derive import derived_question
from evaluator.domain import Answer, Bank, KeyPoint
from evaluator.engine import conclude
from evaluator.models.encoder import default_model_folder
from evaluator.models.stretches import marked
from evaluator.models.transformer import load_tokenizer
from evaluator.models.tuned import shipped_stance_path
from evaluator.models.tuned_layers import TunedLayers
from evaluator.text import words

sys.path.insert(0, str(Path(__file__).parent.parent / "training"))

import corpus
import fit_elsewhere
import fit_scoring
import fitting
import rated
import regressions
import torch
import train_stance
from averaging import LOWEST_RATE, WARM_UP, RunningAverage, rate_share
from corpus import (
    AFFIRM,
    AGAINST,
    DENY,
    FOR,
    NEUTRAL,
    NOT_AGAINST,
    Corpus,
    Example,
    conduct_in,
    conduct_of,
    read_corpus,
    variant,
)
from safetensors.torch import load_file

FLAGS = {"argues-back"}
HELD_OUT_ANSWERS = corpus.HELD_OUT_ANSWERS[0]
HELD_OUT_PAIRS = corpus.HELD_OUT_PAIRS[0]
GENERAL = [f"g-9-{number:02}" for number in range(40)]
HELD_OUT_BEHAVIOUR = next(name for name in GENERAL if corpus.is_held_out(name))
TAUGHT_BEHAVIOUR = next(name for name in GENERAL if not corpus.is_held_out(name))

LINE = "We had eleven people in line."
SHOUTED = "I argued with eleven people in line."
HEARD_OUT = "I listen to the whole story before I speak."
CUT_SHORT = "I stop the whole story before I speak."
LOW = "My voice stays low all the while."


def piece(text: str, *labels: tuple[str, str], twin: Mapping[str, Any] | None = None) -> dict[str, Any]:
    return {"text": text, "labels": [list(label) for label in labels]} | ({"twin": twin} if twin else {})


def annotated(*pieces: Mapping[str, Any]) -> dict[str, Any]:
    return {"question_id": "rude-customer", "pieces": list(pieces)}


TWINNED = annotated(
    piece(HEARD_OUT, ("listens", "affirm"), twin=piece(CUT_SHORT, ("listens", "deny"))),
    piece(LOW, ("calm", "affirm")),
    piece(LINE, twin=piece(SHOUTED, ("argues-back", "affirm"))),
)
HARMLESS = annotated(piece("I wait until they are done.", ("listens", "affirm")), piece("It was a Monday."))
HELD_OUT_ANSWER = annotated(
    piece("Zebras sleep while I listen.", ("listens", "affirm")),
    piece("Zebras shout when I argue.", ("argues-back", "affirm")),
    piece("Zebras hum.", ("calm", "weak")),
)


OTHER_JOB = {
    "question": "A guest's room is not ready. What do you do?",
    "pieces": [
        piece("The boiler broke in May.", twin=piece("The boiler broke and I blamed Ana.", ("other", "affirm"))),
        piece("I find the guest another room.", ("good", "affirm")),
    ],
}


def pair(behaviour: str | None, good: str, bad: str) -> dict[str, Any]:
    return {"question_id": "rude-customer", "behaviour": behaviour, "good": good, "bad": bad}


DATA: dict[str, list[dict[str, Any]]] = {
    "annotated/answers-01.jsonl": [TWINNED, HARMLESS],
    f"annotated/{HELD_OUT_ANSWERS}.jsonl": [HELD_OUT_ANSWER],
    "annotated/other-jobs-1.jsonl": [OTHER_JOB],
    "pairs/pharmacy-1.jsonl": [pair("calm", "I breathe slowly first.", "I breathe fire first.")],
    f"pairs/{HELD_OUT_PAIRS}.jsonl": [pair("argues-back", "Giraffes never argue.", "Giraffes argue back.")],
    "pairs/general-1.jsonl": [{"topic": "hotel", "good": "I ask for the room number.", "bad": "I ask for nothing."}],
    "statements/general-1.jsonl": [
        {"behaviour": name, "stance": stance, "text": f"{animal} {stance} it."}
        for name, animal in ((HELD_OUT_BEHAVIOUR, "Okapis"), (TAUGHT_BEHAVIOUR, "Otters"))
        for stance in ("affirm", "deny", "near")
    ],
    "sentences/pharmacy-1.jsonl": [
        {"question_id": "rude-customer", "conduct": "for", "text": "she yelled and I asked what I could fix"},
        {"question_id": "rude-customer", "conduct": "neutral", "text": "the pen cup jumped"},
        {"question_id": "rude-customer", "conduct": "against", "text": "she yelled and so did I"},
    ],
}


def write_rows(folder: Path, files: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
    for name, rows in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A little of every kind of training data, for the questions of the small bank."""
    write_rows(tmp_path, DATA)
    monkeypatch.setattr(corpus, "DATA", tmp_path)
    monkeypatch.setattr(corpus, "load_bank", small_bank)
    return tmp_path


def twins(found: Corpus, rows: Sequence[tuple[int, int]]) -> dict[tuple[str, str], tuple[int | None, int | None]]:
    """Return the texts of twins, or the stretches of them, acceptable one first, with what each says about the candidate."""
    pairs = [(found.examples[good], found.examples[bad]) for good, bad in rows]
    return {(stretch(good), stretch(bad)): (good.conduct, bad.conduct) for good, bad in pairs}


def stretch(example: Example) -> str:
    return example.text[slice(*(example.span or (None, None)))]


# The corpus


@pytest.mark.parametrize(("harmless", "harmful", "conduct"), [(HEARD_OUT, CUT_SHORT, FOR), (LINE, SHOUTED, NEUTRAL)])
def test_a_twin_stands_where_its_piece_stood(data: Path, harmless: str, harmful: str, conduct: int) -> None:
    found = read_corpus(0)
    longer = twins(found, found.contexts)
    whole = f"{HEARD_OUT} {LOW} {LINE}"
    assert longer[harmless, harmful] == (conduct, AGAINST)
    assert longer[whole, whole.replace(harmless, harmful)] == (FOR, AGAINST)


def test_an_answer_is_read_as_it_is_and_with_every_twin_in_place() -> None:
    read = [[(piece.text, list(piece.labels)) for piece in pieces] for pieces in corpus.versions(TWINNED)]
    calm = (LOW, [("calm", "affirm")])
    assert read == [
        [(HEARD_OUT, [("listens", "affirm")]), calm, (LINE, [])],
        [(CUT_SHORT, [("listens", "deny")]), calm, (SHOUTED, [("argues-back", "affirm")])],
    ]
    assert len(corpus.versions(HARMLESS)) == 1


def test_single_sentences_and_their_twins_are_pairs_and_so_are_those_of_answers(data: Path) -> None:
    found = read_corpus(0)
    assert twins(found, found.pairs) == {
        ("I breathe slowly first.", "I breathe fire first."): (FOR, AGAINST),
        ("I ask for the room number.", "I ask for nothing."): (FOR, AGAINST),
        (HEARD_OUT, CUT_SHORT): (FOR, AGAINST),
        (LINE, SHOUTED): (NOT_AGAINST, AGAINST),
        ("The boiler broke in May.", "The boiler broke and I blamed Ana."): (NOT_AGAINST, AGAINST),
    }


def test_a_pair_among_harmless_pieces_differs_in_that_sentence_only(data: Path) -> None:
    found = read_corpus(0)
    composed = [rows for rows in found.contexts if "I breathe slowly first." in found.examples[rows[0]].text]
    assert len(composed) == 2
    for good, bad in (tuple(found.examples[row] for row in rows) for rows in composed):
        assert good.text.replace("I breathe slowly first.", "I breathe fire first.") == bad.text
        assert len(good.text) > len("I breathe slowly first.")
        assert stretch(good) in ("I breathe slowly first.", good.text)


@pytest.mark.parametrize(
    ("labels", "conduct"),
    [
        ([], NEUTRAL),
        ([("calm", "affirm")], FOR),
        ([("calm", "deny")], AGAINST),
        ([("calm", "weak")], None),
        ([("argues-back", "affirm")], AGAINST),
        ([("argues-back", "deny")], FOR),
        ([("argues-back", "weak")], None),
        ([("other", "affirm")], AGAINST),
        ([("calm", "affirm"), ("argues-back", "affirm")], AGAINST),
        ([("calm", "weak"), ("listens", "affirm")], FOR),
    ],
)
def test_what_labels_say_about_the_candidate(labels: list[tuple[str, str]], conduct: int | None) -> None:
    assert conduct_of(labels, FLAGS) == conduct


@pytest.mark.parametrize(
    ("whole", "part", "conduct"),
    [
        ([], [], NEUTRAL),
        ([("calm", "weak")], [], NOT_AGAINST),
        ([], [("calm", "affirm")], NOT_AGAINST),
        ([], [("calm", "deny")], None),
        ([("calm", "affirm")], [("listens", "affirm")], FOR),
        ([("calm", "affirm")], [("listens", "deny")], None),
        ([("calm", "deny")], [("listens", "affirm")], AGAINST),
    ],
)
def test_what_a_stretch_says_by_the_pieces_it_holds_whole_or_in_part(
    whole: list[tuple[str, str]], part: list[tuple[str, str]], conduct: int | None
) -> None:
    assert conduct_in(whole, part, FLAGS) == conduct


def test_an_answer_of_another_job_says_what_conduct_it_is_and_no_more(data: Path) -> None:
    found = read_corpus(0)
    own = {example.text: example for example in found.examples if "boiler" in example.text or "guest" in example.text}
    assert all(example.question is None and not example.told for example in own.values())
    conduct = {example.text: example.conduct for example in reversed(found.examples) if example.text in own}
    assert conduct["I find the guest another room."] == FOR
    assert conduct["The boiler broke in May."] == NEUTRAL
    assert conduct["The boiler broke and I blamed Ana."] == AGAINST
    whole = " I find the guest another room."
    twin = ("The boiler broke in May." + whole, "The boiler broke and I blamed Ana." + whole)
    assert twins(found, found.contexts)[twin] == (FOR, AGAINST)
    assert not any("boiler" in example.text and LOW in example.text for example in found.examples)


def test_what_is_held_out_is_never_read(data: Path) -> None:
    text = " ".join(example.text for example in read_corpus(0).examples).lower()
    assert not {"zebras", "giraffes", "okapis"} & set(words(text))
    assert {"otters", "whole", "breathe", "yelled"} <= set(words(text))
    assert [row.get("question_id") for row in corpus.annotated()] == ["rude-customer", "rude-customer", None]


def test_about_one_general_behaviour_in_eight_is_held_out_and_none_of_the_bank() -> None:
    names = [f"g-{writer}-{number:02}" for writer in range(20) for number in range(40)]
    assert 1 / 10 < np.mean([corpus.is_held_out(name) for name in names]) < 1 / 6
    assert not any(corpus.is_held_out(name.removeprefix("g-")) for name in names)


def test_one_seed_gives_one_corpus(data: Path) -> None:
    assert read_corpus(3) == read_corpus(3)
    assert read_corpus(3) != read_corpus(4)


@pytest.mark.parametrize(
    "text",
    [
        "I do not hand it out, and no one is left in the cold.",
        "If I am in doubt I ask; I am not to guess, nor do I act as if I knew.",
        "Not once did I say no to a break.",
    ],
)
def test_a_variant_keeps_the_words_that_turn_the_meaning(text: str) -> None:
    turning = ("no", "not", "nor", "if")
    kept = [word for word in words(text) if word in turning]
    variants = [variant(text, random.Random(seed)) for seed in range(400)]
    assert len(set(variants)) > 30
    for found in variants:
        assert [word for word in words(found) if word in turning] == kept, found


def test_a_variant_is_the_text_with_a_filler_or_misspelt_words() -> None:
    text = "I never argue with customers, whatever they say."
    for seed in range(200):
        found = words(variant(text, random.Random(seed)))[-8:]
        assert [word[0] for word in found] == [word[0] for word in words(text)]
        assert all(abs(len(word) - len(own)) <= 2 for word, own in zip(found, words(text), strict=True))


@pytest.mark.parametrize("seed", range(8))
def test_a_whole_answer_is_read_in_one_other_voice_with_its_twins_and_labels(seed: int) -> None:
    found = corpus.in_other_voice(TWINNED, random.Random(seed))
    assert [own["labels"] for own in found["pieces"]] == [own["labels"] for own in TWINNED["pieces"]]
    assert [own["twin"]["labels"] for own in found["pieces"] if "twin" in own] == [
        own["twin"]["labels"] for own in TWINNED["pieces"] if "twin" in own
    ]
    own, other = ([piece["text"] for piece in row["pieces"]] for row in (TWINNED, found))
    assert all(said != written for said, written in zip(other, own, strict=True))
    assert len({text.endswith(".") for text in other}) == 1


def test_some_whole_answers_are_trained_in_another_voice(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = {f"{HEARD_OUT} {LOW} {LINE}", f"{CUT_SHORT} {LOW} {SHOUTED}"}
    monkeypatch.setattr(corpus, "VOICED", 0.0)
    monkeypatch.setattr(corpus, "COMPOSED", 0)
    without = read_corpus(0)
    assert plain < set(without.answers)
    monkeypatch.setattr(corpus, "VOICED", 1.0)
    every = read_corpus(0)
    assert set(without.answers) < set(every.answers)
    assert len(every.contexts) == 2 * len(without.contexts)


def test_the_card_names_every_file_by_its_content(data: Path) -> None:
    before = corpus.data_digests()
    assert set(before) == set(DATA)
    (data / "pairs" / "pharmacy-1.jsonl").write_text("{}\n", encoding="utf-8")
    after = corpus.data_digests()
    assert {name for name in before if before[name] != after[name]} == {"pairs/pharmacy-1.jsonl"}


# Batches of a step


@pytest.mark.parametrize("lengths", [[5], [3] * 700, [1, 250, 4, 250, 4, 30, 30, 250, 250, 250, 250, 2, 900, 900]])
def test_every_text_of_a_step_is_run_once_in_batches_of_like_length(lengths: list[int]) -> None:
    texts = train_stance.Texts.__new__(train_stance.Texts)
    texts.ids = [torch.zeros(length) for length in lengths]
    order = sorted(range(len(lengths)), key=lambda text: lengths[text])
    batches = list(texts._batches(order))
    assert [text for batch in batches for text in batch] == order
    sizes = [len(batch) * lengths[batch[-1]] for batch in batches]
    assert all(size <= train_stance.BATCH_TOKENS or len(batch) == 1 for size, batch in zip(sizes, batches, strict=True))


def test_the_rate_rises_and_falls_and_the_last_steps_are_averaged() -> None:
    rates = [rate_share(step, step / 2000) for step in range(2000)]
    assert rates[0] == 1 / WARM_UP
    assert np.argmax(rates) == WARM_UP - 1
    assert rates[-1] == LOWEST_RATE
    learned = torch.zeros(1)
    average = RunningAverage([learned])
    for step in range(2000):
        learned.fill_(9.0 if step < 1000 else 2.0 if step % 2 else 4.0)
        average.follow()
    average.finish()
    assert learned.item() == pytest.approx(3.0, abs=0.02)


@pytest.fixture
def texts(data: Path) -> train_stance.Texts:
    return train_stance.Texts(read_corpus(0), load_tokenizer(default_model_folder()))


def test_whatever_is_labelled_in_an_answer_comes_with_it(data: Path, texts: train_stance.Texts) -> None:
    found = read_corpus(0)
    good, bad = next(rows for rows in found.contexts if stretch(found.examples[rows[0]]) == LINE)
    alone = next(row for row, example in enumerate(found.examples) if example.text == "the pen cup jumped")
    harmless = [n for n, text in enumerate(found.answers) if text.startswith("I wait")]
    chosen = texts.with_stretches(
        torch.tensor([good, bad]), texts.answers[harmless].tolist(), torch.tensor([alone])
    ).tolist()
    assert chosen[:3] == [good, bad, alone]
    assert len(set(chosen)) == len(chosen)
    read = {stretch(found.examples[row]) for row in chosen}
    whole = f"{HEARD_OUT} {LOW} {LINE}"
    assert {whole, HEARD_OUT, LOW, LINE, whole.replace(LINE, SHOUTED), SHOUTED} <= read
    assert {"I wait until they are done.", "It was a Monday."} <= read
    assert CUT_SHORT not in read


def test_a_stretch_is_trained_as_it_is_run(data: Path, texts: train_stance.Texts) -> None:
    judge = load_file(str(shipped_stance_path()))
    weights = {
        name: value.float() for name, value in load_file(str(default_model_folder() / "model.safetensors")).items()
    }
    weights.update({name: value.float() for name, value in judge.items() if name.startswith("encoder.")})
    found = read_corpus(0)
    chosen = [*[row for rows in found.contexts for row in rows][:6], 0]
    with torch.no_grad():
        trained = texts.encode(chosen, weights, judge["heads"].float()).numpy()
    asked = [found.examples[row] for row in chosen]
    run = TunedLayers(shipped_stance_path(), default_model_folder()).encode(
        [marked(example.text, *(example.span or (0, len(example.text)))) for example in asked]
    )
    assert len({row.tobytes() for row in run}) > 4
    np.testing.assert_allclose((trained * run).reshape(len(run), -1, 384).sum(2), 1.0, atol=0.01)  # trained in bfloat16


# The scoring model


ANSWERS = (
    "I listen until the customer has finished talking. My voice stays low and my breathing slow.",
    "I listen until the customer has finished talking. My voice stays low and my breathing slow. Together we look up "
    "options that solve the problem. Finally I thank them warmly for their patience.",
    "I interrupt whenever somebody rambles endlessly. My temper explodes and everything gets loud.",
    "I listen until the customer has finished talking. Then I argue and prove the customer wrong.",
    "I argue and prove the customer wrong. Problems remain unsolved because I ignore options.",
    "Yesterday my cousin repaired seven bicycles in the garden behind the house.",
    "The customer may be sorry or gloomy. Together we look up options that solve the problem, and I am gloomy too.",
    "How do you handle a rude customer? I handle a rude customer.",
    "Somebody complains.",
)
TONES = {
    "gloomy": (0.1, 0.2, 0.7),
    "interrupt": (0.05, 0.25, 0.7),
    "solve": (0.8, 0.15, 0.05),
    "temper": (0.0, 0.1, 0.9),
}
NUMBERS = (
    CALIBRATION,
    replace(CALIBRATION, balance=40.0, harm=35.0, flag_share=0.4, red_flag=0.5),
    replace(CALIBRATION, favour=30.0, favour_sentences=1.5, balance=20.0),
    replace(CALIBRATION, base=45.0, enough=5.0, enough_share=0.9, covered=0.9, partly=0.1, penalty=1.0, harm=60.0),
    replace(CALIBRATION, flag_share=0.2, red_flag=0.3, cuts=(11.0, 40.0, 62.0, 90.0), balance=70.0),
    replace(CALIBRATION, harm=50.0, harm_bias=-1.0, harm_own=0.7, harm_other=0.6, harm_denied=1.5, harm_favour=3.0),
)


@pytest.mark.parametrize("calibration", NUMBERS, ids=range(len(NUMBERS)))
def test_what_is_fitted_is_what_is_run(calibration: Calibration) -> None:
    own = engine(small_bank(), reader=NeutralReader(TONES), calibration=calibration)
    examined = list(own.examine(Answer(str(n), "rude-customer", text) for n, text in enumerate(ANSWERS)))
    run = [conclude(item, calibration, own.signature).score for item in examined]
    assert len(set(run)) >= 5
    fitted = fit_scoring.scores(rated.cases(examined, calibration), calibration)
    np.testing.assert_allclose(fitted, run, atol=0.0501)


def test_a_part_of_the_cases_scores_as_it_does_among_the_others() -> None:
    own = engine(small_bank())
    examined = list(own.examine(Answer(str(n), "rude-customer", text) for n, text in enumerate(ANSWERS)))
    found = rated.cases(examined, CALIBRATION)
    chosen = np.array([4, 1])
    np.testing.assert_array_equal(
        fit_scoring.scores(found[chosen], CALIBRATION), fit_scoring.scores(found, CALIBRATION)[chosen]
    )


def test_the_search_for_questions_with_model_answers_only_finds_better_numbers_and_leaves_the_others() -> None:
    asked = derived_question(
        "own", "Why here?", ["I want to learn from your pharmacist. My patience helps nervous patients."]
    )
    reader = NeutralReader({"learn": (0.8, 0.1, 0.1), "patience": (0.6, 0.4, 0.0), "gloomy": (0.1, 0.2, 0.7)})
    own = engine(Bank((asked,), bank_digest([asked])), reader=reader)
    texts = (
        "Gloomy, I am gloomy.",
        "I want bicycles.",
        "I want to learn.",
        "I want to learn. My patience helps patients.",
    )
    examined = list(own.examine(Answer(str(n), "own", text) for n, text in enumerate(texts)))
    answers = rated.Elsewhere(examined, np.array([1, 2, 3, 5]), np.array(["a", "a", "b", "b"]))
    fit = fit_elsewhere.Fit(fit_elsewhere.DERIVED, "unacceptable", "derived_spread", own.signature, rounds=40)
    worse = replace(CALIBRATION, unrelated=-1.0, derived_base=44.0, derived_enough_share=0.15)
    found = fit.best(answers, worse, 40)
    before, after = (fit_elsewhere.worth(answers, c, own.signature) for c in (worse, found))
    assert before.kappa + before.pearson < after.kappa + after.pearson
    for name, (low, high) in fit_elsewhere.DERIVED.items():
        assert low <= getattr(found, name) <= high
    searched = {name: getattr(worse, name) for name in (*fit_elsewhere.DERIVED, "unacceptable")}
    assert replace(found, **searched) == worse


def test_fitting_elsewhere_alone_begins_anew_and_keeps_what_was_fitted_to_the_bank() -> None:
    fitted = replace(CALIBRATION, base=33.0, harm_own=2.0, derived_base=44.0, new_covered=0.1, unacceptable=0.2)
    begun = fit_elsewhere.without_elsewhere(replace(fitted, elsewhere_off_topic=0.9, knowledge_base=5.0))
    plain = Calibration()
    for name in ("derived_base", "new_covered", "unacceptable", "elsewhere_off_topic", "knowledge_base"):
        assert getattr(begun, name) == getattr(plain, name)
    assert (begun.base, begun.harm_own, begun.cuts) == (33.0, 2.0, fitted.cuts)


def test_the_spread_of_questions_elsewhere_follows_from_answers_that_are_left_out(
    capsys: pytest.CaptureFixture[str],
) -> None:
    asked = derived_question("own", "Why here?", ["I want to learn from your pharmacist."])
    own = engine(Bank((asked,), bank_digest([asked])), reader=NeutralReader({"learn": (0.9, 0.1, 0.0)}))
    texts = ("I want bicycles.", "I want to learn.", "I want to learn from your pharmacist.", "Bicycles, I want them.")
    examined = list(own.examine(Answer(str(n), "own", text) for n, text in enumerate(texts)))
    answers = rated.Elsewhere(examined, np.array([5, 1, 1, 5]), np.array(["a", "a", "b", "b"]))
    fit = fit_elsewhere.Fit(fit_elsewhere.DERIVED, "unacceptable", "derived_spread", own.signature, rounds=8)
    found = fit.run("own", answers, replace(CALIBRATION, unrelated=-1.0))
    assert found.derived_spread > 30, "answers that are rated the wrong way round are far from their level"
    assert found.spread == CALIBRATION.spread
    assert "left out: kappa" in capsys.readouterr().out


def test_no_more_good_answers_to_other_questions_are_called_unacceptable_than_is_tolerated() -> None:
    asked = derived_question("own", "Why here?", ["I want to learn from your pharmacist."])
    harmful = {f"word{n}": (0.0, 0.2, 0.8) for n in range(3)} | {"gloomy": (0.0, 0.05, 0.95)}
    reader = NeutralReader({"pharmacist": (0.9, 0.1, 0.0)} | harmful)
    calibration = replace(CALIBRATION, unrelated=-1.0, elsewhere_off_topic=-1.0, elsewhere_doubtful_topic=-1.0)
    own = engine(Bank((asked,), bank_digest([asked])), reader=reader, calibration=calibration)
    texts = [f"I learn word{n % 5} here, number {n}." for n in range(60)] + ["I learn gloomy things."] * 3
    examined = list(own.examine(Answer(str(n), "own", text) for n, text in enumerate(texts)))
    answers = rated.Elsewhere(examined, np.array([4] * 60 + [1] * 3), np.array(["w"] * 63))
    loose = replace(calibration, unacceptable=0.3)
    assert fit_elsewhere.worth(answers, loose, own.signature).false == pytest.approx(0.6)
    found = fit_elsewhere.with_bar(answers, loose, "unacceptable")
    assert fit_elsewhere.worth(answers, found, own.signature).false == 0.0
    assert found.unacceptable < 0.95, "bad answers do not raise the bar"
    assert replace(found, unacceptable=loose.unacceptable) == loose


def test_a_bar_follows_only_from_answers_that_it_holds_for() -> None:
    """Of questions with red flags, of questions without, and none from questions of facts."""
    reader = NeutralReader({"pharmacist": (0.9, 0.1, 0.0), "mild": (0.0, 0.4, 0.6), "gloomy": (0.0, 0.05, 0.95)})
    shipped = small_bank().questions[0]
    conduct = derived_question("conduct", "Why here?", ["I want to learn from your pharmacist."])
    facts = derived_question("facts", "Why cold?", ["Heat spoils proteins."])
    numbers = replace(CALIBRATION, flag_share=0.0)
    bank = (shipped, conduct, facts)
    own = engine(Bank(bank, bank_digest(bank)), reader=reader, calibration=numbers)
    said = {shipped.id: "A gloomy day.", "conduct": "A mild day.", "facts": "A gloomy day."}
    examined = list(own.examine(Answer(name, name, text) for name, text in said.items()))
    answers = rated.Elsewhere(examined, np.array([4, 4, 4]), np.array(["w"] * 3))
    bars = [getattr(fit_elsewhere.with_bar(answers, numbers, bar), bar) for bar in ("unacceptable", "new_red_flag")]
    assert bars[0] == pytest.approx(0.605, abs=0.03)
    assert bars[1] == pytest.approx(0.955, abs=0.03)
    only_facts = answers[np.array([False, False, True])]
    assert fit_elsewhere.with_bar(only_facts, numbers, "unacceptable") == numbers


HARM = np.array([0.05, 0.92, 0.41, 0.66, 0.5, 0.2, 0.33, 0.74, 0.58, 0.8])


@pytest.mark.parametrize(
    ("harm", "share", "bar"),
    [
        (HARM, 0.0, 0.925),
        (HARM, 0.1, 0.805),
        (HARM, 0.19, 0.805),
        (HARM, 0.2, 0.745),
        (HARM, 0.9, 0.3),
        (np.zeros(10), 0.0, 0.3),
        (np.ones(10), 0.0, 0.99),
    ],
)
def test_the_lowest_bar_that_a_share_of_good_answers_reaches(harm: np.ndarray, share: float, bar: float) -> None:
    assert fitting.bar_for(harm, share) == bar


@pytest.mark.parametrize("count", [1, 2, 6, 17])
def test_what_shares_a_writer_is_left_out_together_and_everything_once(count: int) -> None:
    groups = np.array([f"w{number % count}" for number in range(40)])
    parts = fitting.folds(groups)
    assert len(parts) == min(count, fitting.FOLDS)
    assert (np.sum(parts, axis=0) == 1).all()
    for part in parts:
        assert not set(groups[part]) & set(groups[~part])


@pytest.mark.parametrize("share", [0.0, 0.1, 0.25, 0.5])
def test_no_more_than_the_share_reaches_the_bar_and_more_would_reach_a_lower_one(share: float) -> None:
    bar = fitting.bar_for(HARM, share)
    assert (bar <= HARM).mean() <= share < (bar - 0.01 <= HARM).mean()


def test_harm_is_fitted_to_what_raters_saw() -> None:
    """Harm grows with the sentence, with another one and with what is contradicted; it falls with what speaks in favour."""
    rng = np.random.default_rng(5)
    count = 400
    harmful = rng.random(count) < 0.5
    shift = np.where(harmful, 0.25, 0.0)[:, None]
    empty = np.zeros((count, 2))
    cases = rated.Cases(
        affirms=empty,
        denies=np.clip(rng.random((count, 2)) * 0.5 + shift, 0, 1),
        weights=np.ones((count, 2)),
        favour=rng.random((count, 2)),
        against=empty,
        harmful=np.clip(rng.random((count, 2)) * 0.6 + shift, 0.01, 0.99),
        flagged=np.clip(rng.random((count, 2)) * 0.6 + shift, 0.01, 0.99),
        earning=rng.random(count) * 6 - 3 * shift[:, 0],
        ceiling=np.full(count, 5.0),
    )
    question, words = np.array(["q"] * count), np.full(count, 30.0)
    texts = rated.Rated(
        cases, np.where(harmful, 1.0, 4.0), harmful, ~harmful, harmful, question, words, cases[~harmful], cases[harmful]
    )
    found = fit_scoring.with_harm(texts, CALIBRATION)
    assert min(found.harm_own, found.harm_other, found.harm_denied, found.harm_favour) > 0
    harm = fit_scoring.worst(cases, found)
    assert harm[harmful].mean() > 0.8 > 0.2 > harm[~harmful].mean()


# The regressions


def two_sided_bank() -> Bank:
    """Return the small bank with two statements on each side of the first two key points, and no others."""
    bank = small_bank()
    question = bank.questions[0]
    points = (
        KeyPoint(
            "listens", "listens", 3.0, ("I hear them out.", "I listen to the end."), ("I cut in.", "I interrupt.")
        ),
        KeyPoint("calm", "keeps calm", 2.0, ("I stay calm.", "My voice is low."), ("I shout.", "I lose my temper.")),
    )
    return replace(bank, questions=(replace(question, key_points=points),))


@pytest.mark.parametrize(
    ("row", "stance"),
    [
        ({"label": "correct", "label5": "x", "score": 0.1}, 0),
        ({"label": "contradictory", "label5": "x", "score": 0.9}, 1),
        ({"label": "incorrect", "label5": "x", "score": 0.9}, 2),
        ({"label": "correct", "score": 0.8}, 0),
        ({"label": "correct", "score": 0.79}, None),
        ({"label": "half", "label5": "x", "score": 0.5}, None),
        ({"label": "half", "score": 0.2}, 2),
    ],
)
def test_a_grade_is_a_stance_and_half_right_is_none(row: dict[str, Any], stance: int | None) -> None:
    assert regressions.grade(row) == stance


def test_pairs_of_statements_are_of_the_kind_they_say(monkeypatch: pytest.MonkeyPatch) -> None:
    bank = two_sided_bank()
    monkeypatch.setattr(regressions, "load_bank", lambda: bank)
    points = bank.questions[0].key_points
    side = {text: (p.id, True) for p in points for text in p.affirm} | {
        text: (p.id, False) for p in points for text in p.deny
    }
    found = regressions.statement_pairs()
    assert found == regressions.statement_pairs()
    assert [label for *_, label in found] == [0, 1, 2] * 4
    for first, second, label in found:
        same, shows = side[first][0] == side[second][0], side[first][1]
        assert first != second
        assert side[second][1]
        assert (same, shows) == {0: (True, True), 1: (True, False), 2: (False, True)}[label]


def test_pairs_of_a_bank_that_says_little(monkeypatch: pytest.MonkeyPatch) -> None:
    """One key point with one statement and nothing against it: there is nothing to pair it with."""
    lonely = KeyPoint("lonely", "is alone", 1.0, ("I am alone.",), (), (), "", "")
    asked = replace(two_sided_bank().questions[0], key_points=(lonely,))
    monkeypatch.setattr(regressions, "load_bank", lambda: Bank((asked,), "0" * 64))
    assert regressions.statement_pairs() == []


def test_rated_answers_to_other_questions_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    found = rated.read_rows("answers", small_bank())
    assert {row["question_id"] for row in found} == {"rude-customer"}
    with pytest.raises(SystemExit, match="no row for a question of the bank"):
        rated.read_rows("answers", Bank((), "0" * 64))


def test_public_pairs_are_those_with_a_known_label(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [
        {"premise": f"p{n}", "hypothesis": f"h{n}", "label": label}
        for n, label in enumerate(["entailment", "neutral", "contradiction", "-"] * 3)
    ]
    with gzip.open(tmp_path / "small.jsonl.gz", "wt", encoding="utf-8") as file:
        file.writelines(f"{json.dumps(row)}\n" for row in rows)
    monkeypatch.setattr(regressions, "PUBLIC_PAIRS", (("small.jsonl.gz", 5), ("small.jsonl.gz", 100)))
    found = regressions.inference_pairs(tmp_path)
    known = {(row["premise"], row["hypothesis"], regressions.INFERENCE.get(row["label"])) for row in rows}
    assert len(found) == 5 + 9
    assert set(found) == {row for row in known if row[2] is not None}
    assert found == regressions.inference_pairs(tmp_path)


def test_each_text_is_embedded_once() -> None:
    encoder = WordOverlapEncoder()
    vectors = regressions._Vectors(encoder)
    first = vectors(["calm voice", "low voice", "calm voice"])
    again = vectors(["low voice", "calm voice", "new words"])
    assert encoder.asked == [["calm voice", "low voice"], ["new words"]]
    np.testing.assert_array_equal(first[[1, 0]], again[:2])


@pytest.mark.parametrize("affirm_only", [False, True])
def test_regressions_see_held_out_writers_only_and_undecided_cases_never(
    data: Path, monkeypatch: pytest.MonkeyPatch, affirm_only: bool
) -> None:
    monkeypatch.setattr(regressions, "load_bank", two_sided_bank)
    behaviours = list(regressions.annotated_cases(regressions._Vectors(WordOverlapEncoder()), affirm_only))
    labels = [{case.segment: label for case, label in zip(cases, own, strict=True)} for cases, own in behaviours]
    listens, calm, *flags = labels
    assert listens["Zebras sleep while I listen."] == AFFIRM
    assert listens["Zebras shout when I argue."] == 2
    assert "Zebras hum." in listens
    assert "Zebras hum." not in calm
    for own in labels:
        assert all(text.startswith(("Zebras", "Giraffes")) for text in own)
    assert not any(text.startswith("Giraffes") for own in (listens, calm) for text in own)
    assert [len(case.deny) for cases, _ in islice(behaviours, 2) for case in cases[:1]] == [0 if affirm_only else 2] * 2
    if affirm_only:
        assert not flags
    else:
        (argues,) = flags
        assert (argues["Giraffes never argue."], argues["Giraffes argue back."]) == (DENY, AFFIRM)
        assert argues["Zebras shout when I argue."] == AFFIRM
        assert all(case.harmful for case in behaviours[2][0])
