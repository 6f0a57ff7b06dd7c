"""Builds the binary documents that tests read: DOCX and PDF files, whole, encrypted, damaged and hostile."""

import io
import struct
import zipfile
from pathlib import Path

from docx import Document
from pypdf import PdfReader, PdfWriter

PAGES = (
    (
        "The Corner Counter Staff Notes",
        "Answering the telephone",
        "Say the name of the pharmacy and your own name before you say any-",
        "thing else. A caller who knows whom she talks to is calmer, and she will",
        "tell you sooner what she needs.",
        "1",
    ),
    (
        "The Corner Counter Staff Notes",
        "Write down the number at once. Lines break, and a caller who has to ring",
        "twice is angry twice.",
        "2",
    ),
    (
        "The Corner Counter Staff Notes",
        "Never read a list of medicines aloud over the telephone. Ask for the birth",
        "date first, and offer to call back at the number on the profile.",
        "3",
    ),
)


def docx_bytes(*, macros: bool = False) -> bytes:
    document = Document()
    document.core_properties.title = "Notes on the evening shift"
    document.add_heading("Notes on the evening shift", 0)
    document.add_paragraph("The evening shift is short of hands. Tell customers how long it will take, and keep to it.")
    document.add_heading("Closing the counter", 1)
    document.add_paragraph("Count the controlled drugs with a second person.", style="List Bullet")
    document.add_paragraph("Leave a note for the morning about every open promise.", style="List Bullet")
    table = document.add_table(rows=1, cols=2)
    table.rows[0].cells[0].text = "Out of stock"
    table.rows[0].cells[1].text = "Call the customer before they come, not after."
    document.sections[0].footer.paragraphs[0].text = "Confidential footer"
    buffer = io.BytesIO()
    document.save(buffer)
    return _with_macros(buffer.getvalue()) if macros else buffer.getvalue()


def _with_macros(content: bytes) -> bytes:
    plain = b"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    macro = b"application/vnd.ms-word.document.macroEnabled.main+xml"
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as archive, zipfile.ZipFile(out, "w") as copy:
        for entry in archive.infolist():
            data = archive.read(entry)
            if entry.filename == "[Content_Types].xml":
                data = data.replace(plain, macro).replace(
                    b"</Types>",
                    b'<Override PartName="/word/vbaProject.bin" ContentType="application/vnd.ms-office.vbaProject"/></Types>',
                )
            copy.writestr(entry.filename, data)
        copy.writestr("word/vbaProject.bin", b"Sub AutoOpen()\nShell calc.exe\nEnd Sub")
    return out.getvalue()


def zip_bomb(part: str, size: int, *, lying: bool = False) -> bytes:
    """Return a DOCX with a part that expands to ``size`` bytes; ``lying`` states 1,000 in both headers of the archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(docx_bytes())) as archive, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as copy:
        for entry in archive.infolist():
            if entry.filename != part:
                copy.writestr(entry.filename, archive.read(entry))
        copy.writestr(part, b" " * size)
    content = out.getvalue()
    return content.replace(struct.pack("<L", size), struct.pack("<L", 1_000)) if lying else content


def pdf_bytes(pages: tuple[tuple[str, ...], ...] = PAGES) -> bytes:
    """Return a plain PDF with one line of text below the other."""
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", b"", b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"]
    kids = []
    for page in pages:
        lines = " ".join(f"({line}) Tj 0 -16 Td" for line in page)
        stream = f"BT /F1 12 Tf 60 720 Td {lines} ET".encode()
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream))
        contents = len(objects)
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents %d 0 R "
            b"/Resources << /Font << /F1 3 0 R >> >> >>" % contents
        )
        kids.append(b"%d 0 R" % len(objects))
    objects[1] = b"<< /Type /Pages /Kids [%s] /Count %d >>" % (b" ".join(kids), len(kids))
    out = io.BytesIO(b"%PDF-1.4\n")
    out.seek(0, io.SEEK_END)
    offsets = []
    for number, body in enumerate(objects, start=1):
        offsets.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
    start = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    out.write(b"".join(b"%010d 00000 n \n" % offset for offset in offsets))
    out.write(b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, start))
    return out.getvalue()


def encrypted_pdf(password: str) -> bytes:
    writer = PdfWriter()
    writer.append(PdfReader(io.BytesIO(pdf_bytes())))
    writer.encrypt(password, "owner", algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def put(path: Path, content: bytes | str) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path
