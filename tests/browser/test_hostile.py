"""Payloads in every field of every page, in a real browser: nothing is run, asked for, opened or sent."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import fakes
import pytest
from hostile import EXTRA, FIRE, PAYLOADS, poisoned, rendered
from playwright.sync_api import Browser, Page, expect

from evaluator.destination import Destination
from evaluator.domain import Answer
from evaluator.outputs import write_results
from evaluator.stored import HeldResults

WITHOUT_POLICY = pytest.mark.parametrize("bypass_csp", [False, True], ids=["as it is", "without its policy"])
"""The policy in a page's head would stop what gets past the escaping: without it, the escaping stands alone."""

TOUCH_EVERYTHING = """() => {
  for (const one of document.querySelectorAll("details")) one.open = true;
  for (const one of document.querySelectorAll("body *"))
    for (const kind of ["mouseover", "focus", "toggle", "animationstart", "load", "error"])
      one.dispatchEvent(new Event(kind));
}"""


@pytest.fixture
def watched(browser: Browser) -> Callable[[bool], tuple[Page, list[str]]]:
    """Return a function that opens a page which notes everything that a page of text does not do."""

    def opened(bypass_csp: bool) -> tuple[Page, list[str]]:
        context = browser.new_context(bypass_csp=bypass_csp)
        page, done = context.new_page(), []
        page.on("dialog", lambda dialog: (done.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.on("request", lambda asked: done.append(f"request: {asked.url}") if is_foreign(asked.url) else None)
        page.on("console", lambda message: done.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: done.append(f"error: {error}"))
        context.on("page", lambda other: done.append(f"window: {other.url}") if other != page else None)
        return page, done

    return opened


def is_foreign(url: str) -> bool:
    return not url.startswith(("file://", "http://127.0.0.1:"))


def fired(page: Page) -> bool:
    page.evaluate(TOUCH_EVERYTHING)
    page.wait_for_timeout(50)
    return bool(page.evaluate("window.fired || window.frames.length"))


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Every page with all payloads, one behind the other, in each of its fields; and a page of its own for each payload."""
    folder = tmp_path_factory.mktemp("hostile")
    made = {}
    for number, text in enumerate([*PAYLOADS, " ".join(PAYLOADS)]):
        for name, page in rendered(poisoned(text)).items():
            if name == "recruiter.html" or (number == len(PAYLOADS) and name.endswith(".html")):
                made[f"{number}-{name}"] = folder / f"{number}-{name}"
                made[f"{number}-{name}"].write_text(page, encoding="utf-8")
    return made


@WITHOUT_POLICY
def test_nothing_fires_in_a_report(
    pages: dict[str, Path], watched: Callable[[bool], tuple[Page, list[str]]], bypass_csp: bool
) -> None:
    page, done = watched(bypass_csp)
    for name, path in pages.items():
        page.goto(path.as_uri())
        assert not fired(page) and not done, (name, done)
        assert page.url == path.as_uri()
    assert len(pages) == len(PAYLOADS) + 4
    page.context.close()


def test_nothing_fires_in_a_whole_report_set(watched: Callable[[bool], tuple[Page, list[str]]], tmp_path: Path) -> None:
    answers = [Answer(text, "rude-customer", f"I listen. {text}", extra={EXTRA: text}) for text in PAYLOADS]
    results = HeldResults(fakes.engine(fakes.small_bank()).evaluate(answers))
    write_results(results, Destination(("html",), tmp_path, True), show_names=EXTRA)
    page, done = watched(True)
    page.goto((tmp_path / "index.html").as_uri())
    links = page.locator("a[href$='.html']").evaluate_all("all => all.map(one => one.href)")
    assert len(set(links)) == len(PAYLOADS)
    for link in links[:3]:
        page.goto(link)
        assert not fired(page) and not done, done
    page.context.close()


@WITHOUT_POLICY
def test_nothing_fires_on_the_local_page(
    site: str, watched: Callable[[bool], tuple[Page, list[str]]], bypass_csp: bool
) -> None:
    page, done = watched(bypass_csp)
    page.goto(f"{site}check/rude-customer")
    page.locator("textarea").fill("I listen to them. " + " ".join(PAYLOADS))
    page.get_by_role("button", name="Check my answer").click()
    expect(page.locator(".answer, .quoted, mark, blockquote").first).to_be_visible()
    expect(page.locator("main")).to_contain_text("window.fired")
    assert not fired(page) and not done, done
    page.context.close()


def test_the_watch_sees_what_fires(watched: Callable[[bool], tuple[Page, list[str]]], tmp_path: Path) -> None:
    """So that the tests above can fail: unescaped, the payloads run, and ask for others."""
    page, done = watched(True)
    path = tmp_path / "open.html"
    path.write_text(f"<!DOCTYPE html><meta charset=utf-8><p>{PAYLOADS[2]}</p><img src='https://hostile.invalid/i'>")
    page.goto(path.as_uri())
    assert fired(page) and any("hostile.invalid" in what for what in done) and FIRE in path.read_text()
    page.context.close()
