"""How fast a batch is, how much memory it takes, and how far the embed stage is from what the processor can do.

python benchmarks/batch.py                                              # everything: hours
python benchmarks/batch.py --only sizes --sizes 1000                    # answers a second, and a second run
python benchmarks/batch.py --only memory --memory 1000,10000 --cheap-memory
python benchmarks/batch.py --only ray --workers 1,2 --ray-size 200
python benchmarks/batch.py --only flops

Every size runs in a process of its own, through the command line, with one thread; start-up (loading the models, embedding
the bank, scoring an answer to each question) is measured apart and taken off. A processor second is one that the process was
given: on a machine with other work it says more than the clock. Answers are those of the development part, of 1 to 400 words, each copy with a
word of its own in every sentence, so that nothing remembered is used again.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path

PARTS = ("sizes", "memory", "ray", "flops")
ROOT = Path(__file__).parent.parent
ANSWERS = ROOT / "training" / "data" / "rated" / "answers.development.jsonl"

CHEAP = """
import sys
import numpy as np
import evaluator.loading as loading
from evaluator.cli import main
class Cheap:
    def encode(self, texts, /):
        rng = np.random.default_rng(0)
        vectors = rng.standard_normal((len(texts), 384)).astype(np.float32)
        return vectors / np.maximum(1e-9, np.linalg.norm(vectors, axis=1, keepdims=True))
    def read(self, texts, /):
        return np.tile(np.float32([0, 1, 0]), (len(texts), 1))
    def judge(self, cases, /):
        return np.tile(np.float32([0, 0, 1]), (len(cases), 1))
def load_engine(bank=None, *_, **__):
    from evaluator.engine import Engine, Models
    from evaluator.spelling import Speller
    Speller.correct = lambda self, text: text
    cheap = Cheap()
    return Engine(bank, Models(cheap, "0" * 64, cheap, "cheap", cheap), loading.load_calibration())
loading.load_engine = load_engine
main(sys.argv[1:])
"""
"""The command line with models that guess in no time: for the memory of sizes that the real ones take hours for."""


def rows(count: int) -> Iterator[dict[str, str]]:
    """Yield answers with the lengths that people write."""
    known = [json.loads(line) for line in ANSWERS.read_text(encoding="utf-8").splitlines()]
    for n, row in enumerate(islice(cycle(known), count)):
        text = row["answer"].replace(".", f" number{n}.") + f" number{n}"
        yield {"candidate_id": f"c{n // 12}", "question_id": row["question_id"], "answer": text}


def write(folder: Path, count: int) -> Path:
    """Write a file of so many answers and return it."""
    path = folder / f"answers-{count}.jsonl"
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows(count))
    return path


def one_a_question() -> list[dict[str, str]]:
    """Return an answer to each question of the bank."""
    return list({row["question_id"]: row for row in rows(1000)}.values())


def score(
    path: Path, *options: str, program: str = "from evaluator.cli import main; main()"
) -> tuple[float, float, float]:
    """Score a file in a process of its own; return seconds, processor seconds and peak memory in MB."""
    measured = (
        "import resource, subprocess, sys, time; started = time.perf_counter(); "
        "done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True); "
        "assert done.returncode in (0, 3), done.stderr[-2000:]; "
        "used = resource.getrusage(resource.RUSAGE_CHILDREN); "
        "print(time.perf_counter() - started, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)"
    )
    target = path.with_suffix(".results")
    command = [sys.executable, "-c", program, "score", str(path), "-o", str(target), *options]
    done = subprocess.run([sys.executable, "-c", measured, *command], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr[-2000:])
    target.unlink(missing_ok=True)
    seconds, processor, memory = map(float, done.stdout.split())
    return seconds, processor, memory


def flops(threads: int) -> tuple[float, float]:
    """Return floating-point operations a second of the embed stage and of multiplying matrices, in units of 1e9."""
    import torch

    from evaluator.models.encoder import load_encoder
    from evaluator.text import normalise, segment

    torch.set_num_threads(threads)
    encoder, _ = load_encoder(None, threads)
    texts = [piece.text for row in rows(40) for piece in segment(normalise(row["answer"]))]
    tokens = [len(ids) for ids in encoder._model.tokenizer(texts)["input_ids"]]  # type: ignore[attr-defined]
    # A token passes 6 layers, each with 12 * 384 * 384 weights; attention adds 4 * 384 for each token it looks at.
    work = sum(6 * (2 * 12 * 384 * 384 * n + 4 * 384 * n * n) for n in tokens)
    encoder.encode(texts[:8])
    seconds = []
    for _ in range(3):
        started = time.process_time()
        encoder.encode(texts)
        seconds.append((time.process_time() - started) / threads)
    a, b = torch.rand(1024, 1024), torch.rand(1024, 1024)
    products = []
    for _ in range(7):
        started = time.process_time()
        torch.mm(a, b)
        products.append((time.process_time() - started) / threads)
    return work / statistics.median(seconds) / 1e9, 2 * 1024**3 / min(products) / 1e9


def numbers(text: str) -> list[int]:
    """Return the numbers in a list such as 1000,10000; an empty one has none."""
    return [int(part) for part in text.split(",") if part]


def parts(text: str) -> list[str]:
    """Return the names in a list of parts such as memory,ray."""
    named = [part for part in text.split(",") if part]
    if unknown := set(named) - set(PARTS):
        raise argparse.ArgumentTypeError(f"{', '.join(sorted(unknown))} is not among {', '.join(PARTS)}")
    return named


def main() -> None:
    """Print the table, a line as soon as it is measured."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--only", type=parts, default=PARTS, help=f"of {','.join(PARTS)}; all of them where none is named"
    )
    parser.add_argument("--sizes", type=numbers, default=[1000, 10_000], help="whole pipeline, real models")
    parser.add_argument("--memory", type=numbers, default=[1000, 10_000, 100_000], help="peak memory")
    parser.add_argument("--cheap-memory", action="store_true", help="peak memory with models that guess; says so")
    parser.add_argument("--workers", type=numbers, default=[1, 2], help="Ray, threads of one")
    parser.add_argument("--ray-size", type=int, default=1000)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    print(f"| measured, {options.threads} thread(s) | figure |\n|---|---|", flush=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["EVALUATOR_CACHE"] = str(folder / "cache")  # nothing is known from before, nothing of this is left
        few = folder / "few.jsonl"
        few.write_text("".join(json.dumps(row) + "\n" for row in one_a_question()), encoding="utf-8")
        if {"sizes", "ray"} & set(options.only):
            score(few)  # prepares the models
        if "sizes" in options.only:
            measure_sizes(folder, few, options.sizes, options.threads)
        if "memory" in options.only:
            measure_memory(folder, options.memory, options.threads, cheap=options.cheap_memory)
        if "ray" in options.only:
            measure_ray(folder, few, options.workers, options.ray_size)
    if "flops" in options.only:
        achieved, peak = flops(options.threads)
        share = f"{achieved / peak:.0%}"
        line("embed stage", f"{achieved:.0f} GFLOP/s of {peak:.0f} that a matrix product reaches: {share}")


def measure_sizes(folder: Path, few: Path, sizes: list[int], threads: int) -> None:
    """Print answers a second of the whole pipeline, and how long a second run takes, start-up and all."""
    options = ("--threads", str(threads))
    start, start_processor, memory = score(few, *options)
    line("start-up: models, bank, an answer a question", f"{start:.1f} s, {memory:.0f} MB")
    for size in sizes:
        path = write(folder, size)
        seconds, processor, memory = score(path, *options)
        rate, processor_rate = size / (seconds - start), size / (processor - start_processor)
        figures = f"{rate:.1f} answers/s, {processor_rate:.1f} a processor second, {memory:.0f} MB"
        line(f"{size:,} answers, real models", figures)
        again, _, _ = score(path, *options)
        times = f"{seconds / again:.1f} times as fast"
        line(f"{size:,} answers, second run", f"{again:.1f} s against {seconds:.1f} s: {times}")


def measure_memory(folder: Path, sizes: list[int], threads: int, *, cheap: bool) -> None:
    """Print the peak memory of batches of several sizes."""
    program = CHEAP if cheap else "from evaluator.cli import main; main()"
    kind = "models that guess" if cheap else "real models"
    first = 0.0
    for size in sizes:
        seconds, _, memory = score(write(folder, size), "--threads", str(threads), program=program)
        first = first or memory
        figures = f"{memory:.0f} MB, {memory / first:.2f} of the first; {seconds:.0f} s"
        line(f"{size:,} answers, peak memory, {kind}", figures)


def measure_ray(folder: Path, few: Path, workers: list[int], size: int) -> None:
    """Print answers a second on Ray for several numbers of workers of one thread, start-up apart."""
    rates: list[float] = []
    for number in workers:
        ray = ("--engine", "ray", "--workers", str(number), "--threads", "1")
        idle, _, _ = score(few, *ray)
        seconds, _, _ = score(write(folder, size), *ray)
        rates.append(size / (seconds - idle))
        figures = f"{rates[-1]:.1f} answers/s, {rates[-1] / rates[0]:.2f} of the first; start-up {idle:.1f} s"
        line(f"Ray, {number} worker(s) of one thread, {size:,} answers", figures)


def line(what: str, figure: str) -> None:
    """Print a row of the table."""
    print(f"| {what} | {figure} |", flush=True)


if __name__ == "__main__":
    main()
