"""Moving the clock of a server that was started with `--clock manual`."""

from __future__ import annotations

import re
from typing import Any

import click

from outfall.cli.client import ask, endpoint_of, endpoint_option, output_option, print_json
from outfall.cli.events import clock as shown

UNITS_MS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
Given = tuple[str | None, str]
"""An endpoint and how to print."""
DURATION = re.compile(r"(\d+)(ms|s|m|h|d)")


@click.group(invoke_without_command=True)
@endpoint_option
@output_option
@click.pass_context
def clock(ctx: click.Context, endpoint: str | None, output: str) -> None:
    """What the clock of record says; how to move it."""
    ctx.obj = (endpoint, output)
    if not ctx.invoked_subcommand:
        _tell(ask(endpoint_of(endpoint), "/_outfall/api/clock"), output)


@clock.command()
@click.argument("duration")
@endpoint_option
@output_option
@click.pass_obj
def advance(given: Given, duration: str, endpoint: str | None, output: str) -> None:
    """Move the clock by DURATION, as 90s, 3m or 1h30m.

    What falls due on the way is done.
    """
    _move(given, (endpoint, output), f"advance_ms={milliseconds(duration)}")


@clock.command("next")
@endpoint_option
@output_option
@click.pass_obj
def next_(given: Given, endpoint: str | None, output: str) -> None:
    """Move the clock to the next thing that is due."""
    _move(given, (endpoint, output), "to=next")


@clock.command()
@endpoint_option
@output_option
@click.pass_obj
def idle(given: Given, endpoint: str | None, output: str) -> None:
    """Move the clock until nothing waits any more.

    Where something comes back for ever it tells what, and ends with 1.
    """
    told = _move(given, (endpoint, output), "to=idle")
    if not told["idle"]:
        raise SystemExit(1)


def _move(before: Given, after: Given, how: str) -> dict[str, Any]:
    """The options may stand before the name of what is done, or after it."""
    endpoint = endpoint_of(after[0] or before[0])
    told = ask(endpoint, f"/_outfall/api/clock?{how}", method="POST", timeout_s=3600)
    _tell(told, "json" if "json" in (before[1], after[1]) else "text")
    return told


def _tell(told: dict[str, Any], output: str) -> None:
    if output == "json":
        print_json(told)
        return
    click.echo(f"{told['clock']}  {shown(told['clock_ms'])} UTC")
    if told.get("waiting"):
        click.echo(f"Not idle after {told['steps']} steps: this comes back again and again, and is due next")
        for due in told["waiting"]:
            click.echo(f"  {shown(due['due_ms'])}  {due['what']}")


def milliseconds(text: str, of: str = "DURATION") -> int:
    """A duration as 90s, 3m or 1h30m; `of` is what was given it, for the error."""
    if not re.fullmatch(rf"({DURATION.pattern})+", text):
        raise click.BadParameter(f"a duration is written like 90s, 3m or 1h30m, not {text}", param_hint=of)
    return sum(int(number) * UNITS_MS[unit] for number, unit in DURATION.findall(text))
