"""Removes what the tool keeps of a candidate: in run folders, in the history, in caches; and looks whether anything is left.

Every place is a function that finds, and removes unless it only looks. Files are written anew under another name and then
renamed; the lossless results come last, so that a purge that was cut off finds its work again.
"""

from __future__ import annotations

import csv
import importlib
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from types import ModuleType

from evaluator.destination import FOLDER_FORMATS
from evaluator.domain import Bank
from evaluator.page_names import page_files, page_name
from evaluator.purged_runs import REMOVED, is_flat_table, rewrite_run, rewrite_table, without
from evaluator.report.markdown import escape_markdown
from evaluator.report.visible import one_line
from evaluator.results import SCHEMA, read_results
from evaluator.whole_files import write_file

LEAST_SEARCHED = 4
"""Characters from which an id is searched for in every file: "7" stands in all of them."""
LEAST_TEXT = 25
"""The same for an answer: shorter ones are said by many."""
PARTIAL_SCHEMA = "evaluator-partial/"
_PAGE = re.compile(r"-[0-9a-f]{8}(?:[0-9a-f]{56})?\.(?:html|md|pdf)$")
"""How the name of a candidate's page ends."""
UNSEARCHABLE = (".parquet", ".pdf")
"""Files that hold text in no form that can be searched."""
PAGE = "the candidate's page"
HEAD = 4096
"""Bytes in which a file says what it is."""


@dataclass(frozen=True, slots=True)
class Found:
    """Something of a candidate, and what becomes of it."""

    place: str
    """A file, or a store in words."""
    what: str
    left: bool = False
    """Whether it stays, because the tool did not write it or cannot write it anew."""


Store = Callable[[Sequence[str], bool], Iterator[Found]]
"""Takes candidate ids and whether to remove; yields what there is of them."""


def results_files(folder: Path) -> list[Path]:
    """Return the files of results in a folder and those below it."""
    return [path for path in _files(folder) if path.suffix in (".jsonl", ".ndjson") and _head_names(path, SCHEMA)]


def own_pages(folder: Path, ids: Sequence[str]) -> list[Path]:
    """Return the pages of candidates in a folder."""
    return [path for candidate in ids for path in page_files(folder, candidate)]


def mentions(path: Path, ids: Sequence[str], texts: Sequence[str] = ()) -> bool:
    """Return whether a file holds an id (as a whole word) or an answer, as it is or as reports and JSON write it."""
    data = _content(path)
    return any(re.search(pattern, data) for pattern in _patterns(ids, texts))


def history_store(ids: Sequence[str], remove: bool) -> Iterator[Found]:
    """Find a candidate's attempts in the history of self-checks."""
    history = _optional("evaluator.history")
    if history is None:
        return
    number = sum(len(history.list_attempts(candidate_id=candidate)) for candidate in ids)
    if not number:
        return
    if remove:
        for candidate in ids:
            history.delete_candidate(candidate)
    yield Found("history of self-checks", f"{number} attempt{'s' * (number != 1)}")


def cache_store(_ids: Sequence[str], remove: bool) -> Iterator[Found]:
    """Find the cache of computed numbers, whose entries name nobody and cannot be told apart: it goes as a whole."""
    store = _optional("evaluator.models.store")
    if store is None or not store.store_bytes():
        return
    if remove:
        store.remove_store()
    yield Found("cache of computed numbers", "everything in it: it is computed again when it is needed")


STORES: tuple[Store, ...] = (history_store, cache_store)
"""Where the tool keeps something outside run folders."""


def purge_folder(folder: Path, ids: Sequence[str], remove: bool, bank: Bank | None) -> Iterator[Found]:
    """Find, and remove, what a folder and those below it hold of candidates.

    Args:
        folder: of one run or of many.
        ids: of candidates.
        remove: whether to, or only to look.
        bank: what reports take anchors and model answers from.
    """
    done: set[Path] = set()
    texts: list[str] = []
    runs = results_files(folder)
    free: set[Path] = set()
    for path in runs:
        found = list(_purge_run(path, ids, remove, bank, done, texts))
        yield from found
        if not found:
            free.add(path.parent)
    own = {page for parent in {path.parent for path in _files(folder)} for page in own_pages(parent, ids)}
    for path in _files(folder):
        if path in done:
            continue
        if is_flat_table(path):
            try:
                number = rewrite_table(path, ids, remove)
            except (UnicodeDecodeError, csv.Error):
                continue  # saved by another program: named below where it holds anything of theirs
            if number:
                done.add(path)
                yield Found(str(path), f"{number} rows")
        elif _is_partial(path) and (_has_id(path, ids) or mentions(path, ids, texts)):
            yield from _gone(path, "an unfinished run: it starts at the beginning", remove, done)
        elif _is_overview(path) and mentions(path, [page_name(candidate) for candidate in ids]):
            yield from _gone(path, "an overview that cannot be written anew without results.jsonl", remove, done)
        elif _PAGE.search(path.name) and path not in own and mentions(path, ids):
            done.add(path)
            if remove:
                _blank(path, ids)
            yield Found(_named(path), "another candidate's page: the name in it")
    for page in sorted(own):
        yield from _gone(page, PAGE, remove, done)
    for path in _files(folder):
        if path.is_file() and path not in done and path.suffix in UNSEARCHABLE and path.parent not in free:
            yield Found(_named(path), "cannot be searched: look whether it names the candidate", left=True)
        elif (path not in done or remove) and mentions(path, ids, texts):
            yield Found(_named(path), "names the candidate or quotes an answer, and cannot be written anew", left=True)


def _purge_run(
    path: Path, ids: Sequence[str], remove: bool, bank: Bank | None, done: set[Path], texts: list[str]
) -> Iterator[Found]:
    results = read_results(path, bank)
    own = [result for result in results if result.answer.candidate_id in ids]
    rest = without(results, ids)
    texts += [r.answer.text for r in own if not any(r.answer.text in other.answer.text for other in rest)]
    pages = own_pages(path.parent, ids)
    if not own and not pages and rest == results:
        return
    for page in pages:
        yield from _gone(page, PAGE, remove, done)
    for file in rewrite_run(path, rest, remove):
        done.add(file)
        yield Found(
            _named(file), f"{len(own)} of {len(results)} answers" if file == path else "written without the candidate"
        )


def _blank(path: Path, ids: Sequence[str]) -> None:
    data = path.read_bytes()
    for pattern in _patterns(ids, ()):
        data = re.sub(pattern, REMOVED.encode(), data)
    write_file(path, data)


def _is_partial(path: Path) -> bool:
    return path.name.startswith(".writing-") or (path.suffix == ".partial" and _head_names(path, PARTIAL_SCHEMA))


def _is_overview(path: Path) -> bool:
    return path.name in {f"index.{form}" for form in FOLDER_FORMATS}


def _gone(path: Path, what: str, remove: bool, done: set[Path]) -> Iterator[Found]:
    if path in done:
        return
    done.add(path)
    if remove:
        path.unlink(missing_ok=True)
    yield Found(_named(path), what)


def _named(path: Path) -> str:
    """Return a file's name for a message: a candidate's page is named after the id, which goes into no log."""
    return f"{path.parent} ({path.suffix[1:]})" if _PAGE.search(path.name) else str(path)


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def _head_names(path: Path, schema: str) -> bool:
    with path.open("rb") as file:
        head = file.read(HEAD)
    return schema.encode() in head


def _has_id(path: Path, ids: Sequence[str]) -> bool:
    """Return whether a line of JSON is of one of the candidates, however short the id."""
    wanted = {json.dumps(candidate, ensure_ascii=False) for candidate in ids}
    with path.open(encoding="utf-8", errors="replace") as file:
        return any(f'"candidate_id": {name}' in line for line in file for name in wanted)


def _content(path: Path) -> bytes:
    """Return a file's bytes; those of the parts of a workbook, which is compressed."""
    data = path.read_bytes()
    if not data.startswith(b"PK\x03\x04"):
        return data
    import zipfile

    try:
        with zipfile.ZipFile(path) as archive:
            return b"\n".join(archive.read(name) for name in archive.namelist())
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError):
        return data


def _patterns(ids: Sequence[str], texts: Sequence[str]) -> list[bytes]:
    found = []
    for candidate in ids:
        if len(candidate) >= LEAST_SEARCHED:
            found += [rb"(?<!\w)" + re.escape(form) + rb"(?!\w)" for form in _forms(candidate)]
    for text in texts:
        if len(text) >= LEAST_TEXT:
            found += [re.escape(form) for form in _forms(text)]
    return found


def _forms(text: str) -> set[bytes]:
    """Return a text as files of the tool may hold it: plain, in JSON, in HTML, in Markdown, made visible."""
    shown = one_line(text)
    forms = {text, shown, escape(text), escape(shown), escape_markdown(text), json.dumps(text)[1:-1]}
    forms |= {
        json.dumps(text, ensure_ascii=False)[1:-1],
        escape(shown).replace("&#x27;", "&#39;").replace("&quot;", "&#34;"),
    }
    return {form.encode("utf-8", "replace") for form in forms if form}


def _optional(name: str) -> ModuleType | None:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name == name:
            return None
        raise
