"""Reads raw source documents (text, Markdown, HTML, DOCX, PDF) and makes clean passages of them."""

from evaluator.documents.document import Dropped, ImportedDocument, Kind, Part, Passage, Place
from evaluator.documents.importing import import_document
from evaluator.documents.records import read_passages

__all__ = ["Dropped", "ImportedDocument", "Kind", "Part", "Passage", "Place", "import_document", "read_passages"]
