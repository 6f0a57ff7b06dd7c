"""The command line: commands parse, call one function, and write. Heavy imports wait until a command runs."""

from __future__ import annotations

import errno
import tempfile
from typing import Any

import click

from evaluator import __version__
from evaluator.cli.audit import audit, counterfactual
from evaluator.cli.bank import bank
from evaluator.cli.cache import cache
from evaluator.cli.check import check
from evaluator.cli.compare import compare
from evaluator.cli.demo import demo
from evaluator.cli.doctor import doctor
from evaluator.cli.history import history
from evaluator.cli.purge import purge
from evaluator.cli.review import review
from evaluator.cli.score import report, score
from evaluator.cli.seeds import seeds
from evaluator.cli.serve import serve
from evaluator.cli.validate import calibrate, validate
from evaluator.cli.verify import verify
from evaluator.errors import EvaluatorError


class _Group(click.Group):
    """Turns errors that a user can cause into one line on stderr and exit code 1; everything else is a bug."""

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401
        try:
            return super().invoke(ctx)
        except EvaluatorError as error:
            raise click.ClickException(str(error)) from error
        except OSError as error:
            if error.errno not in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)):
                raise
            place = error.filename or tempfile.gettempdir()
            cure = "Make room there, or name another folder in TMPDIR."
            raise click.ClickException(f"{place}: cannot be written ({error.strerror}). {cure}") from error


@click.group(
    cls=_Group,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 done, 1 failed, or a check found something, 2 wrong usage, 3 done but some rows could not be used, "
    "4 a --fail-under or --fail-over not met, 130 stopped with Ctrl-C. "
    "The tool advises; a person decides.",
)
@click.version_option(__version__, "-V", "--version", prog_name="evaluator")
def main() -> None:
    """Judge pharmacy interview answers against good answers, offline, with evidence."""


for command in (
    demo, check, history, serve, score, report, compare, review, validate, calibrate, audit, counterfactual, verify, purge,
    bank, seeds, cache, doctor,
):  # fmt: skip
    main.add_command(command)
