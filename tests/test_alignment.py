"""The words of a model answer are looked up in the answer: read in full, weighed, and told where they stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from fakes import CALIBRATION, WordOverlapEncoder, engine

from evaluator.alignment import Words, model_clauses, read_words, recall
from evaluator.bank import bank_digest
from evaluator.derive import derived_question
from evaluator.domain import Answer, Bank, Coverage, FlagKind, Question, Result
from evaluator.models.encoder import load_encoder
from evaluator.models.words import Pieces, pieces_of
from evaluator.text import normalise

HEAT = "Warmth spoils vaccines. Frost destroys proteins."
GERMS = "Germs multiply quickly. Warmth spoils vaccines."


def question(*model_answers: str) -> Question:
    return derived_question("cold-chain", "Why keep vaccines cold?", model_answers)


def judge(text: str, *model_answers: str) -> Result:
    asked = question(*model_answers)
    numbers = {"base": 10.0, "none": 0.0, "all": 1.0, "enough_share": 1.0}
    knowledge = {f"knowledge_{name}": value for name, value in numbers.items()}
    calibration = replace(CALIBRATION, unrelated=-1.0, **knowledge)
    return engine(Bank((asked,), bank_digest([asked])), calibration=calibration).evaluate_one("cold-chain", text)


def words_of(text: str) -> Words:
    return read_words([normalise(text)], WordOverlapEncoder())[0]


class ShortSighted(WordOverlapEncoder):
    """Reads three words of a text at most."""

    def words(self, texts: Sequence[str], /) -> list[Pieces]:
        """Return the first three words of each text."""
        return [Pieces(p.texts[:3], p.spans[:3], p.vectors[:3]) for p in super().words(texts)]


# Reading


def test_words_know_where_they_stand_in_the_original() -> None:
    text = "Frost \u200bdestroys\n\ufb01ne proteins"
    read = words_of(text)
    assert read.texts == ("frost", "destroys", "fine", "proteins")
    assert [text[start:end] for start, end in read.spans] == ["Frost", "destroys", "\ufb01ne", "proteins"]


def test_a_misspelt_word_is_read_corrected_and_stands_where_it_was_written() -> None:
    read = read_words([normalise("Frsot ruins it")], WordOverlapEncoder(), lambda t: t.replace("Frsot", "Frosts"))[0]
    assert (read.texts[0], read.spans[0], read.spans[1]) == ("frosts", (0, 5), (6, 11))


def test_a_correction_that_changes_the_number_of_words_is_not_taken() -> None:
    assert read_words([normalise("Frost ruins")], WordOverlapEncoder(), lambda t: f"{t} it")[0].texts == (
        "frost",
        "ruins",
    )


def test_what_an_encoder_cuts_off_is_read_by_itself() -> None:
    text = "one two three four five six seven. " * 60
    assert read_words([normalise(text)], ShortSighted())[0].texts == words_of(text).texts
    assert len(words_of(text).texts) == 420


@pytest.mark.parametrize("text", ["", "...", " \n"])
def test_a_text_without_words_has_none(text: str) -> None:
    assert words_of(text).texts == ()


def test_an_encoder_that_knows_no_word_ends() -> None:
    class Blind(WordOverlapEncoder):
        def words(self, texts: Sequence[str], /) -> list[Pieces]:
            return [Pieces((), (), np.zeros((0, 4), dtype=np.float32)) for _ in texts]

    assert read_words([normalise("one two")], Blind())[0].texts == ()


def test_words_do_not_depend_on_the_texts_beside_them() -> None:
    texts = [normalise(text) for text in ("one two", HEAT, "three " * 400)]
    together = read_words(texts, WordOverlapEncoder())
    for text, read in zip(texts, together, strict=True):
        alone = read_words([text], WordOverlapEncoder())[0]
        assert (alone.texts, alone.spans, alone.vectors.tobytes()) == (read.texts, read.spans, read.vectors.tobytes())


def test_pieces_that_a_tokenizer_adds_are_left_out() -> None:
    found = pieces_of(" cold", [(0, 0), (0, 4), (0, 0)], [1, 0, 1], np.eye(3, dtype=np.float32), shift=1)
    assert (found.texts, found.spans, found.vectors.tolist()) == (("cold",), ((1, 5),), [[0, 1, 0]])


# Holding against


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("", 0.0),
        ("Bicycles", 0.0),
        ("vaccines", 0.5 / 2.5),  # asked for: half
        ("warmth", 1 / 2.5),
        ("warmth warmth warmth", 1 / 2.5),
        ("Warmth spoils them", 2 / 2.5),
        ("Vaccines that warmth spoils, and bicycles", 1.0),
    ],
)
def test_recall_is_the_share_of_a_clauses_words(answer: str, expected: float) -> None:
    taught = model_clauses(question(HEAT), WordOverlapEncoder())
    assert [round(clause.weight, 3) for clause in taught.clauses] == [2.5, 3.0]
    assert recall(taught.clauses[0], words_of(answer).content()) == pytest.approx(expected)


def test_a_clause_that_two_model_answers_teach_is_one_key_point_of_both() -> None:
    assert model_clauses(question(HEAT, GERMS), WordOverlapEncoder()).alternatives == ((0, 1), (2, 0))


# Scoring


@pytest.mark.parametrize(
    ("answer", "score", "statuses"),
    [
        ("Frost destroys proteins and warmth spoils vaccines.", 100.0, ["covered", "covered"]),
        ("Frost destroys proteins.", 59.1, ["missed", "covered"]),
        ("Frost, I think.", 26.4, ["missed", "partly"]),
        ("Bicycles, I think.", 10.0, ["missed", "missed"]),
    ],
)
def test_an_answer_earns_what_it_tells(answer: str, score: float, statuses: list[str]) -> None:
    result = judge(answer, HEAT)
    assert (result.score, [point.status for point in result.points]) == (score, statuses)
    assert round(sum(part.points for part in result.contributions), 1) == score
    for point in result.points:
        assert bool(point.evidence) == (point.status is not Coverage.MISSED)
        assert all(passage.probability <= round(point.credit, 3) for passage in point.evidence)


def test_the_passage_that_tells_a_clause_is_quoted() -> None:
    result = judge("I like bicycles a lot. Frost destroys proteins.", HEAT)
    assert [[passage.text for passage in point.evidence] for point in result.points] == [
        [],
        ["Frost destroys proteins."],
    ]


def test_any_one_model_answer_is_enough_and_the_better_one_counts() -> None:
    result = judge("Germs multiply quickly and warmth spoils vaccines.", HEAT, GERMS)
    assert result.score == 100.0
    earned = {part.id: (part.label, part.points) for part in result.contributions}
    assert earned["point-2"] == ("mentions: frost, destroys, proteins (another model answer earns more)", 0.0)
    assert judge(HEAT, HEAT, GERMS).score == 100.0


@pytest.mark.parametrize(
    "text",
    [
        HEAT,  # a copy
        "Warmth, frost, vaccines, proteins, spoils, destroys",  # a list
        "Frost destroys proteins. Frost destroys proteins. Frost destroys proteins.",  # padding
        "Why keep vaccines cold? Vaccines keep cold.",  # an echo
    ],
)
def test_no_trick_limits_what_is_told_of_facts(text: str) -> None:
    result = judge(text, HEAT)
    assert {flag.kind for flag in result.flags} <= {FlagKind.NEAR_CUT}
    assert not any(part.id.startswith("ceiling") for part in result.contributions)


def test_the_answers_that_are_judged_together_are_read_together(monkeypatch: pytest.MonkeyPatch) -> None:
    asked, read = question(HEAT), list[int]()
    words = WordOverlapEncoder.words

    def counted(self: WordOverlapEncoder, texts: Sequence[str], /) -> list[Pieces]:
        read.append(len(texts))
        return words(self, texts)

    monkeypatch.setattr(WordOverlapEncoder, "words", counted)
    texts = ("Frost destroys proteins.", "", "Warmth spoils vaccines.")
    answers = [Answer(str(place), "cold-chain", text) for place, text in enumerate(texts)]
    results = list(engine(Bank((asked,), bank_digest([asked]))).evaluate(answers))
    assert read == [1, 2]  # the model answer, and both answers that have words
    assert [[point.status for point in result.points] for result in results] == [
        ["missed", "covered"],
        [],
        ["covered", "missed"],
    ]


def test_telling_more_never_lowers_the_score() -> None:
    told, scores = "I think", []
    for word in "germs frost warmth destroys multiply proteins spoils quickly vaccines".split():
        told += f" {word}"
        scores.append(judge(told, HEAT, GERMS).score or 0.0)
    assert scores == sorted(scores) and scores[-1] == 100.0


def test_words_behind_a_reading_full_of_signs_are_read() -> None:
    text = normalise("=" * 300 + "\nFrost destroys proteins")
    read = read_words([text], load_encoder()[0])[0]
    assert read.texts == ("frost", "destroys", "proteins")
