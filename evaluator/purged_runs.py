"""Writes runs anew without some candidates: every form that lies beside the results, each under another name first."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from evaluator.answers.delimited import long_fields
from evaluator.destination import FILE_FORMATS, FOLDER_FORMATS, Destination
from evaluator.domain import Flag, FlagKind, Result
from evaluator.errors import ResultsError
from evaluator.manifest import find_manifest, forget, read_manifest
from evaluator.neutral_cells import neutral_cell
from evaluator.outputs import FLAT_COLUMNS, write_results
from evaluator.page_names import page_files, page_names
from evaluator.stored import HeldResults
from evaluator.whole_files import write_file

REMOVED = "(removed)"
"""What a flag names in the place of a candidate who was removed."""


def without(results: Iterable[Result], ids: Sequence[str]) -> list[Result]:
    """Return the results of everybody else; where a flag names one who is removed, the name goes and the flag stays."""
    return [_unnamed(result, ids) for result in results if result.answer.candidate_id not in ids]


def rewrite_run(results: Path, rest: Sequence[Result], remove: bool) -> list[Path]:
    """Write every form of a run anew with the results that stay; where none stay, remove them.

    Args:
        results: its lossless results, which are written last: what is left to do is known from them.
        rest: what stays.
        remove: whether to, or only to tell which files these are.

    Returns:
        The files that were, or would be, written or removed.
    """
    folder = results.parent
    names = {form: f"results.{form}" for form in FILE_FORMATS} | {form: f"index.{form}" for form in FOLDER_FORMATS}
    beside = (*FOLDER_FORMATS, "csv", "xlsx", "parquet") if results.name == names["jsonl"] else ()
    forms = [form for form in beside if (folder / names[form]).is_file()]
    manifest = _manifest_of(results)
    names_of = page_names(result.answer.candidate_id for result in rest)
    pages = [folder / f"{name}.{form}" for form in forms if form in FOLDER_FORMATS for name in names_of.values()]
    files = [*(folder / names[form] for form in forms), results, *([manifest] if manifest else []), *pages]
    if not remove:
        return files
    if not rest:
        for file in files:
            file.unlink(missing_ok=True)
        return files
    options = read_manifest(manifest).options if manifest else {}
    held = HeldResults(rest)
    names_column = options.get("show_names")
    for form in (*forms, "jsonl"):
        is_folder = form in FOLDER_FORMATS
        path = results if form == "jsonl" else folder if is_folder else folder / names[form]
        write_results(
            held,
            Destination((form,), path, is_folder),
            audience=options.get("audience") or "recruiter",
            with_model_answers=bool(options.get("with_model_answers")),
            show_names=names_column if names_column in held.extra else None,
        )
    for who, name in names_of.items():
        for page in page_files(folder, who):
            if page.stem != name:  # the one with whom a name was shared is gone, and the longer name with her
                page.unlink()
    if manifest:
        forget(manifest)
    return files


def is_flat_table(path: Path) -> bool:
    """Return whether a file is a table of results that the tool wrote."""
    # Tables of versions before the column `contributions` are theirs, too.
    head = ",".join(FLAT_COLUMNS[: FLAT_COLUMNS.index("contributions")]).encode()
    with path.open("rb") as file:
        return file.read(len(head)) == head


def rewrite_table(path: Path, ids: Sequence[str], remove: bool) -> int:
    """Write a table of results anew without candidates and return how many rows went, or would go."""
    with path.open(encoding="utf-8", newline="") as file, long_fields():
        rows = list(csv.reader(file))
    cells = {neutral_cell(candidate) for candidate in ids}
    flags = FLAT_COLUMNS.index("flags")
    named = re.compile(rf"\bduplicate:(?:{'|'.join(map(re.escape, ids))})(?=; |$)")
    kept = [rows[0]]
    for row in rows[1:]:
        if row[:1] and row[0] in cells:
            continue
        if len(row) > flags:  # shorter ones, a blank line, came in by another program
            row = [*row[:flags], named.sub(f"duplicate:{REMOVED}", row[flags]), *row[flags + 1 :]]
        kept.append(row)
    if remove and kept != rows:
        buffer = io.StringIO()
        csv.writer(buffer, lineterminator="\n").writerows(kept)
        write_file(path, buffer.getvalue().encode())
        manifest = _manifest_of(path)
        if manifest:
            forget(manifest)
    return len(rows) - len(kept)


def _manifest_of(path: Path) -> Path | None:
    """Return the manifest of the run that wrote a file; None where there is none, or it is another run's."""
    try:
        found = find_manifest(path)
    except ResultsError:
        return None
    manifest = read_manifest(found)
    return found if path.name in {manifest.results_name, *(file.path for file in manifest.outputs)} else None


def _unnamed(result: Result, ids: Sequence[str]) -> Result:
    def unnamed(flag: Flag) -> Flag:
        if flag.kind is not FlagKind.DUPLICATE or flag.id not in ids:
            return flag
        return replace(flag, id=REMOVED, detail="Nearly the same words as an answer that was removed.")

    return replace(result, flags=tuple(map(unnamed, result.flags)))
