"""PDF: the page on paper, from nothing but the page itself."""

from __future__ import annotations

import contextlib
import io
import re
import socket
import sys
import zlib
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import pypdf
import pytest

from evaluator.bank import load_bank
from evaluator.destination import Destination
from evaluator.errors import PdfError
from evaluator.outputs import write_results
from evaluator.report import render_candidate_html
from evaluator.report.pdf import render_pdf
from evaluator.results import read_results
from evaluator.stored import HeldResults

EXAMPLES = Path(__file__).parent.parent / "reports" / "examples"


def drawn() -> None:
    """Skip where the extra, or the system's library for drawing, is not installed."""
    try:
        import weasyprint  # noqa: F401
    except (ImportError, OSError):
        pytest.skip("the extra pdf is not installed")


def unpacked(pdf: bytes) -> bytes:
    """Return a PDF with its compressed parts readable."""
    parts = [pdf]
    for stream in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL):
        with contextlib.suppress(zlib.error):
            parts.append(zlib.decompress(stream))
    return b"".join(parts)


def test_a_page_becomes_the_same_pdf_every_time_tagged_and_with_bookmarks() -> None:
    drawn()
    page = render_candidate_html([], title_id="ana-17")
    pdf = render_pdf(page)
    assert pdf.startswith(b"%PDF-") and pdf == render_pdf(page)
    inside = unpacked(pdf)
    assert b"/StructTreeRoot" in inside and b"/Outlines" in inside and b"/Title" in inside


def test_a_page_can_reach_neither_files_nor_the_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn()
    reached: list[object] = []
    monkeypatch.setattr(socket.socket, "connect", lambda _, address: reached.append(address))
    here = tmp_path / "here.svg"
    here.write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" width="99" height="99"><rect width="99" height="99"/></svg>'
    )
    page = '<html lang="en"><title>x</title><p>x<img alt="" src="{}"><img alt="" src="http://127.0.0.1:9/x.png">'
    assert render_pdf(page.format(here.as_uri())) == render_pdf(page.format(tmp_path.as_uri() + "/gone.svg"))
    assert reached == []


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    with pytest.raises(PdfError, match=r"evaluator\[pdf\]"):
        render_pdf("<p>x</p>")


def test_a_report_set_has_a_pdf_for_every_candidate(tmp_path: Path) -> None:
    drawn()
    results = read_results(EXAMPLES / "results.jsonl")[:1]
    write_results(HeldResults(results), Destination(("pdf",), tmp_path, True), audience="candidate")
    (page,) = tmp_path.iterdir()
    assert page.suffix == ".pdf" and page.read_bytes().startswith(b"%PDF-")


# The paper


MM = 72 / 25.4
SIDE, FOOT = 16 * MM, 18 * MM
"""Margins of a page, in points."""
LONGEST = "a" * 300
"""One word that no line can hold."""
FAULTY = """<html lang="en"><title>x</title><style>
@page { margin: 16mm 16mm 18mm } body { font: 9.5pt sans-serif; margin: 0 }
div { height: 240mm } h2 { break-after: auto; margin: 0 } p { break-before: page }
</style><div></div><h2>Alone</h2><p style="white-space: nowrap">aaa bbb ccc ddd eee fff ggg hhh iii jjj kkk lll mmm nnn ooo ppp
qqq rrr sss ttt uuu vvv www xxx yyy zzz aaa bbb ccc ddd eee fff ggg hhh</p>"""


@dataclass(frozen=True)
class Paper:
    """A PDF as it lies on the table."""

    pages: list[Any]
    """As pdfplumber reads them."""
    headings: list[tuple[int, float]]
    """Page from 0, and distance from its top in points."""

    def letters(self, number: int) -> list[Any]:
        """Return the letters of a page above its foot."""
        page = self.pages[number]
        return [char for char in page.chars if char["text"].strip() and char["top"] < page.height - FOOT]

    def cut(self) -> list[str]:
        """Return pages and letters that stand in a margin or past the edge."""
        return [
            f"page {number + 1}: {char['text']}"
            for number, page in enumerate(self.pages)
            for char in self.letters(number)
            if not (char["x0"] >= SIDE - 1 and char["x1"] <= page.width - SIDE + 1)
            or not (char["top"] >= SIDE - 1 and char["bottom"] <= page.height - FOOT + 1)
        ]

    def feet(self) -> list[str]:
        """Return what stands at the foot of every page."""
        return [
            "".join(char["text"] for char in page.chars if char["top"] >= page.height - FOOT).replace(" ", "")
            for page in self.pages
        ]

    def lone_headings(self) -> list[str]:
        """Return headings with less than two lines of text below them on their page."""
        found = []
        for number, top in self.headings:
            below = [char for char in self.letters(number) if char["top"] >= top - 2]
            plain = {round(char["top"]) for char in below if char["size"] < 10.5 and "Bold" not in char["fontname"]}
            if len(plain) < 2:
                found.append(f"page {number + 1}, {top:.0f} points from the top")
        return found


def printed(page: str) -> Paper:
    """Return a page of HTML on paper."""
    pdfplumber = pytest.importorskip("pdfplumber")
    pdf = render_pdf(page)
    reader = pypdf.PdfReader(io.BytesIO(pdf))

    def places(outline: list[Any]) -> list[tuple[int, float]]:
        found = []
        for entry in outline:
            if isinstance(entry, list):
                found += places(entry)
            else:
                number = reader.get_destination_page_number(entry)
                found.append((number, float(reader.pages[number].mediabox.height) - float(entry.top)))
        return found

    return Paper(pdfplumber.open(io.BytesIO(pdf)).pages, places(reader.outline))


@cache
def report() -> tuple[Paper, str]:
    """Return a long report on paper, and its answers, the last of which has a word that no line can hold."""
    drawn()
    results = [r for r in read_results(EXAMPLES / "results.jsonl", load_bank()) if r.answer.candidate_id == "C-103"][:4]
    last = replace(results[-1], answer=replace(results[-1].answer, text=f"{results[-1].answer.text} {LONGEST}"))
    results = [*results[:-1], last]
    page = render_candidate_html(results, audience="recruiter", title_id=f"C-103 {LONGEST}")
    return printed(page), " ".join(result.answer.text for result in results)


def test_no_letter_is_cut_at_an_edge_and_none_is_missing() -> None:
    paper, answers = report()
    assert paper.cut() == []
    letters = iter(re.sub(r"\W", "", "".join(char["text"] for page in paper.pages for char in page.chars)))
    assert all(letter in letters for letter in re.sub(r"\W", "", answers)), "every letter of every answer, in order"


def test_every_page_has_its_number() -> None:
    paper, _ = report()
    assert len(paper.pages) > 3
    assert paper.feet() == [f"{number}/{len(paper.pages)}" for number in range(1, len(paper.pages) + 1)]


def test_a_heading_is_never_the_last_thing_on_a_page() -> None:
    paper, _ = report()
    assert len(paper.headings) > 12 and len({number for number, _ in paper.headings}) > 3
    assert paper.lone_headings() == []


def test_these_checks_find_a_cut_line_a_missing_number_and_a_lone_heading() -> None:
    drawn()
    paper = printed(FAULTY)
    assert paper.cut() and paper.feet() == ["", ""] and len(paper.lone_headings()) == 1
