"""``evaluator doctor``: what is there, and what to do about what is not."""

from __future__ import annotations

import sys

import click


@click.command()
def doctor() -> None:
    """Show versions, models, digests, bank and threads; say what to do about what is missing."""
    from evaluator.diagnosis import diagnose

    findings = diagnose()
    width = max(len(finding.subject) for finding in findings)
    for finding in findings:
        click.echo(f"{'ok ' if finding.ok else 'BAD'} {finding.subject:{width}}  {finding.detail}")
    if not all(finding.ok for finding in findings):
        sys.exit(1)
