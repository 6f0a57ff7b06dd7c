"""Renews the images of the README: a candidate's report, the overview of a batch, the local page. `make screenshots`."""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path
from threading import Thread

from playwright.sync_api import Page, sync_playwright

from evaluator.bank import load_bank
from evaluator.loading import load_engine
from evaluator.report import render_candidate_html
from evaluator.results import read_results
from evaluator.web.server import address, create_server, open_socket

HERE = Path(__file__).parent
EXAMPLES = HERE.parent.parent / "reports" / "examples"
CANDIDATE = "C-103"
ANSWER = (
    "I let them finish without interrupting and keep my voice low. I say sorry for the wait and look for the real problem. "
    "If it is about the price, I call the insurer while they sit down."
)


def main() -> None:
    """Take the three images."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium)
        page = browser.new_page(viewport={"width": 1000, "height": 720}, reduced_motion="reduce")
        report(page)
        overview(page)
        local_page(page)
        browser.close()


def report(page: Page) -> None:
    """Take the first screen of a candidate's own report."""
    results = read_results(EXAMPLES / "results.jsonl", load_bank(None))
    own = [result for result in results if result.answer.candidate_id == CANDIDATE]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "report.html"
        file.write_text(render_candidate_html(own, audience="candidate", title_id=CANDIDATE), encoding="utf-8")
        page.goto(file.as_uri())
        page.screenshot(path=HERE / "report.png")


def overview(page: Page) -> None:
    """Take the first screen of the committed overview."""
    page.set_viewport_size({"width": 1180, "height": 760})
    page.goto((EXAMPLES / "index.html").as_uri())
    page.screenshot(path=HERE / "overview.png")


def local_page(page: Page) -> None:
    """Take the self-check on the local page, judged by the real models."""
    opened = open_socket("127.0.0.1", 0)
    server = create_server(load_engine(), opened, name="127.0.0.1", started=lambda: None)
    thread = Thread(target=server.run, kwargs={"sockets": [opened]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.1)
    page.set_viewport_size({"width": 1000, "height": 860})
    page.set_default_timeout(300_000)
    page.goto(f"{address(opened)}check/rude-customer")
    page.get_by_label("Your answer").fill(ANSWER)
    page.locator("textarea").evaluate("field => { field.rows = 4; field.style.minHeight = '0'; }")
    page.get_by_role("button", name="Check my answer").click()
    page.locator("#feedback-title").wait_for()
    page.evaluate("scrollTo(0, 0)")
    page.locator("textarea").evaluate("field => { field.rows = 4; field.style.minHeight = '0'; }")
    page.evaluate("document.activeElement.blur()")
    page.screenshot(path=HERE / "serve.png")
    server.should_exit = True
    thread.join(10)


if __name__ == "__main__":
    main()
