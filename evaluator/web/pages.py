"""Renders the pages of the server, and reads from reports what serving them takes: their style, their policy."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from evaluator.report import render_candidate_html
from evaluator.report.environment import capitalize_first
from evaluator.report.visible import one_line
from evaluator.report.wording import count

HERE = Path(__file__).parent

_STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)
_SCRIPT_HASH = re.compile(r"'sha256-[A-Za-z0-9+/]+=*'")
_MAIN = '<main id="main">'


def render(template: str, status: int = HTTPStatus.OK, **values: Any) -> HTMLResponse:  # noqa: ANN401
    """Return a page of the server."""
    return HTMLResponse(_environment().get_template(template).render(**values), status)


def error_page(status: int, problem: str) -> HTMLResponse:
    """Return a page that says what went wrong and what to do."""
    return render("error.html.j2", status, title=HTTPStatus(status).phrase, problem=problem)


def report_page(html: str) -> HTMLResponse:
    """Return a report as it is, with a policy under which nothing but its own style and script works."""
    return HTMLResponse(html, headers={"Content-Security-Policy": report_policy(html)})


def report_policy(html: str) -> str:
    """Return the policy for a report: hashes of what its head holds, where no word of a candidate stands.

    A script is allowed where the report's own policy names its hash.
    """
    head = html.partition("</head>")[0]
    digests = (hashlib.sha256(style.encode()).digest() for style in _STYLE.findall(head))
    styles = [f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests]
    own = next(iter(re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', head)), "")
    scripts = [
        found
        for directive in own.replace("&#39;", "'").split(";")
        if directive.strip().startswith("script-src")
        for found in _SCRIPT_HASH.findall(directive)
    ]
    allowed = "".join(
        f"; {kind}-src {' '.join(hashes)}" for kind, hashes in (("style", styles), ("script", scripts)) if hashes
    )
    return f"default-src 'none'{allowed}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


def report_body(html: str) -> str:
    """Return what stands in the main part of a report, to be shown within a page of the server."""
    return html.partition(_MAIN)[2].rpartition("</main>")[0]


@cache
def report_style() -> str:
    """Return the style of the reports, for pages that show a part of one."""
    return "\n".join(_STYLE.findall(render_candidate_html([], title_id="").partition("</head>")[0]))


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(visible=one_line, capitalize_first=capitalize_first)
    environment.globals.update(count=count)
    return environment
