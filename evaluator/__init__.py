"""Judges pharmacy interview answers against the good answers in the source material, offline, with evidence."""

__version__ = "0.1.0"
