"""``evaluator serve``: a local web page for candidates and recruiters."""

from __future__ import annotations

from pathlib import Path
from threading import Thread

import click

from evaluator.cli.options import ModelChoice, bank_option, calibration_option, judge_options, open_engine
from evaluator.errors import EvaluatorError

NETWORK_WARNING = (
    "Others on the network can reach this page: anyone can use it, there is no password, and what they send is not "
    "encrypted on the way."
)


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; this computer only.")
@click.option("--port", type=click.IntRange(0, 65_535), default=8765, show_default=True, help="0 takes any free one.")
@click.option("--open-to-network", is_flag=True, help="Allow a --host that other computers can reach.")
@click.option("--no-browser", is_flag=True, help="Do not open a browser.")
@bank_option
@calibration_option
@judge_options
def serve(
    host: str,
    port: int,
    open_to_network: bool,
    no_browser: bool,
    bank_folder: Path | None,
    calibration: Path | None,
    models: ModelChoice,
) -> None:
    """Open a local web page: a self-check for candidates, batches for recruiters. Ctrl+C ends it."""
    try:
        from evaluator.web.server import address, create_server, is_loopback, open_socket
    except ModuleNotFoundError as error:
        raise EvaluatorError(
            f"evaluator serve needs the package {error.name}. Install it: pip install 'pharmacy-interview-evaluator[web]'"
        ) from error
    if not is_loopback(host):
        if not open_to_network:
            raise click.BadParameter(
                f"{host} can be reached from other computers. {NETWORK_WARNING} "
                "Where that is meant, add --open-to-network.",
                param_hint="--host",
            )
        click.echo(f"Warning: {NETWORK_WARNING}", err=True)
    from evaluator.bank import load_bank

    with open_socket(host, port) as opened:
        click.echo("Loading the models ...", err=True)
        bank = load_bank(bank_folder, allow_draft=False)
        # Nothing of an answer outlives its page, not even numbers by digest.
        engine = open_engine(bank, models, calibration=calibration)

        def started() -> None:
            click.echo(f"Open {address(opened)} in a browser. Ctrl+C ends it.", err=True)
            if not no_browser:
                # In a thread of its own: some systems wait for the browser to end.
                Thread(target=click.launch, args=[address(opened)], daemon=True).start()

        create_server(engine, opened, name=host, started=started).run(sockets=[opened])
