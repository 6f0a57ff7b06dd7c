"""How fast the tool is beside a plain sentence-transformers script, and whether the compiled runtime judges as the reference.

python benchmarks/runtime.py                        # everything, on 500 rated answers
python benchmarks/runtime.py cold help --repeats 5  # some parts
python benchmarks/runtime.py agreement --answers 100

Peer and tool take turns in one run; what is printed are medians and their ratio, for times differ from machine to machine and from
one minute to the next. The peer embeds whole answers and takes the cosine to a model answer; it judges nothing.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from itertools import cycle, islice
from pathlib import Path
from statistics import median

from evaluator.domain import Answer
from evaluator.loading import load_engine
from evaluator.models.encoder import SentenceTransformerEncoder, default_model_folder
from evaluator.models.runtime import load_spaces
from evaluator.models.transformer import MAX_TOKENS
from evaluator.text import normalise, segment

RATED = Path(__file__).parent.parent / "training" / "data" / "rated"
FILES = ("answers.development.jsonl", "answers.test.jsonl")
PARTS = ("help", "cold", "embed", "pipeline", "again", "agreement")

PEER = """
import sys
from sentence_transformers import SentenceTransformer
model = SentenceTransformer(sys.argv[1], device="cpu", local_files_only=True)
answer, good = model.encode([sys.argv[2], sys.argv[3]], normalize_embeddings=True, show_progress_bar=False)
print(float(answer @ good))
"""
MODEL_ANSWER = "I let the customer finish, stay calm, apologise for the trouble, find out what went wrong and solve it with the pharmacist."


def main() -> None:
    """Print the parts that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(PARTS)}; all of them where none is named")
    parser.add_argument("--answers", type=int, default=500)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    unknown = set(options.parts) - set(PARTS)
    if unknown:
        parser.error(f"{', '.join(sorted(unknown))} is not among {', '.join(PARTS)}")
    chosen = options.parts or PARTS
    answers = rated_answers(options.answers)
    if "help" in chosen:
        bare = median(seconds(lambda: command("--version")) for _ in range(options.repeats))
        shown = median(seconds(lambda: command("--help")) for _ in range(options.repeats))
        print(f"evaluator --help                   {shown:.2f} s (--version {bare:.2f} s)")
    if "cold" in chosen:
        cold(answers, options.repeats)
    if "embed" in chosen:
        embed(answers, options.repeats)
    if "pipeline" in chosen:
        pipeline(answers, options.repeats)
    if "again" in chosen:
        again(answers)
    if "agreement" in chosen:
        agreement(answers)


def rated_answers(count: int) -> list[Answer]:
    """Return rated answers, of every writer and question in turn; again from the first, with a word changed, beyond their number."""
    rows = [json.loads(line) for name in FILES for line in (RATED / name).read_text(encoding="utf-8").splitlines()]
    step = max(1, len(rows) // count)
    order = [row for start in range(step) for row in rows[start::step]]
    answers = []
    for number, row in enumerate(islice(cycle(order), count)):
        turn = number // len(order)
        text = row["answer"].replace(".", f" number{turn}.") if turn else row["answer"]
        answers.append(Answer(f"{number}", row["question_id"], text))
    return answers


def cold(answers: Sequence[Answer], repeats: int) -> None:
    """Print the wall time of one answer in a new process: one that was never judged, and one that was."""
    check = ("check", "--question", "rude-customer", "--format", "json", "--answer")
    command(*check, "The first run prepares what later runs use.")
    peer, new, known = [], [], []
    for number in range(repeats):
        text = f"{answers[number % len(answers)].text} This is attempt {time.time_ns()}."
        arguments = [sys.executable, "-c", PEER, str(default_model_folder()), text, MODEL_ANSWER]
        peer.append(seconds(lambda run=arguments: subprocess.run(run, check=True, capture_output=True)))
        new.append(seconds(lambda text=text: command(*check, text)))
        known.append(seconds(lambda text=text: command(*check, text)))
    line("cold check, new answer", median(peer), median(new), "s")
    line("cold check, the same answer again", median(peer), median(known), "s")


def embed(answers: Sequence[Answer], repeats: int) -> None:
    """Print how many of the answers' segments are embedded a second: in the encoder's space, and in the judge's beside it."""
    texts = list(dict.fromkeys(piece.text for answer in answers for piece in segment(normalise(answer.text))))
    texts = texts[: 400 * repeats]
    reference = SentenceTransformerEncoder(default_model_folder())
    spaces = load_spaces("all-MiniLM-L6-v2", "compiled", tell=print)
    model = spaces.words._model  # type: ignore[attr-defined] # the tool itself never asks for one space alone here

    def alone(chosen: Sequence[str]) -> None:
        model.run(chosen, MAX_TOKENS, only="plain")

    for encode in (reference.encode, alone, spaces.plain.encode):
        encode(texts[:64])
    peer, own, both = [], [], []
    for part in (texts[start::repeats] for start in range(repeats)):
        peer.append(len(part) / seconds(lambda part=part: reference.encode(part)))
        own.append(len(part) / seconds(lambda part=part: alone(part)))
        both.append(len(part) / seconds(lambda part=part: spaces.plain.encode(part)))
    line("segments a second, the same vectors", median(peer), median(own), "/s")
    line("segments a second, the judge's beside", median(peer), median(both), "/s")


def pipeline(answers: Sequence[Answer], repeats: int) -> None:
    """Print how many answers a second go through the whole pipeline, nothing known from before but the bank."""
    engine = load_engine(runtime="compiled", cache=False, tell=print)
    reference = SentenceTransformerEncoder(default_model_folder())
    good = reference.encode([MODEL_ANSWER])[0]
    for question in engine.bank.questions:
        engine.evaluate_one(question.id, MODEL_ANSWER)
    peer, own = [], []
    for start in range(repeats):
        part = list(answers[start::repeats])
        texts = [answer.text for answer in part]
        peer.append(len(part) / seconds(lambda texts=texts: reference.encode(texts) @ good))
        own.append(len(part) / seconds(lambda part=part: list(engine.evaluate(part))))
    line("answers a second, whole pipeline", median(peer), median(own), "/s")


def again(answers: Sequence[Answer]) -> None:
    """Print how long a batch takes when it was judged before, against the first time; models and bank apart."""
    load_spaces(runtime="compiled", tell=print)  # prepared in the usual place, which the numbers then leave
    with tempfile.TemporaryDirectory() as folder:
        times = []
        for _ in range(2):
            engine = load_engine(runtime="compiled", store=Path(folder) / "numbers.sqlite3")
            for question in engine.bank.questions:
                engine.evaluate_one(question.id, MODEL_ANSWER)
            times.append(seconds(lambda engine=engine: list(engine.evaluate(answers))))
    first, second = times
    print(
        f"{'the same batch again':34} first {first:6.2f} s   again {second:7.2f} s   {first / second:.1f} times as fast"
    )


def agreement(answers: Sequence[Answer]) -> None:
    """Print how far scores of the compiled runtime are from those of the reference, and how many levels differ."""
    compiled = load_engine(runtime="compiled", cache=False, tell=print)
    reference = load_engine(runtime="torch", cache=False)
    apart, levels, flags = [], 0, 0
    for own, wanted in zip(compiled.evaluate(answers), reference.evaluate(answers), strict=True):
        if own.score is not None and wanted.score is not None:
            apart.append(abs(own.score - wanted.score))
        levels += own.level != wanted.level
        flags += [(flag.kind, flag.id) for flag in own.flags] != [(flag.kind, flag.id) for flag in wanted.flags]
    print(
        f"compiled against reference         {len(answers)} answers: largest score difference {max(apart):.1f}, "
        f"{sum(map(bool, apart))} scores differ, {levels} levels, {flags} sets of flags"
    )


def command(*arguments: str) -> None:
    """Run the tool in a new process."""
    done = subprocess.run([sys.executable, "-m", "evaluator", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr)


def seconds(work: Callable[[], object]) -> float:
    """Return how long something takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def line(name: str, peer: float, own: float, unit: str) -> None:
    """Print a row of the table."""
    print(f"{name:34} peer {peer:8.2f} {unit:3} tool {own:8.2f} {unit:3} ratio {own / peer:.3f}", flush=True)


if __name__ == "__main__":
    main()
