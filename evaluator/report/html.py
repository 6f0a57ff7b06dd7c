"""Renders self-contained HTML pages: one for a candidate's answers, one for a batch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from evaluator.domain import Result
from evaluator.report.candidate import candidate_view
from evaluator.report.charts import line_chart
from evaluator.report.environment import html_environment
from evaluator.report.index import index_view
from evaluator.report.progress import Earlier
from evaluator.report.wording import Audience


def render_candidate_html(
    results: Sequence[Result],
    *,
    audience: Audience = "candidate",
    with_model_answers: bool = False,
    title_id: str,
    earlier: Earlier | None = None,
) -> str:
    """Return one page with all answers of one candidate.

    The page needs no script, no network and no other file; a policy in its head forbids them even to text that
    would get past the escaping.

    Args:
        results: of one candidate, in the order in which they are to stand.
        audience: who reads. The recruiter also sees model answers, probabilities and weights.
        with_model_answers: whether a candidate sees model answers.
        title_id: what the candidate is called in the title; where empty, the id of the first answer.
        earlier: scores of attempts before these, for the chart of progress.
    """
    view = candidate_view(
        results, audience=audience, with_model_answers=with_model_answers, name=title_id, earlier=earlier
    )
    return html_environment().get_template("candidate.html.j2").render(view=view, line_chart=line_chart)


def render_index_html(results: Iterable[Result], *, links: Mapping[str, str]) -> str:
    """Return the overview of a batch: candidates ranked by mean score, answers to be read by a person, questions.

    Args:
        results: of the whole batch; the answers of each candidate in the order of their page.
        links: from a candidate's id to the path of the page relative to this one, not percent-encoded; a
            candidate without one is named without a link.
    """
    return html_environment().get_template("index.html.j2").render(view=index_view(results, links=links))
