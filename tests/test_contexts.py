"""Sentences and the answer they are read in: every word stands in exactly one, whatever the text."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from evaluator.contexts import BLOCK_WORDS, sentences
from evaluator.models.stretches import unmarked
from evaluator.spans import SENTENCE_WORDS, sentence_spans
from evaluator.text import normalise, words

LISTEN, CALM, REFUSE = "I listen first.", "I keep calm!", "That is once they have apologised."


def read(text: str) -> list[tuple[str, str, str]]:
    return [sentence.readings for sentence in sentences(normalise(text))]


def test_a_sentence_is_read_alone_within_the_whole_and_in_its_place() -> None:
    said = (LISTEN, CALM, REFUSE, LISTEN)
    found = read(" ".join(said))
    assert [(alone, whole) for alone, whole, _ in found] == [(sentence, " ".join(said)) for sentence in said]
    places = [unmarked(place) for *_, place in found]
    assert [text for text, _ in places] == [" ".join(said)] * 4
    assert [span for _, span in places] == [(0, 15), (16, 28), (29, 63), (64, 79)]


def test_a_single_sentence_is_its_own_context() -> None:
    assert read(f"  um, {LISTEN}") == [(LISTEN, LISTEN, LISTEN)]


def test_every_sentence_of_a_long_answer_stands_where_its_block_has_it() -> None:
    answer = " ".join(f"I would look up order {i}, um, and tell the customer how long it takes." for i in range(40))
    for sentence in sentences(normalise(answer)):
        assert sentence.block[slice(*sentence.stretch)] == sentence.text


def test_spans_refer_to_the_original() -> None:
    text = f"\u200b{LISTEN}\t{CALM}"
    assert [text[sentence.start : sentence.end] for sentence in sentences(normalise(text))] == [LISTEN, CALM]


def test_words_are_corrected_in_every_reading() -> None:
    found = sentences(normalise(f"{LISTEN} {CALM}"), lambda text: text.replace("calm", "quiet"))
    assert all("calm" not in reading for sentence in found for reading in sentence.readings)


def test_a_long_answer_is_read_in_blocks_of_like_size_that_the_model_can_hold() -> None:
    answer = " ".join(f"I would look up order {i} and tell the customer how long it takes." for i in range(60))
    blocks = list(dict.fromkeys(block for _, block, _ in read(answer)))
    sizes = [len(words(block)) for block in blocks]
    assert len(blocks) == 6
    assert max(sizes) - min(sizes) <= 20
    assert max(sizes) <= BLOCK_WORDS + SENTENCE_WORDS


def test_a_transcript_without_full_stops_is_cut_at_clauses() -> None:
    text = "so I listen to them and then I say sorry and I look what happened " * 6
    spans = sentence_spans(text.strip())
    assert len(spans) > 1
    assert all(len(words(text[start:end])) <= SENTENCE_WORDS for start, end in spans)
    assert all(text[start:].startswith(("so ", "and ")) for start, _ in spans)


@given(
    st.lists(st.sampled_from(["word", "and I", "but", ",", ".", "!", "\n", "Dr.", "5.", "[", "ab" * 400]), max_size=150)
)
def test_no_word_is_lost_or_read_twice(parts: list[str]) -> None:
    text = normalise(" ".join(parts)).text
    spans = sentence_spans(text)
    assert [word for start, end in spans for word in words(text[start:end])] == words(text)
    assert all(first_end <= second for (_, first_end), (second, _) in pairwise(spans))
