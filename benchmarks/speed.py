"""How long a batch takes: answers of about 60 words through the whole pipeline, models loaded before the clock starts.

python benchmarks/speed.py --answers 1000
"""

from __future__ import annotations

import argparse
import json
import time
from itertools import cycle, islice
from pathlib import Path

from evaluator.domain import Answer
from evaluator.loading import load_engine
from evaluator.text import words

ANSWERS = Path(__file__).parent.parent / "training" / "data" / "rated" / "answers.development.jsonl"
LENGTHS = range(45, 76)
"""Words that an answer has to be taken."""


def main() -> None:
    """Print seconds and answers a second."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--answers", type=int, default=1000)
    count = parser.parse_args().answers
    rows = [json.loads(line) for line in ANSWERS.read_text(encoding="utf-8").splitlines()]
    rows = [row for row in rows if len(words(row["answer"])) in LENGTHS]
    # Each copy gets a word of its own in every sentence, so that nothing remembered is used again.
    texts = (
        Answer(str(n), row["question_id"], row["answer"].replace(".", f" number{n}.") + f" number{n}")
        for n, row in enumerate(islice(cycle(rows), count))
    )
    answers = list(texts)
    engine = load_engine(cache=False)
    started = time.perf_counter()
    results = list(engine.evaluate(answers))
    seconds = time.perf_counter() - started
    length = sum(len(words(answer.text)) for answer in answers) / count
    print(f"{len(results)} answers of {length:.0f} words: {seconds:.0f} s, {count / seconds:.1f} answers a second")


if __name__ == "__main__":
    main()
