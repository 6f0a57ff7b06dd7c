"""PDF: the page on paper, from nothing but the page itself."""

from __future__ import annotations

import contextlib
import re
import socket
import sys
import zlib
from pathlib import Path

import pytest

from evaluator.errors import PdfError
from evaluator.outputs import Destination, write_results
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
