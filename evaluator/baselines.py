"""What an obvious program would give: the yardsticks that ``evaluator validate`` puts beside the tool's own figures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from evaluator.domain import Answer, Question
from evaluator.models.encoder import Encoder
from evaluator.text import words

Answered = Sequence[tuple[Answer, Question]]


def length_baseline(answered: Answered) -> list[float]:
    """Return the number of words of each answer."""
    return [float(len(words(answer.text))) for answer, _ in answered]


def cosine_baseline(answered: Answered, encoder: Encoder) -> list[float]:
    """Return the cosine of each whole answer to the nearest model answer of its question, -1..1."""
    questions = {question.id: question for _, question in answered}
    models = {name: encoder.encode([m.text for m in question.model_answers]) for name, question in questions.items()}
    vectors = encoder.encode([answer.text for answer, _ in answered])
    return [
        float((models[question.id] @ vector).max(initial=-1.0))
        for (_, question), vector in zip(answered, vectors, strict=True)
    ]


def tfidf_baseline(answered: Answered) -> list[float]:
    """Return the TF-IDF cosine of each answer to the nearest model answer of its question, 0..1."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    questions = list({question.id: question for _, question in answered}.values())
    models = [(question.id, model.text) for question in questions for model in question.model_answers]
    vectoriser = TfidfVectorizer(sublinear_tf=True)
    vectors = vectoriser.fit_transform([text for _, text in models] + [answer.text for answer, _ in answered])
    similarity = (vectors[len(models) :] @ vectors[: len(models)].T).toarray()
    owners = np.array([name for name, _ in models])
    return [
        float(row[owners == question.id].max(initial=0.0))
        for row, (_, question) in zip(similarity, answered, strict=True)
    ]
