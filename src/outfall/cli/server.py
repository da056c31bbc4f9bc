"""Stopping a server, waiting for it, and asking after it."""

from __future__ import annotations

from typing import Any

import click

from outfall.cli.client import ask, endpoint_of, endpoint_option, is_up, output_option, print_json, say, wait_until
from outfall.cli.events import clock as shown
from outfall.host.config import DEFAULT_REGION
from outfall.host.console import ROOT

STOP_S_MAX = 20.0


@click.command()
@endpoint_option
@output_option
def down(endpoint: str | None, output: str) -> None:
    """Stop the server; what runs may end, what waits is kept."""
    endpoint = endpoint_of(endpoint)
    ask(endpoint, "/_outfall/api/stop", method="POST")
    if not wait_until(lambda: not is_up(endpoint), STOP_S_MAX):
        raise click.ClickException(f"the server at {endpoint} has not stopped within {STOP_S_MAX:.0f} s")
    say(output, "Stopped.", {"stopped": True})


@click.command()
@endpoint_option
@output_option
@click.option("--timeout", "timeout_s", type=float, default=30.0, show_default=True, help="Seconds.")
def wait(endpoint: str | None, output: str, timeout_s: float) -> None:
    """Wait until the server answers."""
    endpoint = endpoint_of(endpoint)
    if not wait_until(lambda: is_up(endpoint), timeout_s):
        raise click.ClickException(f"no Outfall answered at {endpoint} within {timeout_s:g} s")
    say(output, "Ready.", {"ready": True})


@click.command()
@endpoint_option
@output_option
def status(endpoint: str | None, output: str) -> None:
    """What the server is, and what runs."""
    endpoint = endpoint_of(endpoint)
    told = ask(endpoint, "/_outfall/health")
    if output == "json":
        print_json(told)
        return
    for name, value in _status_rows(endpoint, told):
        click.echo(f"{name:<22}{value}")


def _status_rows(endpoint: str, told: dict[str, Any]) -> list[tuple[str, str]]:
    environments = told["environments"]
    rows = [
        ("endpoint", endpoint),
        ("version", told["version"]),
        ("data", told["data"] or "in memory"),
        ("console", f"{endpoint}{ROOT}/" if told["console"] == "built" else told["console"]),
        *(("node", _node_line(node)) for node in told.get("nodes") or ()),
        ("environments", f"{environments['kind']}, at most {environments['max']}"),
        ("permissions", told["iam"] + (", strict" if told["strict"] else "")),
        *([("chaos", told["chaos"])] if told["chaos"] else []),
        ("time scale", f"{told['time_scale']:g}"),
        ("clock", f"{told['clock']}, now {shown(told['clock_ms'])} UTC"),
        ("services", " ".join(told["services"])),
        ("running", ", ".join(f"{arn} x{n}" for arn, n in told["running"].items()) or "nothing"),
    ]
    rows.extend(("notice", notice) for notice in environments["notices"].values())
    return rows


def _node_line(node: dict[str, Any]) -> str:
    seen = "this one" if node["this"] else f"seen {node['seen_ms_ago'] / 1000:.0f} s ago"
    return f"{node['id']} at {node['endpoint']}, {seen}, {node['running']} running"


@click.command()
@endpoint_option
@output_option
def env(endpoint: str | None, output: str) -> None:
    """Print the environment for AWS clients.

    Use it as: eval "$(outfall env)".
    """
    variables = {
        "AWS_ENDPOINT_URL": endpoint_of(endpoint),
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": DEFAULT_REGION,
        "AWS_REGION": DEFAULT_REGION,
    }
    if output == "json":
        print_json(variables)
        return
    for name, value in variables.items():
        click.echo(f"export {name}={value}")
