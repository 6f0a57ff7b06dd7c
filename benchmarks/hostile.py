"""Prints how long hostile texts take: judged, and shown as HTML and Markdown. None may take more than two seconds."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from hostile import TEXTS

from evaluator.loading import load_engine
from evaluator.report import render_candidate_html, render_markdown

MOST_SECONDS = 2.0


def main() -> int:
    """Measure every text once the models are warm, and return 1 where one takes too long."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--exact", action="store_true", help="word overlap in the place of the models: the program's own work"
    )
    options = parser.parse_args()
    if options.exact:
        import fakes

        engine = fakes.engine(fakes.small_bank())
    else:
        engine = load_engine(cache=False)
    engine.evaluate_one("rude-customer", "I listen to every customer until they have finished.")
    slow = 0
    print("| text | characters | judged, s | shown, s |\n|---|---|---|---|")
    for name, (text, _, _) in TEXTS.items():
        start = time.perf_counter()
        result = engine.evaluate_one("rude-customer", text)
        judged = time.perf_counter()
        render_candidate_html([result], audience="recruiter", title_id="a")
        render_markdown([result])
        shown = time.perf_counter()
        slow += shown - start > MOST_SECONDS
        print(f"| {name} | {len(text):,} | {judged - start:.2f} | {shown - judged:.2f} |")
    return int(slow > 0)


if __name__ == "__main__":
    sys.exit(main())
