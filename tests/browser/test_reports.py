"""The reports in a real browser: the committed examples and pages made now, for everybody, on paper too."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import fakes
import pytest
from playwright.sync_api import Page

from evaluator.report import render_candidate_html, render_index_html

ROOT = Path(__file__).parent.parent.parent
EXAMPLES = sorted((ROOT / "reports" / "examples").rglob("*.html"))
HOSTILE = (
    "</mark><script>document.title = 'taken'</script><img src=x onerror=\"document.title='taken'\"> I listen \u202e."
)
TEXTS = (
    "I listen until the customer has finished talking. My voice stays low and my breathing slow.",
    "I argue and prove the customer wrong. My temper explodes and everything gets loud.",
    "Escucho al cliente con paciencia y le pido disculpas por la espera, siempre con calma.",
    HOSTILE,
    "word " * 400 + "a" * 400,
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Pages that the examples do not have: for a candidate, for one answer, hostile, without anything."""
    engine, folder = fakes.engine(fakes.small_bank()), tmp_path_factory.mktemp("reports")
    results = [engine.evaluate_one("rude-customer", text, f"c{number}") for number, text in enumerate(TEXTS)]
    pages = {
        "candidate": render_candidate_html(results, title_id="Ana", with_model_answers=True),
        "one": render_candidate_html(results[:1], title_id="Ana"),
        "recruiter": render_candidate_html(results, audience="recruiter", title_id="Ana"),
        "index": render_index_html(results, links={"c0": "one.html"}),
        "nothing": render_index_html([], links={}),
    }
    for name, html in pages.items():
        (folder / f"{name}.html").write_text(html, encoding="utf-8")
    return {name: folder / f"{name}.html" for name in pages}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_examples_are_accessible_and_fit(page: Page, path: Path, inspect: Callable[[Page, str], list[str]]) -> None:
    page.goto(path.as_uri())
    faults = inspect(page, path.name)
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("name", ["candidate", "one", "recruiter", "index", "nothing"])
def test_new_pages_are_accessible_and_fit(
    page: Page, made: dict[str, Path], name: str, inspect: Callable[[Page, str], list[str]]
) -> None:
    page.goto(made[name].as_uri())
    faults = inspect(page, name)
    assert not faults, "\n".join(faults)
    assert page.title() != "taken" and not page.locator("main img, main script[src]").count()


def test_paper_shows_what_is_folded(page: Page, made: dict[str, Path]) -> None:
    page.goto(made["candidate"].as_uri())
    hidden = "() => [...document.querySelectorAll('details > *:not(summary)')].filter(e => !e.checkVisibility()).length"
    folded = page.locator("details").count()
    assert page.evaluate(hidden) == folded > 10
    page.emulate_media(media="print")
    assert page.evaluate(hidden) == 0


def test_nothing_moves_for_those_who_want_it_still(page: Page, made: dict[str, Path]) -> None:
    page.emulate_media(reduced_motion="no-preference")
    page.goto(made["one"].as_uri())
    moving = "document.getAnimations().length + Number(getComputedStyle(document.documentElement).scrollBehavior === 'smooth')"
    assert page.evaluate(moving) > 0
    page.emulate_media(reduced_motion="reduce")
    assert page.evaluate(moving) == 0
