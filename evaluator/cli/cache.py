"""``evaluator cache``: what is kept on this machine, and how to be rid of it."""

from __future__ import annotations

import click


@click.group()
def cache() -> None:
    """Show or remove prepared models and computed numbers that are kept on this machine."""


@cache.command()
def info() -> None:
    """Show where they are, how many there are and what they take."""
    from evaluator.models.place import cache_folder
    from evaluator.models.prepared import all_prepared
    from evaluator.models.store import LIMIT, NumberStore, store_bytes, store_path

    click.echo(f"folder    {cache_folder()}")
    store = NumberStore(store_path())
    click.echo(f"numbers   {store.count():,} entries, {_size(store_bytes())} of at most {_size(LIMIT)}")
    store.close()
    for name, size in all_prepared():
        click.echo(f"prepared  {name}, {_size(size)}")


@cache.command()
@click.option("--numbers-only", is_flag=True, help="Keep the prepared models, which take half a minute to make.")
def clear(numbers_only: bool) -> None:
    """Remove them. The next run makes them again."""
    from evaluator.models.prepared import remove_prepared
    from evaluator.models.store import remove_store

    freed = remove_store() + (0 if numbers_only else remove_prepared())
    click.echo(f"{_size(freed)} freed", err=True)


def _size(count: int) -> str:
    return f"{count / 2**20:.1f} MB"
