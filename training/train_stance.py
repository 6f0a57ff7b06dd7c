"""Trains the shipped stance judge from the bank and the statements under ``training/data``; CPU, well under 90 minutes.

    python training/train_stance.py --minutes 25

Two stages. (1) MiniLM's three upper layers are tuned so that statements of one behaviour and one stance are near each
other and far from the opposite: every behaviour has two learned proxies (shown, contradicted), and a sentence is drawn
to its own and pushed from all others (proxy-based metric learning, Movshovitz-Attias et al. 2017). The three lower layers
stay as they are, so their output is computed once a sentence. (2) Three logistic regressions over the readable features
of ``evaluator/models/features.py`` are fitted on annotated answers that stage 1 has not seen.

Writes ``evaluator/models/stance.safetensors`` and its card ``evaluator/models/stance.json``. With one seed, one thread
count and ``--steps`` instead of ``--minutes`` the result is the same up to torch's own rounding.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as functional
from safetensors.torch import load_file, save_file

from evaluator.bank import load_bank
from evaluator.models.encoder import default_model_folder, load_encoder, model_digest
from evaluator.models.stance import StanceCase
from evaluator.models.transformer import LAYERS, layer, load_tokenizer, lower_states, mean, pad
from evaluator.models.tuned import SHARED_LAYERS, TunedJudge, shipped_stance_path

DATA = Path(__file__).parent / "data"
SCALE = 18.0
"""Inverse temperature of the proxies."""
OPPOSITE_WEIGHT = 3.0
"""How much more a behaviour's own opposite counts than any other behaviour."""
ALIKE = 0.65
"""Cosine of two behaviours' centroids above which they are too alike to be pushed apart."""
HELD_OUT = 8
"""Every eighth general behaviour is held out, for benchmarks/stance.py."""
NEITHER_WEIGHT = {"key_point": 0.15, "red_flag": 0.05, "affirm_only": 0.15}
"""Weight of cases that say neither. Nineteen of twenty do; at full weight plain affirmations would stay below 0.3."""
FILLERS = (
    "um, ",
    "so ",
    "like, ",
    "well, ",
    "I mean, ",
    "you know, ",
    "honestly, ",
    "uh ",
    "and then ",
    "and ",
    "but ",
)

Group = dict[str, list[str]]


def is_held_out(behaviour: str) -> bool:
    """Return whether a general behaviour is kept out of training."""
    general = behaviour.startswith(("g-", "group-"))
    return general and int(hashlib.md5(behaviour.encode()).hexdigest(), 16) % HELD_OUT == 0


def read_groups() -> tuple[dict[str, Group], set[str]]:
    """Return every behaviour with its statements by stance, and the ids of those that are red flags."""
    groups: dict[str, Group] = {}
    flags: set[str] = set()
    for question in load_bank().questions:
        for point in question.key_points:
            groups[point.id] = {"affirm": list(point.affirm), "deny": list(point.deny), "near": []}
        for flag in question.red_flags:
            groups[flag.id] = {"affirm": list(flag.statements), "deny": list(flag.safe), "near": []}
            flags.add(flag.id)
    for path in sorted((DATA / "statements").glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            group = groups.setdefault(row["behaviour"], {"affirm": [], "deny": [], "near": []})
            group[row["stance"]].append(row["text"])
    return groups, flags


def variant(text: str, rng: random.Random) -> str:
    """Return a text as another voice or a hasty typist would write it; the meaning stays."""
    draw = rng.random()
    if draw < 0.35:
        text = re.sub(r"[^\w\s']", "", text).lower()
    elif draw < 0.6:
        found = text.split()
        at = rng.randrange(len(found))
        word = found[at]
        if len(word) > 3:
            i = rng.randrange(1, len(word) - 1)
            swapped = word[:i] + word[i + 1] + word[i] + word[i + 2 :]
            found[at] = rng.choice([word[:i] + word[i + 1 :], swapped, word[:i] + word[i] + word[i:]])
            text = " ".join(found)
    elif draw < 0.75:
        text = text.replace("'", "").rstrip(".").lower()
    if draw < 0.2 or draw >= 0.75:
        text = rng.choice(FILLERS) + text[0].lower() + text[1:]
    return text


class Sentences:
    """All training sentences with their behaviour, their stance, and their states after the shared layers."""

    def __init__(
        self, groups: dict[str, Group], flags: set[str], weights: dict[str, Any], tokenizer: Any, seed: int
    ) -> None:
        rng = random.Random(seed)
        self.names = sorted(name for name in groups if not is_held_out(name))
        rows: list[tuple[str, int, int]] = []
        for number, name in enumerate(self.names):
            share = 0.2 if name.startswith("g-") else 0.6
            for stance, key in enumerate(("affirm", "deny", "near")):
                for text in groups[name][key]:
                    rows.append((text, number, stance))
                    if rng.random() < share:
                        rows.append((variant(text, rng), number, stance))
        self.texts = [row[0] for row in rows]
        self.behaviour = torch.tensor([row[1] for row in rows])
        self.stance = torch.tensor([row[2] for row in rows])
        self.in_domain = torch.tensor([not self.names[row[1]].startswith("g-") for row in rows])
        self.harmful = torch.tensor([self.names[row[1]] in flags for row in rows])
        self.lower = [state.half() for state in lower_states(self.texts, tokenizer, weights, SHARED_LAYERS)]

    def encode(self, chosen: list[int], weights: dict[str, Any], dropout: float = 0.0, batch: int = 48) -> Any:
        """Return unit vectors of the chosen sentences, shape (len(chosen), dimensions)."""
        order = sorted(range(len(chosen)), key=lambda i: self.lower[chosen[i]].shape[0])
        parts = []
        for start in range(0, len(order), batch):
            states, mask = pad([self.lower[chosen[i]].float() for i in order[start : start + batch]])
            for number in range(SHARED_LAYERS, LAYERS):
                states = layer(states, mask, weights, number, dropout)
            parts.append(functional.normalize(mean(states, mask), dim=1))
        back = torch.empty(len(order), dtype=torch.long)
        back[torch.tensor(order)] = torch.arange(len(order))
        return torch.cat(parts)[back]


def tune(sentences: Sentences, weights: dict[str, Any], options: argparse.Namespace) -> dict[str, Any]:
    """Tune the upper layers; return them with the valence vector, in half precision."""
    count = len(sentences.names)
    trained = [name for name in weights if re.match(rf"encoder\.layer\.([{SHARED_LAYERS}-{LAYERS - 1}])\.", name)]
    for name in trained:
        weights[name].requires_grad_(True)
    with torch.no_grad():
        everything = torch.cat([sentences.encode(list(part), weights) for part in _parts(len(sentences.texts), 512)])
    proxies = torch.zeros(2 * count, everything.shape[1])
    for number in range(count):
        for stance in (0, 1):
            proxies[2 * number + stance] = everything[
                (sentences.behaviour == number) & (sentences.stance == stance)
            ].mean(0)
    centroids = functional.normalize(proxies[0::2] + proxies[1::2], dim=1)
    alike = (centroids @ centroids.T > ALIKE).fill_diagonal_(False).repeat_interleave(2, 1)
    proxies = functional.normalize(proxies, dim=1).requires_grad_(True)
    border = torch.tensor(0.45, requires_grad=True)
    valence, valence_bias = torch.zeros(everything.shape[1], requires_grad=True), torch.zeros(1, requires_grad=True)
    fast = {"params": [proxies, border, valence, valence_bias], "lr": options.rate * 8, "weight_decay": 0.0}
    optimiser = torch.optim.AdamW(
        [{"params": [weights[n] for n in trained], "lr": options.rate}, fast], weight_decay=0.01
    )
    rates = [group["lr"] for group in optimiser.param_groups]
    frequency = torch.where(
        torch.tensor([not n.startswith(("g-", "group-")) for n in sentences.names])[sentences.behaviour], 2.0, 1.0
    )
    started, step, log = time.monotonic(), 0, []
    while True:
        progress = step / options.steps if options.steps else (time.monotonic() - started) / (60 * options.minutes)
        if progress >= 1:
            break
        for group, rate in zip(optimiser.param_groups, rates, strict=True):
            group["lr"] = rate * min(1, (step + 1) / 30) * max(0.03, 1 - progress)
        chosen = torch.multinomial(frequency, options.batch)
        vectors = sentences.encode(chosen.tolist(), weights, dropout=0.1)
        own, stance = sentences.behaviour[chosen], sentences.stance[chosen]
        rows, told = torch.arange(options.batch), stance < 2
        similarity = vectors @ functional.normalize(proxies, dim=1).T
        affirm, deny = similarity[rows, 2 * own], similarity[rows, 2 * own + 1]
        target = 2 * own + stance.clamp(max=1)
        logits = (similarity * SCALE).masked_fill(alike[own], -1e4)
        logits[rows, 2 * own + 1 - stance.clamp(max=1)] += float(np.log(OPPOSITE_WEIGHT))
        which = functional.cross_entropy(logits[told], target[told])
        sided = functional.binary_cross_entropy_with_logits(
            ((affirm - deny) * SCALE)[told], (stance == 0).float()[told]
        )
        near = functional.softplus(-(similarity[rows, target][told] - border) * SCALE).mean()
        aside = functional.softplus((torch.maximum(affirm, deny)[~told] - border) * SCALE)
        others = alike[own].clone()
        others[rows, 2 * own] = others[rows, 2 * own + 1] = True
        far = functional.softplus((similarity.masked_fill(others, -1).topk(8, 1).values - border) * SCALE).mean()
        known = told & sentences.in_domain[chosen]
        acceptable = ((stance == 0) ^ sentences.harmful[chosen]).float()
        tone = functional.binary_cross_entropy_with_logits(
            ((vectors @ valence) * SCALE + valence_bias)[known], acceptable[known]
        )
        loss = which + sided + 0.5 * tone + 0.3 * (near + far + (aside.mean() if len(aside) else 0))
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_([weights[n] for n in trained], 1.0)
        optimiser.step()
        step += 1
        log.append((which.item(), sided.item(), tone.item()))
        if step % 50 == 0:
            print(
                f"step {step}  behaviour {np.mean(log[-50:], 0).round(3)}  {time.monotonic() - started:.0f} s",
                flush=True,
            )
    tuned = {name: weights[name].detach().half() for name in trained}
    tuned["valence.weight"] = (valence * SCALE).detach()
    tuned["valence.bias"] = valence_bias.detach()
    return tuned


def _parts(count: int, size: int) -> Iterator[range]:
    for start in range(0, count, size):
        yield range(start, min(start + size, count))


def annotated_cases(encoder: Any, affirm_only: bool) -> Iterator[tuple[str, list[StanceCase], list[int], list[float]]]:
    """Yield, a behaviour of a question at a time, its kind, cases, labels (0, 1, 2 as STANCES) and weights."""
    pieces: dict[str, list[tuple[str, dict[str, str]]]] = {}
    for path in sorted((DATA / "annotated").glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            pieces.setdefault(row["question_id"], []).extend((p["text"], dict(p["labels"])) for p in row["pieces"])
    known: dict[str, Any] = {}

    def vectors(texts: list[str]) -> Any:
        new = [text for text in dict.fromkeys(texts) if text not in known]
        known.update(zip(new, encoder.encode(new), strict=True))
        return np.stack([known[text] for text in texts])

    rng = random.Random(7)
    for question in load_bank().questions:
        own = pieces.get(question.id, [])
        segments = vectors([text for text, _ in own])
        behaviours = [(p.id, p.affirm, p.deny, False) for p in question.key_points]
        behaviours += [(f.id, f.statements, f.safe, True) for f in question.red_flags if not affirm_only]
        for identifier, affirm, deny, harmful in behaviours:
            if affirm_only:
                affirm, deny = tuple(rng.sample(affirm, 2)), ()
            towards = segments @ vectors(list(affirm)).T
            against = segments @ vectors(list(deny)).T if deny else np.zeros((len(own), 0))
            cases, labels, weight = [], [], []
            for (text, told), a, d in zip(own, towards, against, strict=True):
                cases.append(StanceCase(text, affirm, deny, tuple(a.tolist()), tuple(d.tolist()), harmful))
                label = told.get(identifier)
                labels.append({"affirm": 0, "weak": 0, "deny": 1, None: 2}[label])
                weight.append(0.4 if label == "weak" else 1.0)
            kind = "affirm_only" if affirm_only else "red_flag" if harmful else "key_point"
            yield kind, cases, labels, weight


def fit_regressions(judge: TunedJudge, encoder: Any) -> dict[str, Any]:
    """Return the scaling and coefficients of the three regressions."""
    from sklearn.linear_model import LogisticRegression

    gathered: dict[str, list[tuple[Any, list[int], list[float]]]] = {}
    for affirm_only in (False, True):
        for kind, cases, labels, weight in annotated_cases(encoder, affirm_only):
            judge.remember([text for case in cases for text in (case.segment, *case.affirm, *case.deny)])
            gathered.setdefault(kind, []).append((judge.features(cases)[1], labels, weight))
    fitted: dict[str, Any] = {}
    for kind, rows in gathered.items():
        features = np.concatenate([row[0] for row in rows])
        labels = np.concatenate([row[1] for row in rows])
        weight = np.concatenate([row[2] for row in rows]) * np.where(labels == 2, NEITHER_WEIGHT[kind], 1.0)
        centre, scale = features.mean(0), features.std(0) + 1e-6
        model = LogisticRegression(C=0.3, max_iter=500).fit((features - centre) / scale, labels, sample_weight=weight)
        values = {"mean": centre, "scale": scale, "weight": model.coef_, "bias": model.intercept_}
        for name, value in values.items():
            fitted[f"{kind}.{name}"] = torch.tensor(np.ascontiguousarray(value), dtype=torch.float32)
        print(f"{kind}: {len(labels)} cases, {np.bincount(labels, minlength=3).tolist()} affirm, deny, neither")
    return fitted


def data_digests() -> dict[str, str]:
    """Return the sha256 of every training file."""
    return {str(p.relative_to(DATA)): hashlib.sha256(p.read_bytes()).hexdigest()[:16] for p in sorted(DATA.rglob("*.jsonl"))
            if p.parent.name in ("statements", "annotated")}  # fmt: skip


def main() -> None:
    """Train both stages and write the judge."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=25.0, help="time for tuning")
    parser.add_argument("--steps", type=int, default=0, help="steps of tuning, instead of minutes")
    parser.add_argument("--rate", type=float, default=4e-4)
    parser.add_argument("--batch", type=int, default=224)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--regressions-only", action="store_true", help="keep the tuned layers of the file that is there"
    )
    parser.add_argument("-o", "--output", type=Path, default=shipped_stance_path())
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    base = default_model_folder()
    card: dict[str, Any] = {
        "base": model_digest(base),
        "data": data_digests(),
        "options": {k: str(v) for k, v in vars(options).items()},
    }
    if options.regressions_only:
        tuned = load_file(str(options.output))
        previous = json.loads(options.output.with_suffix(".json").read_text())
        card["options"] = {**previous.get("options", {}), "regressions_only": "True"}
    else:
        weights: dict[str, Any] = load_file(str(base / "model.safetensors"))
        groups, flags = read_groups()
        sentences = Sentences(groups, flags, weights, load_tokenizer(base), options.seed)
        print(f"{len(sentences.texts)} sentences, {len(sentences.names)} behaviours", flush=True)
        tuned = tune(sentences, weights, options)
        save_file(tuned, str(options.output))
    encoder, _ = load_encoder()
    tuned.update(fit_regressions(TunedJudge(options.output), encoder))
    save_file(tuned, str(options.output))
    card["sha256"] = hashlib.sha256(options.output.read_bytes()).hexdigest()
    options.output.with_suffix(".json").write_text(json.dumps(card, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    print(f"wrote {options.output} ({options.output.stat().st_size / 1e6:.1f} MB)")


if __name__ == "__main__":
    main()
