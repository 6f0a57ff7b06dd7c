"""Renders self-contained HTML pages: one for a candidate's answers, one for a batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from evaluator.domain import Result
from evaluator.report.candidate import candidate_view
from evaluator.report.charts import bar_chart, line_chart
from evaluator.report.environment import html_environment
from evaluator.report.index import index_view
from evaluator.report.names import names_from
from evaluator.report.progress import Earlier
from evaluator.report.queue import FULL_ROWS
from evaluator.report.script import overview_script, script_source
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


def render_index_html(results: Sequence[Result], *, links: Mapping[str, str], show_names: str | None = None) -> str:
    """Return the overview of a batch: the ranking, the queue for people, the map of scores, the group, the questions.

    The page says everything without its script, which only sorts and filters; a policy in its head allows that script
    and no other. Whoever serves the page with a policy of their own adds ``script.script_source()`` to ``script-src``.

    Args:
        results: of the whole batch; the answers of each candidate in the order of their page.
        links: from a candidate's id to the path of the page relative to this one, not percent-encoded; a
            candidate without one is named without a link.
        show_names: column of the input to show beside the ids; without one the report is blind.

    Raises:
        ResultsError: there is no such column.
    """
    names = names_from(results, show_names)
    view = index_view(results, links=links, names=names, names_column=show_names or "")
    charts = {
        "levels": bar_chart(
            "levels",
            "Answers at each level, from 1 unacceptable to 5 excellent",
            view.group.levels,
            unit="answers",
            head="Level",
            graded=True,
        ),
        "bands": bar_chart("bands", "Candidates by mean score", view.group.bands, unit="candidates", head="Mean score"),
    }
    template = html_environment().get_template("index.html.j2")
    return template.render(
        view=view, charts=charts, full_rows=FULL_ROWS, script=overview_script(), script_source=script_source()
    )
