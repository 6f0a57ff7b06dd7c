"""The reports in a real browser: the committed examples and pages made now, for everybody, on paper too."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import fakes
import pypdf
import pytest
from playwright.sync_api import Page, expect

from evaluator.report import render_candidate_html, render_index_html

ROOT = Path(__file__).parent.parent.parent
EXAMPLES = sorted((ROOT / "reports" / "examples").rglob("*.html"))
HOSTILE = (
    "</mark><script>document.title = 'taken'</script><img src=x onerror=\"document.title='taken'\"> I listen \u202e."
)
CROWD = 60
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
    crowd = [
        replace(result, answer=replace(result.answer, candidate_id=f"person-{number:02}"), score=score)
        for number in range(CROWD)
        for result in (results[number % 3],)
        for score in (result.score if result.score is None else float(number * 37 % 100),)
    ]
    pages = {
        "candidate": render_candidate_html(results, title_id="Ana", with_model_answers=True),
        "one": render_candidate_html(results[:1], title_id="Ana"),
        "recruiter": render_candidate_html(results, audience="recruiter", title_id="Ana"),
        "index": render_index_html(results, links={"c0": "one.html"}),
        "crowd": render_index_html(crowd, links={}),
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


@pytest.mark.parametrize("name", ["candidate", "one", "recruiter", "index", "crowd", "nothing"])
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


LIGHTNESS = """() => [getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color].map(
  colour => colour.match(/\\d+/g).slice(0, 3).reduce((sum, part) => sum + Number(part), 0) / 765)"""


@pytest.mark.parametrize("name", ["candidate", "index"])
def test_dark_is_dark_and_paper_is_white_even_then(page: Page, made: dict[str, Path], name: str) -> None:
    page.goto(made[name].as_uri())
    for media, scheme, dark in (("screen", "light", False), ("screen", "dark", True), ("print", "dark", False)):
        page.emulate_media(media=media, color_scheme=scheme)  # type: ignore[arg-type]
        ground, ink = page.evaluate(LIGHTNESS)
        assert (ground < 0.2 and ink > 0.8) if dark else (ground > 0.9 and ink < 0.2), (media, scheme, ground, ink)


def test_paper_holds_the_whole_overview(page: Page, made: dict[str, Path]) -> None:
    page.goto(made["crowd"].as_uri())
    inner = "() => [...document.querySelectorAll('.scroll')].filter(e => e.scrollHeight > e.clientHeight + 1).length"
    assert page.evaluate(inner) == 2, "the ranking and the map scroll on a screen"
    page.emulate_media(media="print")
    assert page.evaluate(inner) == 0
    expect(page.locator("#tools")).to_be_hidden()
    reader = pypdf.PdfReader(io.BytesIO(page.pdf(format="A4")))
    text = " ".join(sheet.extract_text() for sheet in reader.pages)
    assert all(text.count(f"person-{number:02}") >= 2 for number in range(CROWD)), "in the ranking and in the map"


def first(page: Page) -> str:
    return page.locator("#ranking tbody tr:visible th").first.inner_text()


def test_questions_with_too_few_answers_for_figures_are_sorted_last(page: Page, made: dict[str, Path]) -> None:
    page.goto(made["crowd"].as_uri())
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    table = page.locator("section[aria-labelledby=questions] table")
    row = table.locator("tbody tr").first
    row.evaluate(
        'row => { row.innerHTML = \'<th>x</th><td data-key="" colspan="6">too few</td><td>1</td><td data-key=""></td><td data-key=""></td><td></td>\'; }'
    )
    table.get_by_role("button", name="Difficulty").click()
    assert not faults
    expect(table.locator("tbody tr").last.locator("th")).to_have_text("x")


def test_the_overview_sorts_and_filters(page: Page, made: dict[str, Path]) -> None:
    page.goto(made["crowd"].as_uri())
    shown = page.locator("#ranking tbody tr:visible")
    best = first(page)
    expect(shown).to_have_count(CROWD)
    page.get_by_role("button", name="Candidate").first.click()
    assert first(page) == "person-00" != best
    page.get_by_role("button", name="Candidate").first.press("Enter")
    assert first(page) == "person-59"
    page.locator("#ranking").get_by_role("button", name="Mean score").click()
    assert first(page) == best
    column = page.locator(".heat thead th").nth(2)
    column.get_by_role("button").click()
    cells = page.locator(".heat tbody td:nth-child(3)").all_inner_texts()
    scores = [float(cell.split()[0]) for cell in cells if cell[0].isdigit()]
    assert scores == sorted(scores, reverse=True) and len(scores) == 40, "what has no score comes last"
    assert all(cell[0].isdigit() for cell in cells[:40])
    page.get_by_label("Find a candidate").fill("person-1")
    expect(shown).to_have_count(10)
    expect(page.get_by_role("status")).to_have_text("10 of 60 candidates shown, here and in the map")
    page.get_by_label("Show").select_option("unscored")
    expect(shown).to_have_count(3)


@pytest.mark.parametrize("page", [{"java_script_enabled": False}], indirect=True)
def test_the_overview_says_everything_without_its_script(page: Page, made: dict[str, Path]) -> None:
    page.goto(made["crowd"].as_uri())
    expect(page.locator("#ranking tbody tr:visible")).to_have_count(CROWD)
    expect(page.locator("#tools")).to_be_hidden()
    expect(page.locator("#ranking button")).to_have_count(0)


def test_nothing_moves_for_those_who_want_it_still(page: Page, made: dict[str, Path]) -> None:
    page.emulate_media(reduced_motion="no-preference")
    page.goto(made["one"].as_uri())
    moving = "document.getAnimations().length + Number(getComputedStyle(document.documentElement).scrollBehavior === 'smooth')"
    assert page.evaluate(moving) > 0
    page.emulate_media(reduced_motion="reduce")
    assert page.evaluate(moving) == 0
