"""Proposes key points for a question from source material: passages about it, clustered by what they say."""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evaluator.evidence import SourcePassage
from evaluator.models.encoder import Encoder
from evaluator.text import content_words, normalise, segment, tidy, words

FloatArray = NDArray[np.float32]

RELEVANT = 0.2
"""Cosine to the question below which a passage is not about it. Low, for advice shares few words with the question that it
answers ("lower your voice"): of the digest points that the shipped bank names as sources, three of four lie above it for most
questions, and so does half of all others. What does not belong is for a person to delete."""

MOST_PASSAGES = 40
"""Passages that are clustered, the most relevant first: about what one interview guide says about one question."""

MOST_POINTS = 12
"""Key points that are proposed; a question has 6 to 12."""

PASSAGES_A_POINT = 3
"""Passages that a key point rests on, on average; fewer passages make fewer points."""

MOST_STATEMENTS = 8
MOST_LABEL_WORDS = 4
REPEATED = 0.75
"""Share of content words in common above which two statements are one."""


@dataclass(frozen=True, slots=True)
class DraftPoint:
    """A proposed key point."""

    id: str
    label: str
    """Its most telling words; a person makes a verb phrase of them."""
    weight: int
    """1 for a single passage, 2 for two or three, 3 for more."""
    affirm: tuple[str, ...]
    """Sentences of its passages, nearest to their common meaning first."""
    evidence: tuple[SourcePassage, ...]


@dataclass(frozen=True, slots=True)
class Draft:
    """What was proposed for a question."""

    id: str
    question: str
    points: tuple[DraftPoint, ...]
    """Best attested first."""
    left_over: tuple[SourcePassage, ...]
    """Passages that are about the question, too, and less so than those that were clustered."""
    read: int
    """Passages that were looked at."""


def draft_question(
    question: str,
    passages: Sequence[SourcePassage],
    encoder: Encoder,
    *,
    question_id: str = "",
    most_passages: int = MOST_PASSAGES,
    most_points: int = MOST_POINTS,
) -> Draft:
    """Return key points proposed for a question; none where no passage is about it.

    A passage is about the question where it, or a sentence of it, is near to it (``RELEVANT``). Clusters come from
    agglomerative clustering by cosine distance with average linkage; the same passages give the same draft, whatever their
    order.
    """
    passages = sorted(passages, key=lambda passage: passage.id)
    sentences = [_sentences(passage.text) for passage in passages]
    telling = [number for number, own in enumerate(sentences) if own]
    texts = list(dict.fromkeys([question, *(text for i in telling for text in (passages[i].text, *sentences[i]))]))
    vectors = dict(zip(texts, encoder.encode(texts), strict=True))
    asked = vectors[question]
    relevance = {i: max(float(vectors[text] @ asked) for text in (passages[i].text, *sentences[i])) for i in telling}
    chosen = sorted((i for i in telling if relevance[i] >= RELEVANT), key=lambda i: (-relevance[i], passages[i].id))
    left_over = tuple(passages[i] for i in chosen[most_passages:])
    chosen = chosen[:most_passages]
    kept = _clusters(chosen, np.stack([vectors[passages[i].text] for i in chosen]), most_points) if chosen else []
    kept.sort(key=lambda own: (-len(own), -max(relevance[i] for i in own), passages[own[0]].id))
    counts = [Counter(word for i in own for word in content_words(passages[i].text)) for own in kept]
    points: list[DraftPoint] = []
    for number, own in enumerate(kept):
        label = _label(counts, number, content_words(question))
        centre = np.mean([vectors[passages[i].text] for i in own], axis=0)
        statements = _different(
            sorted(
                dict.fromkeys(text for i in own for text in sentences[i]),
                key=lambda text: (-round(float(vectors[text] @ centre), 6), text),
            )
        )
        identifier = _unique(slug(" ".join(label[:3])) or "point", [point.id for point in points])
        weight = 1 if len(own) == 1 else 2 if len(own) < 4 else 3
        evidence = tuple(passages[i] for i in own)
        points.append(DraftPoint(identifier, ", ".join(label), weight, tuple(statements[:MOST_STATEMENTS]), evidence))
    return Draft(question_id or question_slug(question), question, tuple(points), left_over, len(passages))


def slug(text: str) -> str:
    """Return ``text`` as an id: lower case letters, digits and hyphens, at most 60; empty where it has neither.

    >>> slug("Déjà vu, twice!"), slug("...")
    ('deja-vu-twice', '')
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain.replace("'", ""))[:60].strip("-")


def question_slug(question: str) -> str:
    """Return an id for a question: its first content words.

    >>> question_slug("A customer says that you lost their prescription. What do you do?")
    'customer-says-lost-prescription'
    """
    own = [word for word in dict.fromkeys(words(question)) if word in content_words(question)]
    return slug(" ".join(own[:5])) or slug(question) or "question"


def _sentences(text: str) -> list[str]:
    """Return the sentences of a passage that tell something: no questions, and not fewer than two words of content."""
    spans: dict[int, tuple[int, int]] = {}
    for piece in segment(normalise(text)):
        start, end = spans.get(piece.group, (piece.start, piece.end))
        spans[piece.group] = (min(start, piece.start), max(end, piece.end))
    sentences = [tidy(text[start:end]) for start, end in spans.values()]
    return [own for own in sentences if not own.endswith("?") and len(content_words(own)) >= 2]


def _clusters(chosen: Sequence[int], vectors: FloatArray, most: int) -> list[list[int]]:
    """Return the numbers in ``chosen`` by cluster, most relevant first within each; vectors of shape (chosen, dimensions).

    What all passages have in common, the question, is taken out first: else one cluster would hold nearly all of them.
    """
    count = min(most, math.ceil(len(chosen) / PASSAGES_A_POINT))
    if count < 2:
        return [list(chosen)]
    from sklearn.cluster import AgglomerativeClustering

    apart = vectors - vectors.mean(axis=0)
    apart /= np.maximum(np.linalg.norm(apart, axis=1, keepdims=True), 1e-6)
    # Rounded: the last bits differ between processors, and a tie must not go one way here and the other way there.
    distances = np.clip(np.round(1 - apart @ apart.T, 5), 0, 2)
    clustering = AgglomerativeClustering(n_clusters=count, metric="precomputed", linkage="average")
    clusters: dict[int, list[int]] = {}
    for number, name in zip(chosen, clustering.fit_predict(distances), strict=True):
        clusters.setdefault(int(name), []).append(number)
    return list(clusters.values())


def _label(counts: Sequence[Counter[str]], number: int, asked: set[str]) -> list[str]:
    """Return the words that tell a cluster from the others: frequent in it, rare elsewhere (class-based TF-IDF).

    Words of the question come last: every cluster is about them.
    """
    spread = Counter(word for own in counts for word in own)
    weight = {word: times * math.log(1 + len(counts) / spread[word]) for word, times in counts[number].items()}
    ranked = sorted(weight, key=lambda word: (word in asked, -weight[word], word))
    return ranked[:MOST_LABEL_WORDS]


def _different(statements: Sequence[str]) -> list[str]:
    """Return statements without those that repeat the content words of one before."""
    kept: list[str] = []
    for text in statements:
        own = content_words(text)
        if all(len(own & content_words(other)) / len(own | content_words(other)) <= REPEATED for other in kept):
            kept.append(text)
    return kept


def _unique(name: str, taken: Sequence[str]) -> str:
    number = 1
    while (f"{name}-{number}" if number > 1 else name) in taken:
        number += 1
    return f"{name}-{number}" if number > 1 else name
