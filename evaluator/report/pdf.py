"""Writes a page as PDF with WeasyPrint (extra ``pdf``): paged, tagged, with headings as bookmarks."""

from __future__ import annotations

from evaluator.errors import PdfError


def render_pdf(page: str) -> bytes:
    """Return an HTML page of this tool as PDF. The same page gives the same bytes.

    Nothing but the page itself is read: every address, on this machine or a network, is refused.

    Raises:
        PdfError: WeasyPrint, or the library Pango that it draws with, is not installed.
    """
    try:
        import weasyprint
        import weasyprint.urls
    except ImportError as error:
        raise PdfError(
            "PDF needs WeasyPrint. Run: pip install 'pharmacy-interview-evaluator[pdf]', or print the HTML page."
        ) from error
    except OSError as error:
        raise PdfError(
            f"PDF needs the library Pango, which cannot be loaded ({error}). Install it (on Debian: "
            "apt-get install libpango-1.0-0 libpangoft2-1.0-0), or print the HTML page from a browser."
        ) from error
    nothing = weasyprint.urls.URLFetcher(allowed_protocols=())
    return bytes(weasyprint.HTML(string=page, url_fetcher=nothing).write_pdf(pdf_tags=True))
