"""Sample answers: six invented candidates, all twelve shipped questions."""

from pathlib import Path


def sample_answers_path() -> Path:
    """Return the file of sample answers that ships with the tool."""
    return Path(__file__).parent / "answers.csv"
