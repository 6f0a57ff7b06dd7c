"""The local page in a real browser: with and without scripts, by keyboard alone, for everybody."""

from __future__ import annotations

import io
import json
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from openpyxl import Workbook
from playwright.sync_api import Page, expect

GOOD = "I listen until the customer has finished talking. My voice stays low and my breathing slow."
BAD = "I argue and prove the customer wrong. My temper explodes and everything gets loud."
NO_SCRIPT = pytest.mark.parametrize("page", [{"java_script_enabled": False}], indirect=True)
ANSWERS = f"""candidate_id,question_id,answer
Ana,rude-customer,"{GOOD}"
Ben,rude-customer,"{BAD}"
Ben,own-question,
Ben,unknown,I listen.
"""
TIMEOUT = 60_000
"""Milliseconds."""

SPEECH = """window.SpeechRecognition = class {
  start() {
    setTimeout(() => {
      const result = Object.assign([{ transcript: " and I stay calm " }], { isFinal: true });
      this.onresult({ resultIndex: 0, results: [result] });
    }, 50);
  }
  stop() { this.onend(); }
};"""


def workbook(rows: int) -> bytes:
    book = Workbook()
    book.active.append(["candidate_id", "question_id", "answer"])
    for number in range(rows):
        book.active.append([f"c{number:03}", "rude-customer", f"{GOOD} I am number {number}."])
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def give(page: Page, site: str, name: str, content: str | bytes) -> None:
    page.goto(f"{site}batch")
    data = content.encode() if isinstance(content, str) else content
    page.set_input_files("#file", {"name": name, "mimeType": "application/octet-stream", "buffer": data})
    page.get_by_role("button", name="Upload and check columns").click()


def walk(page: Page, site: str) -> Iterator[str]:
    """Go to every page in every state, and yield its name when there."""
    yield from walk_self_check(page, site)
    yield from walk_batch(page, site)


def walk_self_check(page: Page, site: str) -> Iterator[str]:
    page.goto(site)
    yield "start"
    page.goto(f"{site}check/rude-customer")
    yield "question"
    page.get_by_role("button", name="Check my answer").click()
    page.get_by_text("Write an answer first.").wait_for()
    yield "nothing written"
    for text, name in (
        (BAD, "red flag"),
        (GOOD, "second attempt"),
        ("Escucho al cliente con mucha paciencia.", "unscored"),
    ):
        page.locator("textarea").fill(text)
        page.get_by_label("Show model answers").check()
        page.get_by_role("button", name="Check").click()
        page.get_by_text(text[:20]).nth(1).wait_for()
        yield name
    page.goto(f"{site}check")
    yield "questions with scores"


def walk_batch(page: Page, site: str) -> Iterator[str]:
    page.goto(f"{site}nothing-here")
    yield "error"
    give(page, site, "broken.pdf", "%PDF")
    yield "refused upload"
    give(page, site, "odd.csv", "who,said\nx,y\n")
    yield "unknown columns"
    page.get_by_role("button", name="Delete this file").click()
    give(page, site, "form.csv", f"id,How do you handle a rude customer?,Site\nx,{GOOD},North\n")
    yield "wide columns"
    give(page, site, "answers.csv", ANSWERS)
    yield "long columns"
    page.get_by_role("button", name="Score 4 answers").click()
    page.get_by_role("link", name="Open the overview").wait_for()
    yield "results"
    page.get_by_role("link", name="Open the overview").click()
    yield "overview"
    page.get_by_role("link", name="Ben").first.click()
    yield "candidate in the batch"
    page.goto(f"{site}batch")
    yield "list of batches"


def test_every_page_is_accessible_and_fits(page: Page, site: str, inspect: Callable[[Page, str], list[str]]) -> None:
    faults, seen = [], []
    for name in walk(page, site):
        faults += inspect(page, name)
        seen.append(name)
    assert not faults, "\n".join(faults)
    assert len(seen) == len(set(seen)) == 16


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until an element has the focus, as somebody without a mouse does; every stop on the way is visible."""
    for _ in range(60):
        page.keyboard.press("Tab")
        there, seen = page.evaluate(
            """selector => {
              const active = document.activeElement, box = active.getBoundingClientRect();
              const ring = getComputedStyle(active).outlineStyle;
              return [active.matches(selector), box.width > 0 && box.left >= 0 && ring !== "none"];
            }""",
            selector,
        )
        assert seen, page.evaluate("document.activeElement.outerHTML.slice(0, 200)")
        if there:
            return
    raise AssertionError(f"Tab never reaches {selector}")


def test_the_whole_self_check_by_keyboard(page: Page, site: str) -> None:
    page.goto(site)
    tab_to(page, ".skip")
    page.keyboard.press("Enter")
    tab_to(page, "main a[href='/check']")
    page.keyboard.press("Enter")
    page.wait_for_url("**/check")
    tab_to(page, "main a[href='/check/rude-customer']")
    page.keyboard.press("Enter")
    page.wait_for_url("**/rude-customer")
    tab_to(page, "textarea")
    page.keyboard.type("I listen until the customer has finished talking.")
    expect(page.locator("[data-words]")).to_have_text("8 words")
    tab_to(page, "form button.button")
    page.keyboard.press("Space")
    expect(page.locator("#feedback-title")).to_be_focused()
    tab_to(page, "#feedback summary")
    page.keyboard.press("Enter")
    expect(page.locator("#feedback details[open]").first).to_be_visible()
    tab_to(page, ".next a[href='#own-words']")
    page.keyboard.press("Enter")
    expect(page.locator("textarea")).to_be_focused()
    page.keyboard.press("Control+End")
    page.keyboard.type(" My voice stays low and my breathing slow.")
    tab_to(page, "form button.button")
    page.keyboard.press("Enter")
    expect(page.locator("#feedback-title")).to_have_text("Feedback on attempt 2")
    expect(page.locator(".attempts li")).to_have_count(2)
    tab_to(page, ".next a[download]")
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    report = Path(download.value.path()).read_text(encoding="utf-8")
    assert "breathing slow" in report and report.startswith("<!DOCTYPE html>")


@NO_SCRIPT
def test_without_scripts_the_self_check_works(page: Page, site: str) -> None:
    page.goto(f"{site}check")
    page.get_by_role("link", name="rude customer").click()
    page.get_by_label("Your answer").fill(GOOD)
    page.get_by_role("button", name="Check my answer").click()
    assert page.url.endswith("/check/rude-customer#feedback")
    expect(page.get_by_role("heading", name="Feedback")).to_be_visible()
    expect(page.get_by_role("button", name="Dictate")).to_be_hidden()


@NO_SCRIPT
def test_without_scripts_a_batch_works(page: Page, site: str) -> None:
    give(page, site, "answers.csv", ANSWERS)
    page.get_by_role("button", name="Score 4 answers").click()
    deadline = time.monotonic() + TIMEOUT / 1000
    overview, again = (page.get_by_role("link", name=name) for name in ("Open the overview", "Look again"))
    while time.monotonic() < deadline and not overview.count():  # a page that is being loaded has neither
        page.wait_for_timeout(200)
        if again.count():
            again.click()
    overview.click()
    expect(page.get_by_role("link", name="Ana").first).to_be_visible()


def test_two_hundred_answers_from_a_workbook(page: Page, site: str) -> None:
    give(page, site, "answers.xlsx", workbook(200))
    expect(page.get_by_text("200 answers of 200 candidates")).to_be_visible()
    page.get_by_role("button", name="Score 200 answers").click()
    expect(page.get_by_role("progressbar", name="Answers scored")).to_be_visible()
    link = page.get_by_role("link", name="Download everything")
    link.wait_for(timeout=5 * TIMEOUT)
    with page.expect_download() as download:
        link.click()
    archive = zipfile.ZipFile(download.value.path())
    assert sum(name.endswith(".html") for name in archive.namelist()) == 201
    results = archive.read("reports/results.jsonl").decode().splitlines()
    assert [json.loads(line)["candidate_id"] for line in results] == [f"c{number:03}" for number in range(200)]
    page.get_by_role("link", name="Open the overview").click()
    page.get_by_role("link", name="c000").first.click()
    expect(page.get_by_text("number 0").first).to_be_visible()
    page.goto(f"{site}batch")
    page.get_by_role("link", name="answers.xlsx").click()
    page.get_by_role("button", name="Delete this batch").click()
    expect(page.get_by_text("answers.xlsx")).to_have_count(0)


def test_feedback_keeps_still_for_those_who_want_it(page: Page, site: str) -> None:
    moving = "document.getAnimations().length + Number(getComputedStyle(document.documentElement).scrollBehavior === 'smooth')"
    for motion, still in (("no-preference", False), ("reduce", True)):
        page.emulate_media(reduced_motion=motion)  # type: ignore[arg-type]
        page.goto(f"{site}check/rude-customer")
        page.locator("textarea").fill(f"{GOOD} {motion}")
        page.locator("form:has(textarea) button[type=submit], form:has(textarea) button:not([type])").first.click()
        expect(page.locator("#feedback-title")).to_be_visible()
        assert (page.evaluate(moving) == 0) == still, motion


def test_what_is_dictated_goes_into_the_answer(page: Page, site: str) -> None:
    page.add_init_script(SPEECH)
    page.goto(f"{site}check/rude-customer")
    page.get_by_label("Your answer").fill("I listen")
    expect(page.get_by_text("your browser may send what you say to its maker")).to_be_visible()
    page.get_by_role("button", name="Dictate").click()
    expect(page.get_by_label("Your answer")).to_have_value("I listen and I stay calm")
    page.get_by_role("button", name="Stop dictating").click()
    expect(page.get_by_role("button", name="Dictate")).to_have_attribute("aria-pressed", "false")


def test_a_server_that_does_not_answer_loses_no_text(page: Page, site: str) -> None:
    page.goto(f"{site}check/rude-customer")
    page.evaluate("() => { window.fetch = () => Promise.reject(new TypeError('Failed to fetch')); }")
    page.get_by_label("Your answer").fill(GOOD)
    page.get_by_role("button", name="Check my answer").click()
    expect(page.get_by_role("status")).to_have_text("The program does not answer. Is it still running?")
    expect(page.get_by_label("Your answer")).to_have_value(GOOD)
    expect(page.get_by_role("button", name="Check my answer")).to_be_enabled()


def test_a_file_that_is_too_large_is_not_sent(page: Page, site: str) -> None:
    page.goto(f"{site}batch")
    page.evaluate("document.querySelector('[data-max-bytes]').dataset.maxBytes = '10'")
    page.set_input_files("#file", {"name": "a.csv", "mimeType": "text/csv", "buffer": ANSWERS.encode()})
    page.get_by_role("button", name="Upload and check columns").click()
    expect(page.get_by_role("status")).to_contain_text("larger than")
    assert page.url == f"{site}batch"
