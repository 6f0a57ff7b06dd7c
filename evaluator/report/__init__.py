"""Renders results as pages, Markdown and terminal text: functions of values that return a string and touch no file."""

from evaluator.report.html import render_candidate_html, render_index_html
from evaluator.report.markdown import render_index_markdown, render_markdown
from evaluator.report.terminal import render_text
from evaluator.report.views import AnswerView, answer_anchor, answer_view
from evaluator.report.visible import visible
from evaluator.report.wording import Audience

__all__ = [
    "AnswerView",
    "Audience",
    "answer_anchor",
    "answer_view",
    "render_candidate_html",
    "render_index_html",
    "render_index_markdown",
    "render_markdown",
    "render_text",
    "visible",
]
