"""Trains the shipped stance judge from the bank and the texts under ``training/data``; CPU, well under 90 minutes.

    python training/train_stance.py --minutes 70

Two stages. (1) MiniLM's four upper layers are tuned for three things at once: every behaviour has two learned anchors (shown,
contradicted), and a text is drawn to its own and pushed from all others (proxy-based metric learning, Movshovitz-Attias et
al. 2017); a text of an annotated answer is near exactly the anchors that it tells of; and a linear reading of the text says
whether it speaks for the candidate, against, or neither, with twins (an acceptable sentence and its harmful neighbour) always in
the same step. Sentences are read alone and in their places within whole answers, as the tool reads them: one pass over an answer
serves all its labelled stretches. The two lower layers stay as they are. (2) Logistic regressions over the
features of ``evaluator/models/features.py`` are fitted on annotated answers of writers that stage 1 has not seen.

Writes ``evaluator/models/stance.safetensors`` and its card ``evaluator/models/stance.json``. With one seed, one thread
count and ``--steps`` instead of ``--minutes`` the result is the same up to torch's own rounding.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as functional
from averaging import RunningAverage, rate_share
from corpus import AFFIRM, FOR, NEAR, NOT_AGAINST, PUBLIC_NEUTRAL, Corpus, data_digests, read_corpus
from regressions import PUBLIC_GRADED, PUBLIC_PAIRS, fit_regressions
from safetensors.torch import load_file, save_file

from evaluator.bank import load_bank
from evaluator.models.encoder import default_model_folder, load_encoder, model_digest
from evaluator.models.stretches import pieces_within
from evaluator.models.transformer import LAYERS, WIDTH, embed_tokens, layer, load_tokenizer, pad, pooled
from evaluator.models.tuned import SHARED_LAYERS, TunedJudge, anchor_name, shipped_stance_path

SCALE = 18.0
"""Inverse temperature of the anchors and of the reading."""
OPPOSITE_WEIGHT = 3.0
"""How much more a behaviour's own opposite counts than any other behaviour."""
ALIKE = 0.65
"""Cosine of two behaviours' centroids above which they are too alike to be pushed apart."""
HEADS = 4
"""Attention heads that the reading has beside the mean: a harmful clause must not drown in a long segment."""
FIRST_ANCHOR_TEXTS = 12
"""Texts of each behaviour and stance whose mean is where its anchor starts."""
SMOOTHING = 0.05
"""Label smoothing of the reading: a fragment must not be read with certainty."""
BATCH_TOKENS = 1500
"""Word pieces that are run at once, padding included."""
TOLD_WEIGHT = 4.0
"""How much more a told behaviour of an annotated text counts than one that is not: most are not."""
STRETCH_WEIGHT = 0.4
"""Weight of what a stretch of an answer says, against 1 for a text by itself: a dozen of them come with every answer."""
STRETCH_TOLD_WEIGHT = 0.1
"""The same for what behaviours it tells of: the tool holds texts by themselves against behaviours."""

Tensor = Any


class Texts:
    """The corpus as tensors."""

    def __init__(self, corpus: Corpus, tokenizer: Any) -> None:
        examples = corpus.examples
        questions = {q.id: [*q.key_points, *q.red_flags] for q in load_bank().questions}
        bank = {behaviour.id for own in questions.values() for behaviour in own}
        self.names = sorted(bank | {e.behaviour for e in examples if e.behaviour})
        number = {name: i for i, name in enumerate(self.names)}
        self.behaviour = torch.tensor([number[e.behaviour] if e.behaviour else -1 for e in examples])
        self.stance = torch.tensor([e.stance for e in examples])
        self.conduct = torch.tensor([-1 if e.conduct is None else e.conduct for e in examples])
        self.frequency = torch.tensor([e.frequency for e in examples])
        self.pairs, self.contexts = (
            torch.tensor(twins).long().view(-1, 2) for twins in (corpus.pairs, corpus.contexts)
        )
        self.told = torch.full((len(examples), 2 * len(self.names)), -1, dtype=torch.int8)
        """1 where a text tells of an anchor, 0 where it does not, -1 where nobody said."""
        for row, example in enumerate(examples):
            for behaviour in questions[example.question] if example.question else ():
                column = 2 * number[behaviour.id]
                self.told[row, column : column + 2] = 0
                if behaviour.id in example.told:
                    stance = example.told[behaviour.id]
                    if stance is None:
                        self.told[row, column : column + 2] = -1
                    else:
                        self.told[row, column + stance] = 1
        texts = list(dict.fromkeys(e.text for e in examples))
        encoded = tokenizer.encode_batch(texts)
        row = {text: number for number, text in enumerate(texts)}
        self.ids = [torch.tensor(encoding.ids) for encoding in encoded]
        self.text = [row[e.text] for e in examples]
        """The text of each example."""
        self.stretch = [pieces_within(encoded[t].offsets, e.span) for t, e in zip(self.text, examples, strict=True)]
        """The word pieces of its text that each example is about: the first, and one past the last."""
        self.weight = torch.tensor([1.0 if e.span is None else STRETCH_WEIGHT for e in examples])
        self.within: dict[int, list[int]] = {row[text]: [] for text in corpus.answers}
        """The examples that are about stretches of each annotated answer."""
        twins = {self.text[number] for rows in corpus.contexts for number in rows}
        self.within.update({text: [] for text in twins})
        for number, text in enumerate(self.text):
            if text in self.within and examples[number].frequency == 0:
                self.within[text].append(number)
        self.answers = torch.tensor([row[text] for text in corpus.answers])

    def with_stretches(self, twins: Tensor, answers: list[int], others: Tensor) -> Tensor:
        """Return the examples of a step: twins, others, and whatever else is labelled in the answers that are read.

        Args:
            twins: examples, acceptable ones first.
            answers: texts of whole answers.
            others: examples.
        """
        first = [*twins.tolist(), *others.tolist()]
        read = dict.fromkeys([*(self.text[number] for number in twins.tolist()), *answers])
        also = [number for text in read for number in self.within.get(text, ())]
        return torch.tensor([*first, *sorted(set(also) - set(first))])

    def encode(self, chosen: list[int], weights: dict[str, Tensor], heads: Tensor, dropout: float = 0.0) -> Tensor:
        """Return the pooled vectors of the chosen examples, shape (len(chosen), (1 + HEADS) * WIDTH); each text is run once."""
        about: dict[int, list[int]] = {}
        for place, number in enumerate(chosen):
            about.setdefault(self.text[number], []).append(place)
        order = sorted(about, key=lambda text: len(self.ids[text]))
        parts, places = [], []
        for batch in self._batches(order):
            ids, mask = pad([self.ids[text] for text in batch])
            with torch.autocast("cpu", dtype=torch.bfloat16):
                with torch.no_grad():
                    states = embed_tokens(ids, weights)
                    for number in range(SHARED_LAYERS):
                        states = layer(states, mask, weights, number)
                for number in range(SHARED_LAYERS, LAYERS):
                    states = layer(states, mask, weights, number, dropout)
            stretches = [[self.stretch[chosen[place]] for place in about[text]] for text in batch]
            parts.append(pooled(states.float(), stretches, heads))
            places.extend(place for text in batch for place in about[text])
        back = torch.empty(len(chosen), dtype=torch.long)
        back[torch.tensor(places)] = torch.arange(len(chosen))
        return torch.cat(parts)[back]

    def _batches(self, order: list[int]) -> Iterator[list[int]]:
        """Yield texts of like length, as many as fit BATCH_TOKENS when each is padded to the longest, the last one."""
        batch: list[int] = []
        for text in order:
            if batch and (len(batch) + 1) * len(self.ids[text]) > BATCH_TOKENS:
                yield batch
                batch = []
            batch.append(text)
        yield batch


class Model:
    """What is learned."""

    def __init__(self, texts: Texts, weights: dict[str, Tensor]) -> None:
        self.weights = weights
        self.layers = [n for n in weights if n.startswith("encoder.layer.") and int(n.split(".")[2]) >= SHARED_LAYERS]
        self.heads = torch.randn(HEADS, WIDTH) * 0.02
        self.anchors = self._first_anchors(texts)
        centres = functional.normalize(self.anchors[0::2] + self.anchors[1::2], dim=1)
        self.alike = (centres @ centres.T > ALIKE).fill_diagonal_(False).repeat_interleave(2, 1)
        """Which anchors (columns) are not pushed from the texts of a behaviour (rows)."""
        self.border = torch.tensor(0.45)
        self.reading = torch.randn(3, WIDTH * (1 + HEADS)) * 0.01
        self.reading_bias = torch.zeros(3)
        self.quick = [self.heads, self.anchors, self.border, self.reading, self.reading_bias]
        for parameter in (*self.quick, *(weights[name] for name in self.layers)):
            parameter.requires_grad_(True)

    def _first_anchors(self, texts: Texts) -> Tensor:
        anchors = torch.zeros(2 * len(texts.names), WIDTH)
        with torch.no_grad():
            for column in range(len(anchors)):
                own = torch.nonzero((texts.behaviour == column // 2) & (texts.stance == column % 2))[:, 0].tolist()
                if own:
                    vectors = texts.encode(own[:FIRST_ANCHOR_TEXTS], self.weights, self.heads)
                    anchors[column] = functional.normalize(vectors[:, :WIDTH].mean(0), dim=0)
        return anchors

    def read(self, vectors: Tensor) -> Tensor:
        """Return the log odds of FOR, NEUTRAL, AGAINST up to a constant, shape (texts, 3)."""
        return vectors @ self.reading.T * SCALE + self.reading_bias


def loss(texts: Texts, model: Model, chosen: Tensor, pairs: int) -> dict[str, Tensor]:
    """Return the parts of the loss of a step; the first ``2 * pairs`` texts are acceptable ones, then their twins."""
    vectors = texts.encode(chosen.tolist(), model.weights, model.heads, dropout=0.1)
    similarity = vectors[:, :WIDTH] @ functional.normalize(model.anchors, dim=1).T
    behaviour, stance, conduct = texts.behaviour[chosen], texts.stance[chosen], texts.conduct[chosen]
    weight = texts.weight[chosen]
    told = (behaviour >= 0) & (stance != NEAR)
    own, side, rows = behaviour[told], stance[told], torch.arange(int(told.sum()))
    sims = similarity[told]
    target = 2 * own + side
    logits = (sims * SCALE).masked_fill(model.alike[own], -1e4)
    against = torch.full((len(rows), 1), float(np.log(OPPOSITE_WEIGHT)))
    logits = logits.scatter_add(1, (target + 1 - 2 * side)[:, None], against)
    others = model.alike[own].clone()
    others[rows, 2 * own] = others[rows, 2 * own + 1] = True
    aside = (behaviour >= 0) & (stance == NEAR)
    nearer = torch.maximum(similarity[aside, 2 * behaviour[aside]], similarity[aside, 2 * behaviour[aside] + 1])
    labelled = texts.told[chosen]
    known = labelled >= 0
    answers = known.any(1)
    tells = functional.binary_cross_entropy_with_logits(
        (similarity - model.border) * SCALE, labelled.clamp(min=0).float(), reduction="none"
    )
    told_weight = torch.where(weight < 1, STRETCH_TOLD_WEIGHT, 1.0) / weight.sum()
    tells = (tells * torch.where(labelled == 1, TOLD_WEIGHT, 1.0) * known * told_weight[:, None]).sum()
    reading = model.read(vectors)
    read, harmless = (conduct >= FOR) & (conduct != NOT_AGAINST), conduct == NOT_AGAINST
    favour = reading[: 2 * pairs, 0] - reading[: 2 * pairs, 2]
    return {
        "which": functional.cross_entropy(logits, target),
        "side": functional.binary_cross_entropy_with_logits(
            (sims[rows, 2 * own] - sims[rows, 2 * own + 1]) * SCALE, (side == AFFIRM).float()
        ),
        "near": 0.3 * functional.softplus(-(sims[rows, target] - model.border) * SCALE).mean(),
        "far": 0.3
        * functional.softplus((sims.masked_fill(others, -1).topk(8, 1).values - model.border) * SCALE).mean(),
        "aside": 0.3 * functional.softplus((nearer - model.border) * SCALE).sum() / max(1, int(aside.sum())),
        "tells": 0.5 * tells * bool(answers.any()),
        "reading": (
            functional.cross_entropy(reading[read], conduct[read], label_smoothing=SMOOTHING, reduction="none")
            * weight[read]
        ).sum()
        / weight[read].sum(),
        "harmless": (
            (torch.logsumexp(reading[harmless], 1) - torch.logsumexp(reading[harmless, :2], 1)) * weight[harmless]
        ).sum()
        / weight.sum(),
        "twins": functional.softplus(favour[pairs:] - favour[:pairs]).mean(),
    }


def tune(texts: Texts, weights: dict[str, Tensor], options: argparse.Namespace) -> dict[str, Tensor]:
    """Tune the upper layers; return them with the anchors and the reading, in half precision."""
    model = Model(texts, weights)
    layers = [weights[name] for name in model.layers]
    optimiser = torch.optim.AdamW(
        [{"params": layers, "lr": options.rate}, {"params": model.quick, "lr": options.rate * 8, "weight_decay": 0.0}],
        weight_decay=0.01,
    )
    rates = [group["lr"] for group in optimiser.param_groups]
    learned = [*layers, *model.quick]
    average = RunningAverage(learned)
    started, step, log = time.monotonic(), 0, []
    while True:
        progress = step / options.steps if options.steps else (time.monotonic() - started) / (60 * options.minutes)
        if progress >= 1:
            break
        share = rate_share(step, progress)
        for group, rate in zip(optimiser.param_groups, rates, strict=True):
            group["lr"] = rate * share
        drawn = ((texts.pairs, options.pairs), (texts.contexts, options.contexts))
        twins = torch.cat([twins[torch.randint(len(twins), (count,))] for twins, count in drawn])
        answers = texts.answers[torch.randint(len(texts.answers), (options.answers,))].tolist()
        others = torch.multinomial(texts.frequency, options.others)
        chosen = texts.with_stretches(torch.cat([twins[:, 0], twins[:, 1]]), answers, others)
        parts = loss(texts, model, chosen, len(twins))
        optimiser.zero_grad()
        sum(parts.values()).backward()  # type: ignore[union-attr]
        torch.nn.utils.clip_grad_norm_(layers, 1.0)
        optimiser.step()
        step += 1
        average.follow()
        log.append([float(part.detach()) for part in parts.values()])
        if step % 50 == 0:
            means = "  ".join(f"{name} {mean:.3f}" for name, mean in zip(parts, np.mean(log[-50:], 0), strict=True))
            print(f"step {step}  {means}  {time.monotonic() - started:.0f} s", flush=True)
    average.finish()
    tuned = {name: weights[name].detach().half() for name in model.layers}
    tuned["heads"] = model.heads.detach()
    tuned["reading.weight"] = (model.reading * SCALE).detach()
    tuned["reading.bias"] = model.reading_bias.detach()
    anchors = functional.normalize(model.anchors.detach(), dim=1).half()
    number = {name: i for i, name in enumerate(texts.names)}
    for question in load_bank().questions:
        for behaviour in (*question.key_points, *question.red_flags):
            column = 2 * number[behaviour.id]
            tuned[anchor_name(*behaviour.sides)] = anchors[column : column + 2].clone()
    return tuned


def public_digests(folder: Path) -> dict[str, str]:
    """Return the first 16 hexadecimal digits of the sha256 of every file of public data that is read."""
    names = {*(name for name, *_ in PUBLIC_NEUTRAL), *(name for name, _ in PUBLIC_PAIRS), *PUBLIC_GRADED}
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest()[:16] for name in sorted(names)}


def main() -> None:
    """Train both stages and write the judge."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=70.0, help="time for tuning")
    parser.add_argument("--steps", type=int, default=0, help="steps of tuning, instead of minutes")
    parser.add_argument("--rate", type=float, default=3e-4)
    parser.add_argument("--others", type=int, default=48, help="single texts a step that are not twins")
    parser.add_argument("--pairs", type=int, default=24, help="pairs of twins a step that are single sentences")
    parser.add_argument("--contexts", type=int, default=10, help="pairs of twins a step that are read within answers")
    parser.add_argument("--answers", type=int, default=12, help="other whole answers a step")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--regressions-only", action="store_true", help="keep the tuned layers of the file that is there"
    )
    parser.add_argument(
        "--public", type=Path, default=Path("../shared/data"), help="folder of public data; left out where absent"
    )
    parser.add_argument("-o", "--output", type=Path, default=shipped_stance_path())
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    base = default_model_folder()
    card: dict[str, Any] = {
        "base": model_digest(base),
        "data": data_digests(),
        "options": {name: str(value) for name, value in vars(options).items() if name not in ("output", "public")},
    }
    public = options.public if options.public.is_dir() else None
    if public is None:
        print(f"{options.public}: not there, so no public texts are used", flush=True)
    card["public"] = public_digests(public) if public else {}
    if options.regressions_only:
        tuned = load_file(str(options.output))
        card["options"] = json.loads(options.output.with_suffix(".json").read_text())["options"]
    else:
        weights = {name: value.float() for name, value in load_file(str(base / "model.safetensors")).items()}
        texts = Texts(read_corpus(options.seed, public), load_tokenizer(base))
        print(
            f"{len(texts.ids)} texts, {len(texts.text)} examples, {len(texts.pairs)} pairs, {len(texts.contexts)} within answers",
            flush=True,
        )
        tuned = tune(texts, weights, options)
        save_file(tuned, str(options.output))
    encoder, _ = load_encoder()
    tuned.update(fit_regressions(TunedJudge(options.output), encoder, public))
    save_file(tuned, str(options.output))
    card["sha256"] = hashlib.sha256(options.output.read_bytes()).hexdigest()
    options.output.with_suffix(".json").write_text(json.dumps(card, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    print(f"wrote {options.output} ({options.output.stat().st_size / 1e6:.1f} MB)")


if __name__ == "__main__":
    main()
