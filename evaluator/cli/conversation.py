"""The self-check on a terminal: choose a question, answer in several lines, read the feedback, try again."""

from __future__ import annotations

import select
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import click

from evaluator.cli.options import named_question
from evaluator.cli.single import remembered, terminal_style
from evaluator.report.terminal import render_text

if TYPE_CHECKING:
    from rich.console import Console

    from evaluator.domain import Question, Result
    from evaluator.engine import Engine

COMMANDS = {"again": "try again", "next": "another question", "more": "everything about this answer", "quit": "leave"}
"""What can be typed after the feedback; the first letter is enough."""


@dataclass(slots=True)
class Conversation:
    """A person and the engine, question by question."""

    engine: Engine
    with_model_answers: bool
    remember: bool
    keep_answers: bool
    _scores: dict[str, list[float | None]] = field(default_factory=dict)
    """Scores of this sitting by question id, for progress where nothing is remembered."""

    def run(self, question: Question | None) -> None:
        """Ask, judge and ask again until the person has had enough, or input ends."""
        console = _console()
        self._introduce(console)
        question = question or self._choose(console)
        while question is not None:
            result = self._answer(console, question)
            command = self._command(console, result)
            if command == "quit":
                return
            if command == "next":
                question = self._choose(console)

    def _introduce(self, console: Console) -> None:
        from evaluator.history import history_path

        console.print("Nothing you write leaves this computer.", style="dim")
        if self.remember:
            kept = "your answers, scores" if self.keep_answers else "scores"
            console.print(
                f"To show progress, {kept} and what you covered are remembered in {history_path()}. "
                "Forget them with: evaluator history clear",
                style="dim",
                markup=False,
                highlight=False,
            )

    def _choose(self, console: Console) -> Question | None:
        from rich import box
        from rich.table import Table
        from rich.text import Text

        table = Table(box=box.SIMPLE, show_edge=False, header_style="bold")
        for title in ("No.", "Question", "id"):
            table.add_column(title, justify="right" if title == "No." else "left")
        for number, question in enumerate(self.engine.bank.questions, start=1):
            table.add_row(str(number), Text(question.text), Text(question.id, style="dim"))
        console.print()
        console.print(table)
        while (choice := _ask("Which question? Its number or id (or quit)")) is not None:
            if choice.lower() in ("q", "quit"):
                return None
            if choice.isdecimal() and 1 <= int(choice) <= len(self.engine.bank.questions):
                return self.engine.bank.questions[int(choice) - 1]
            try:
                return named_question(self.engine.bank, choice, "--question")
            except click.BadParameter:
                console.print(f"There is no question {choice!r}.", markup=False, highlight=False)
        return None

    def _answer(self, console: Console, question: Question) -> Result | None:
        """Take an answer, judge it and show the feedback; None where nothing was typed."""
        from rich.text import Text

        console.print()
        console.print(Text(question.text, style="bold"))
        console.print("Write your answer. An empty line or Ctrl-D ends it.", style="dim")
        text = read_answer()
        if not text.strip():
            console.print("There was nothing to read.")
            return None
        with console.status("Reading your answer ..."):
            result = self.engine.evaluate_one(question.id, text)
        earlier = tuple(self._scores.setdefault(question.id, []))
        if self.remember:
            earlier = remembered(result, self.keep_answers) or earlier
        self._scores[question.id].append(result.score)
        self._show(console, result, earlier, brief=True)
        return result

    def _show(self, console: Console, result: Result, earlier: tuple[float | None, ...], *, brief: bool) -> None:
        from rich.text import Text

        colour, width = terminal_style()
        text = render_text(
            result, with_model_answers=self.with_model_answers, colour=colour, width=width, earlier=earlier, brief=brief
        )
        console.print()
        console.print(Text.from_ansi(text), soft_wrap=True)

    def _command(self, console: Console, result: Result | None) -> str:
        offered = {name: told for name, told in COMMANDS.items() if result is not None or name != "more"}
        told = ", ".join(f"[{name[0]}]{name[1:]}: {meaning}" for name, meaning in offered.items())
        while True:
            console.print()
            console.print(told, markup=False, highlight=False, style="dim")
            typed = _ask("What now?", default="again")
            if typed is None:
                return "quit"
            chosen = next((name for name in offered if typed.lower() in (name, name[0])), None)
            if chosen == "more" and result is not None:
                self._show(console, result, (), brief=False)
            elif chosen:
                return chosen
            else:
                console.print(f"Type one of: {', '.join(offered)}.")


def read_answer() -> str:
    """Return the lines up to an empty one or the end of input; empty lines inside pasted text do not end it."""
    lines: list[str] = []
    while line := sys.stdin.readline():
        if not line.strip() and not _more_is_waiting():
            break
        lines.append(line)
    return "".join(lines)


def _more_is_waiting() -> bool:
    """Return whether more input is there already, as after a paste; False where the system cannot tell."""
    try:
        return bool(select.select([sys.stdin], [], [], 0.05)[0])
    except (OSError, ValueError):
        return False


def _ask(prompt: str, default: str = "") -> str | None:
    """Return what is typed after a prompt, ``default`` for an empty line, None at the end of input."""
    click.echo(f"{prompt}{f' [{default}]' if default else ''}: ", nl=False)
    line = sys.stdin.readline()
    if not line:
        click.echo()
        return None
    return line.strip() or default


def _console() -> Console:
    from rich.console import Console

    colour, width = terminal_style()
    return Console(no_color=not colour, width=width, highlight=False)
