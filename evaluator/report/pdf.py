"""Writes a page as PDF with WeasyPrint (extra ``pdf``): paged, tagged, with headings as bookmarks."""

from __future__ import annotations

from typing import Any

from evaluator.errors import PdfError


def render_pdf(page: str) -> bytes:
    """Return an HTML page of this tool as PDF. The same page gives the same bytes.

    Nothing but the page itself is read: every address, on this machine or a network, is refused.

    Raises:
        PdfError: WeasyPrint, or the library Pango that it draws with, is not installed.
    """
    try:
        import weasyprint
    except ImportError as error:
        raise PdfError(
            "PDF needs WeasyPrint. Run: pip install 'pharmacy-interview-evaluator[pdf]', or print the HTML page."
        ) from error
    except OSError as error:
        raise PdfError(
            f"PDF needs the library Pango, which cannot be loaded ({error}). Install it (on Debian: "
            "apt-get install libpango-1.0-0 libpangoft2-1.0-0), or print the HTML page from a browser."
        ) from error
    document = weasyprint.HTML(string=page, base_url=None, url_fetcher=_refuse)
    return bytes(document.write_pdf(pdf_tags=True, uncompressed_pdf=False))


def _refuse(url: str, *_: Any, **__: Any) -> dict[str, Any]:  # noqa: ANN401
    raise ValueError(f"refused: {url}")
