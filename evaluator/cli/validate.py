"""``evaluator validate`` and ``evaluator calibrate``: the tool held against people's ratings."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from evaluator.cli.options import (
    EXIT_FAILED_UNDER,
    ModelChoice,
    bank_option,
    calibration_option,
    draft_option,
    model_options,
    open_engine,
)
from evaluator.cli.streams import InputFile

if TYPE_CHECKING:
    from evaluator.agreement import Agreement
    from evaluator.engine import Engine
    from evaluator.ratings import RatedAnswer, RatedFile

rating_option = click.option(
    "--rating",
    "columns",
    multiple=True,
    metavar="COLUMN",
    help="Column of ratings 1-5, once a rater.  [default: columns named so]",
)


@click.command()
@click.argument("rated", type=InputFile(), metavar="RATED")
@rating_option
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--fail-under", type=float, metavar="KAPPA", help="Exit with 4 where quadratic weighted kappa is lower.")
@bank_option
@draft_option
@calibration_option
@model_options
def validate(
    rated: Path,
    columns: tuple[str, ...],
    form: str,
    fail_under: float | None,
    bank_folder: Path | None,
    allow_draft: bool,
    calibration: Path | None,
    models: ModelChoice,
) -> None:
    """Hold the tool's levels against people's ratings of the same answers."""
    from evaluator.bank import load_bank
    from evaluator.ratings import read_rated

    bank = load_bank(bank_folder, allow_draft=allow_draft)
    file = read_rated(rated, bank, columns)
    engine = open_engine(bank, models, calibration=calibration, batch=True)
    report = _validation(engine, file)
    click.echo(json.dumps(report, indent=2) if form == "json" else _as_text(report))
    if fail_under is not None and report["agreement"]["kappa"]["value"] < fail_under:
        sys.exit(EXIT_FAILED_UNDER)


@click.command()
@click.argument("rated", type=InputFile(), metavar="RATED")
@rating_option
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    default="calibration.json",
    show_default=True,
    help="Where the cut-offs go; use them with --calibration.",
)
@bank_option
@draft_option
@model_options
def calibrate(
    rated: Path,
    columns: tuple[str, ...],
    output: Path,
    bank_folder: Path | None,
    allow_draft: bool,
    models: ModelChoice,
) -> None:
    """Fit the cut-offs between levels to your own ratings, where that helps on ratings held out."""
    from evaluator.agreement import LEAST_RATINGS, cross_validated_cuts
    from evaluator.bank import load_bank
    from evaluator.errors import CalibrationError
    from evaluator.loading import save_calibration
    from evaluator.ratings import read_rated

    bank = load_bank(bank_folder, allow_draft=allow_draft)
    file = read_rated(rated, bank, columns)
    if len(file.answers) < LEAST_RATINGS:
        raise CalibrationError(
            f"{rated.name}: {len(file.answers)} rated answers; cut-offs need at least {LEAST_RATINGS}. Rate more answers."
        )
    engine = open_engine(bank, models, batch=True)
    free = [item for item in _judged(engine, file.answers) if not item[2]]
    if len(free) < LEAST_RATINGS:
        raise CalibrationError(
            f"{rated.name}: {len(free)} rated answers have a level that cut-offs decide; {LEAST_RATINGS} are needed."
        )
    fit = cross_validated_cuts([s for _, s, _ in free], [r.level for r, _, _ in free], engine.calibration.cuts)
    click.echo(f"cut-offs in use  {_cuts(engine.calibration.cuts)}: kappa {fit.before:.3f}", err=True)
    click.echo(f"cut-offs fitted  {_cuts(fit.cuts)}: kappa {fit.held_out:.3f} on ratings held out", err=True)
    if fit.gain <= 0:
        raise CalibrationError(
            "fitted cut-offs agree no better on ratings that were held out, so none were written. Keep the ones in use."
        )
    save_calibration(replace(engine.calibration, cuts=fit.cuts), output)
    click.echo(f"Gain {fit.gain:+.3f}. Use it with --calibration {output}", err=True)


def _cuts(cuts: Sequence[float]) -> str:
    return " / ".join(f"{cut:.1f}" for cut in cuts)


def _judged(engine: Engine, rated: Sequence[RatedAnswer]) -> list[tuple[RatedAnswer, float, bool]]:
    """Return the rated answers that got a score, the score, and whether a ceiling decided their level."""
    from evaluator.domain import FlagKind

    deciding = {FlagKind.RED_FLAG, FlagKind.OFF_TOPIC, FlagKind.GAMING, FlagKind.COPIED}
    results = engine.evaluate(item.answer for item in rated)
    return [
        (item, result.score, any(flag.kind in deciding for flag in result.flags))
        for item, result in zip(rated, results, strict=True)
        if result.score is not None
    ]


def _validation(engine: Engine, file: RatedFile) -> dict[str, Any]:
    from evaluator.agreement import agreement, levels_by_rank, quadratic_kappa
    from evaluator.baselines import cosine_baseline, length_baseline, tfidf_baseline

    judged = _judged(engine, file.answers)
    if not judged:
        from evaluator.errors import AnswersError

        raise AnswersError("none of the rated answers could be scored. See: evaluator score")
    levels = [item.level for item, _, _ in judged]
    scores = [score for _, score, _ in judged]
    given = [engine.calibration.level(score) for score in scores]
    answered = [
        (item.answer, question)
        for item, _, _ in judged
        if (question := engine.bank.find(item.answer.question_id)) is not None
    ]
    baselines = {
        "length": length_baseline(answered),
        "TF-IDF": tfidf_baseline(answered),
        "cosine": cosine_baseline(answered, engine.models.encoder),
    }
    questions: dict[str, list[int]] = {}
    for row, (item, _, _) in enumerate(judged):
        questions.setdefault(item.answer.question_id, []).append(row)

    def part(rows: list[int]) -> Agreement:
        return agreement([levels[i] for i in rows], [given[i] for i in rows], [scores[i] for i in rows])

    whole = part(list(range(len(judged))))
    return {
        "raters": list(file.columns),
        "raters_kappa": _raters_kappa([item.ratings for item, _, _ in judged]),
        "unrated": file.unrated,
        "unscored": len(file.answers) - len(judged),
        "agreement": asdict(whole),
        "warnings": list(whole.warnings),
        "questions": {name: asdict(part(rows)) for name, rows in sorted(questions.items())},
        "baselines": {
            name: {
                "kappa": quadratic_kappa(levels, levels_by_rank(values, levels)),
                "pearson": _correlation(levels, values),
            }
            for name, values in baselines.items()
        },
        "signature": asdict(engine.signature),
    }


def _raters_kappa(ratings: list[tuple[int | None, ...]]) -> float | None:
    """Return the mean kappa of every two raters over what both rated; None where no two rated an answer."""
    from itertools import combinations
    from statistics import fmean

    from evaluator.agreement import quadratic_kappa

    found = []
    for first, second in combinations(zip(*ratings, strict=True), 2):
        both = [(a, b) for a, b in zip(first, second, strict=True) if a is not None and b is not None]
        if both:
            found.append(quadratic_kappa([a for a, _ in both], [b for _, b in both]))
    return fmean(found) if found else None


def _correlation(levels: list[int], values: list[float]) -> float:
    from evaluator.agreement import correlation

    return correlation(levels, values)


def _as_text(report: dict[str, Any]) -> str:
    whole = report["agreement"]

    def interval(name: str) -> str:
        figure = whole[name]
        return f"{figure['value']:6.3f}   {figure['low']:.3f} to {figure['high']:.3f}"

    lines = [
        f"{whole['count']} rated answers, ratings from {', '.join(report['raters'])}"
        f" ({report['unrated']} without a rating, {report['unscored']} not scored)",
        "",
        "                                       95% interval",
        f"quadratic weighted kappa     {interval('kappa')}",
        f"Pearson's r of the score     {interval('pearson')}",
        f"Spearman's r of the score    {whole['spearman']:6.3f}",
        f"exact agreement              {whole['exact']:6.3f}",
        f"within one level             {whole['adjacent']:6.3f}",
        f"standardised mean difference {whole['smd']:+6.3f}",
    ]
    if report["raters_kappa"] is not None:
        lines.append(f"raters with each other       {report['raters_kappa']:6.3f}   (kappa)")
    lines += ["", "rated (rows) against given (columns), levels 1-5"]
    lines += ["  " + " ".join(f"{count:4}" for count in row) for row in whole["confusion"]]
    lines += ["", "baseline     kappa at its best   Pearson's r"]
    lines += [f"{n:12} {f['kappa']:17.3f} {f['pearson']:13.3f}" for n, f in report["baselines"].items()]
    lines += ["", "question                            n   kappa   exact     SMD"]
    lines += [
        f"{n[:32]:32} {f['count']:4} {f['kappa']['value']:7.3f} {f['exact']:7.3f} {f['smd']:+7.3f}"
        for n, f in report["questions"].items()
    ]
    lines += ["", *(f"warning: {warning}" for warning in report["warnings"])]
    return "\n".join(lines).rstrip()
