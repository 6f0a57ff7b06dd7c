"""The two template environments: one escapes HTML everywhere, the other leaves escaping to filters of the medium."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from evaluator.domain import LEVEL_NAMES
from evaluator.report.limits import LIMITS, calibration_state
from evaluator.report.palette import DARK, LIGHT
from evaluator.report.visible import one_line
from evaluator.report.wording import ADVICE_ONLY, SYMBOLS, TONE_WORDS, count

TEMPLATES = Path(__file__).parent / "templates"


@cache
def html_environment() -> Environment:
    """Return the environment for pages. Everything is escaped: jinja2 would not recognise the suffix ``.html.j2``."""
    return _environment(autoescape=True)


def plain_environment() -> Environment:
    """Return a new environment for Markdown or terminal text, to which the caller adds the filters that escape."""
    return _environment(autoescape=False)


def _environment(*, autoescape: bool) -> Environment:
    environment = Environment(  # nosec B701  # pages escape; Markdown and text have filters of their own
        loader=FileSystemLoader(TEMPLATES),
        autoescape=autoescape,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals.update(advice_only=ADVICE_ONLY, symbols=SYMBOLS, tone_words=TONE_WORDS, count=count)
    environment.globals.update(palettes=(LIGHT, DARK), levels=LEVEL_NAMES)
    environment.globals.update(limits=LIMITS, calibration_state=calibration_state)
    environment.filters.update(capitalize_first=capitalize_first, visible=one_line)
    return environment


def capitalize_first(text: str) -> str:
    """Return ``text`` with its first letter in upper case and the rest as it is.

    >>> capitalize_first("calls the NABP")
    'Calls the NABP'
    """
    return text[:1].upper() + text[1:]
