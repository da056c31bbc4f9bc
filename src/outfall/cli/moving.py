"""Moving a data directory into a database that many nodes share."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.console import Console

from outfall.cli.client import output_option, say
from outfall.cli.up import default_data
from outfall.store.errors import StoreError
from outfall.store.opening import open_blobs


@click.command("import")
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False), required=False)
@click.option("--store", required=True, metavar="postgresql://...", envvar="OUTFALL_STORE", help="An empty database.")
@click.option("--blobs", required=True, metavar="file:///shared|s3://...", envvar="OUTFALL_BLOBS", help="Large bodies.")
@output_option
def import_data(directory: Path | None, store: str, blobs: str, output: str) -> None:
    """Move a data directory into the store of many nodes.

    Everything goes along: objects, queues and the messages in them, functions, waiting retries, histories. No server
    may run on the directory or the database meanwhile. The directory stays as it is.
    """
    try:
        from outfall.store.moving import move
    except ImportError:
        raise click.ClickException(
            "The driver for PostgreSQL is not installed: pip install 'outfall[many-machines]'."
        ) from None
    found = directory or default_data()
    with Console(stderr=True).status("moving") as status:

        def tell(kind: str, count: int) -> None:
            status.update(f"{kind}: {count:,}")

        try:
            moved = asyncio.run(move(found, store, open_blobs(blobs), tell))
        except StoreError as error:
            raise click.ClickException(str(error)) from None
    told: dict[str, Any] = msgspec.to_builtins(moved)
    say(output, f"Moved {found}: " + ", ".join(f"{count:,} {kind}" for kind, count in told.items()) + ".", told)
