"""Renews the images of the README: a candidate's report, the overview of a batch, the local page. `make screenshots`."""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path
from threading import Thread

from playwright.sync_api import Page, sync_playwright

from evaluator.bank import load_bank
from evaluator.domain import Question, Result
from evaluator.report import render_candidate_html
from evaluator.results import read_results
from evaluator.web.server import address, create_server, open_socket

HERE = Path(__file__).parent
EXAMPLES = HERE.parent.parent / "reports" / "examples"
CANDIDATE = "C-103"
QUESTION = "rude-customer"


class Recorded:
    """Gives what the models said about the sample answers when the examples were made: the same images on every machine."""

    def __init__(self) -> None:
        """Read the examples."""
        self.bank = load_bank(None)
        self.results = read_results(EXAMPLES / "results.jsonl", self.bank)

    def vectors(self, question: Question) -> None:
        """Embed nothing."""

    def evaluate_one(self, question_id: str, text: str, candidate_id: str) -> Result:
        """Return the recorded result of an answer, which a browser may have given other line ends."""
        words = text.split()
        return next(r for r in self.results if r.answer.question_id == question_id and r.answer.text.split() == words)


def main() -> None:
    """Take the three images."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium)
        page = browser.new_page(viewport={"width": 1000, "height": 720}, reduced_motion="reduce")
        recorded = Recorded()
        report(page, [result for result in recorded.results if result.answer.candidate_id == CANDIDATE])
        overview(page)
        local_page(page, recorded)
        browser.close()


def report(page: Page, own: list[Result]) -> None:
    """Take the first screen of a candidate's own report."""
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


def local_page(page: Page, recorded: Recorded) -> None:
    """Take the self-check on the local page, with a sample answer."""
    wanted = (CANDIDATE, QUESTION)
    answer = next(r.answer.text for r in recorded.results if (r.answer.candidate_id, r.answer.question_id) == wanted)
    opened = open_socket("127.0.0.1", 0)
    server = create_server(recorded, opened, name="127.0.0.1", started=lambda: None)
    thread = Thread(target=server.run, kwargs={"sockets": [opened]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.1)
    page.set_viewport_size({"width": 1000, "height": 860})
    page.set_default_timeout(60_000)
    page.goto(f"{address(opened)}check/{QUESTION}")
    page.get_by_label("Your answer").fill(answer)
    page.locator("textarea").evaluate("field => { field.rows = 4; field.style.minHeight = '0'; }")
    page.get_by_role("button", name="Check my answer").click()
    page.locator("#feedback-title").wait_for()
    page.evaluate("scrollTo(0, 0)")
    page.locator("textarea").evaluate("field => { field.rows = 4; field.style.minHeight = '0'; }")
    page.evaluate("document.activeElement.blur()")
    page.mouse.move(0, 0)
    page.screenshot(path=HERE / "serve.png")
    server.should_exit = True
    thread.join(10)


if __name__ == "__main__":
    main()
