"""How large the reports are, how soon a browser shows them, and how long twenty visitors of the local page wait.

python benchmarks/reports.py
python benchmarks/reports.py --candidates 100 --visitors 0

The batch is made of the committed examples, which the real models judged, given to candidate after candidate: as they
are, and with every answer waiting for a person, which makes the longest page. The browser is the chromium of the system.
Visitors ask the real server with the real models all at the same moment. Times are medians of five where not said
otherwise; a processor second is one that the page's thread was given: on a machine with other work it says more than
the clock.
"""

from __future__ import annotations

import argparse
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import cycle, islice
from pathlib import Path
from threading import Barrier, Thread

from evaluator.bank import load_bank
from evaluator.domain import Flag, FlagKind, Result
from evaluator.page_names import page_name
from evaluator.report import render_candidate_html, render_index_html
from evaluator.results import read_results

ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "reports" / "examples" / "results.jsonl"
TIMES = 5
PATIENCE = 600_000
"""Milliseconds."""
OVERVIEW_BYTES, REPORT_BYTES, OPEN_SECONDS = 5_000_000, 300_000, 2.0
"""The bars that figures are printed beside."""

NEXT_FRAME = "new Promise(done => requestAnimationFrame(() => setTimeout(() => done(performance.now()))))"
LOADED = "performance.getEntriesByType('navigation')[0].loadEventEnd"
SORT = f"""async () => {{
  const first = () => document.querySelector("#ranking tbody th").textContent, before = first(), start = performance.now();
  document.querySelector("#ranking thead th:nth-child(3) button").click();
  document.querySelector("#ranking thead th:nth-child(3) button").click();
  return [(await {NEXT_FRAME} - start) / 2, before !== first()];
}}"""
"""Sorts by mean score, best and then worst first; returns milliseconds a click and whether another row is on top."""


@dataclass(frozen=True, slots=True)
class Opened:
    """How a browser took a page, in seconds."""

    load: float
    """From navigation to the event `load`."""
    ready: float
    """From navigation to the first frame that shows the ranked table with its sort buttons."""
    sort: float
    """From a click on a header to the frame that shows the new order."""
    processor: float
    """Work of the page's main thread up to `ready`."""


def batch(candidates: int, questions: int, *, waiting: bool) -> list[Result]:
    """Return results of so many candidates, each with answers to so many questions; all waiting for a person, or some."""
    by_candidate: dict[str, list[Result]] = {}
    for result in read_results(EXAMPLES, load_bank(None)):
        by_candidate.setdefault(result.answer.candidate_id, []).append(result)
    results = []
    for number, own in enumerate(islice(cycle(by_candidate.values()), candidates)):
        for result in own[:questions]:
            # A point apart and more, so that the order is not that of the ids.
            score = None if result.score is None else round((result.score + number * 7) % 100, 1)
            answer = replace(result.answer, candidate_id=f"candidate-{number:04}")
            results.append(replace(result, answer=answer, score=score))
    return [flagged(result) for result in results] if waiting else results


def flagged(result: Result) -> Result:
    """Return a result with one flag more that calls for a person, with the first sentence as its evidence."""
    evidence = tuple(found for point in result.points for found in point.evidence)[:1]
    flag = Flag(
        FlagKind.GAMING, "padding", "Many words, and next to nothing in them that the question asks for.", evidence
    )
    return replace(result, needs_review=True, flags=(*result.flags, flag))


def render(results: list[Result], path: Path) -> None:
    """Write the overview to a file and print seconds and megabytes."""
    candidates = dict.fromkeys(result.answer.candidate_id for result in results)
    links = {candidate: f"{page_name(candidate)}.html" for candidate in candidates}
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    started, processor = time.perf_counter(), time.process_time()
    page = render_index_html(results, links=links)
    seconds, processor = time.perf_counter() - started, time.process_time() - processor
    path.write_text(page, encoding="utf-8")
    print(seconds, processor, before, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def open_page(path: Path) -> Opened:
    """Return how chromium takes a page, the median of several times."""
    from playwright.sync_api import sync_playwright

    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        sys.exit("No browser: neither chromium nor google-chrome is installed. On Debian: apt-get install chromium")
    measured = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, timeout=PATIENCE)
        for _ in range(TIMES):
            context = browser.new_context(viewport={"width": 1280, "height": 800})
            page = context.new_page()
            page.set_default_timeout(PATIENCE)
            inside = context.new_cdp_session(page)
            inside.send("Performance.enable", {"timeDomain": "threadTicks"})
            page.goto(path.as_uri(), wait_until="load")
            ready, load = page.evaluate(NEXT_FRAME), page.evaluate(LOADED)
            work = {one["name"]: one["value"] for one in inside.send("Performance.getMetrics")["metrics"]}
            if not page.evaluate("document.querySelector('#ranking th button').checkVisibility()"):
                sys.exit("The ranked table cannot be seen or sorted.")
            sort, moved = page.evaluate(SORT)
            if not moved:
                sys.exit("A click on a header does not sort the table.")
            measured.append((load / 1000, ready / 1000, sort / 1000, work["TaskDuration"]))
            context.close()
        browser.close()
    return Opened(*map(statistics.median, zip(*measured, strict=True)))


@contextmanager
def serving(fake: bool) -> Iterator[str]:
    """Yield the address of a running server."""
    from evaluator.loading import load_engine
    from evaluator.web.server import address, create_server, open_socket

    if fake:
        sys.path.append(str(ROOT / "tests"))
        import fakes

        engine = fakes.engine(load_bank(None))
    else:
        engine = load_engine()
    for question in engine.bank.questions:
        engine.vectors(question)
    opened = open_socket("127.0.0.1", 0)
    server = create_server(engine, opened, name="127.0.0.1", started=lambda: None)
    thread = Thread(target=server.run, kwargs={"sockets": [opened]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    yield address(opened).rstrip("/")
    server.should_exit = True
    thread.join(30)


def visits(people: int, *, fake: bool) -> list[float]:
    """Return how many seconds each of so many people waits for feedback, all asking at the same moment."""
    import httpx2

    answers = [result.answer for result in read_results(EXAMPLES, load_bank(None)) if result.score is not None]
    together = Barrier(people)

    def visit(number: int) -> float:
        answer = answers[number * 5 % len(answers)]
        with httpx2.Client(base_url=site, headers={"Origin": site}, follow_redirects=True, timeout=600) as visitor:
            form = visitor.get(f"/check/{answer.question_id}").text
            (token,) = set(re.findall(r'name="form_token" value="([^"]+)"', form))
            together.wait()
            started = time.perf_counter()
            sent = {"form_token": token, "answer": f"{answer.text} I am number {number}."}
            page = visitor.post(f"/check/{answer.question_id}", data=sent)
            seconds = time.perf_counter() - started
        if page.status_code != 200 or f"number {number}." not in page.text:
            sys.exit(f"Visitor {number} got no feedback: {page.status_code}")
        return seconds

    with serving(fake) as site, ThreadPoolExecutor(people) as crowd:
        return list(crowd.map(visit, range(people)))


def main() -> None:
    """Print the table, a line as soon as it is measured."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--candidates", type=int, default=1000)
    parser.add_argument("--questions", type=int, default=12, help="answers of each, 12 at most")
    parser.add_argument("--visitors", type=int, default=20, help="0 leaves them out")
    parser.add_argument("--fake-visitors", action="store_true", help="judge visitors by word overlap; says so")
    parser.add_argument("--no-pages", action="store_true", help="visitors only")
    parser.add_argument("--render", type=Path, metavar="FILE", help="write one overview, print figures of it, and end")
    parser.add_argument("--waiting", action="store_true", help="with --render: every answer waits for a person")
    options = parser.parse_args()
    if options.render:
        render(batch(options.candidates, options.questions, waiting=options.waiting), options.render)
        return
    print("| measured | figure | bar |\n|---|---|---|", flush=True)
    if not options.no_pages:
        print_reports()
        print_overviews(options.candidates, options.questions)
    if options.visitors:
        waits = visits(options.visitors, fake=options.fake_visitors)
        kind = "word overlap" if options.fake_visitors else "real models"
        figure = f"median {statistics.median(waits):.1f} s, slowest {max(waits):.1f} s; all answered"
        print(f"| {options.visitors} self-checks at the same moment, {kind} | {figure} | none fails |")


def print_reports() -> None:
    """Print the size of a candidate's report."""
    results = batch(6, 12, waiting=False)
    for audience in ("candidate", "recruiter"):
        sizes = [
            len(render_candidate_html(results[i : i + 12], audience=audience, title_id="c").encode())  # type: ignore[arg-type]
            for i in range(0, len(results), 12)
        ]
        figure = f"{statistics.median(sizes):,.0f} bytes, largest of 6 {max(sizes):,}"
        print(f"| report of 12 answers for the {audience} | {figure} | {REPORT_BYTES:,} |", flush=True)


def print_overviews(candidates: int, questions: int) -> None:
    """Print sizes and times of the two overviews."""
    size = ["--candidates", str(candidates), "--questions", str(questions)]
    for kind, more in (("as judged", []), ("every answer waiting", ["--waiting"])):
        name = f"{candidates:,} candidates, {questions} answers each, {kind}"
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "index.html"
            command = [sys.executable, __file__, "--render", str(path), *size, *more]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                sys.exit(done.stderr[-2000:])
            seconds, processor, before, peak = map(float, done.stdout.split())
            print(f"| {name}: size | {path.stat().st_size:,} bytes | {OVERVIEW_BYTES:,} |")
            figure = f"{seconds:.1f} s, {processor:.1f} processor seconds; {peak:.0f} MB at most, {peak - before:.0f} more than before"
            print(f"| {name}: rendering, once | {figure} | |", flush=True)
            seen = open_page(path)
        print(f"| {name}: `load` | {seen.load:.2f} s | {OPEN_SECONDS:g} s |")
        print(
            f"| {name}: ranked table visible and sortable | {seen.ready:.2f} s, {seen.processor:.2f} processor seconds | {OPEN_SECONDS:g} s |"
        )
        print(f"| {name}: click on a header | {seen.sort:.2f} s | |", flush=True)


if __name__ == "__main__":
    main()
