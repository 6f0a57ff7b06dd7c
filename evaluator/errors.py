"""The one family of errors a user can cause; every message says where, what, and what to do."""

from __future__ import annotations


class EvaluatorError(Exception):
    """Something the user can put right. The command line prints it without a traceback and exits with 1."""


class BankError(EvaluatorError):
    """A bank, or a file of it, cannot be used."""


class AnswersError(EvaluatorError):
    """A file of answers cannot be read as a whole. Faults of one row never raise: they make an unscored row."""


class ResultsError(EvaluatorError):
    """A results file cannot be read."""


class SeedsError(EvaluatorError):
    """A digest of the source material is missing, malformed or out of date."""


class DocumentError(EvaluatorError):
    """A source document cannot be read, or what was imported from it cannot be written."""


class ModelError(EvaluatorError):
    """A model is missing, or is not the one that was asked for."""


class CalibrationError(EvaluatorError):
    """Cut-offs cannot be fitted, or a calibration file cannot be used."""


class BatchError(EvaluatorError):
    """A batch cannot begin, go on, or be distributed."""


class ReviewsError(EvaluatorError):
    """A file of people's decisions cannot be used."""


class HistoryError(EvaluatorError):
    """The file of earlier attempts cannot be used."""


class PdfError(EvaluatorError):
    """Pages cannot be written as PDF because a library is missing."""
