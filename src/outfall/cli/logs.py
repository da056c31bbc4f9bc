"""The log of a function, as CloudWatch Logs has it."""

from __future__ import annotations

import time
from typing import Any

import click

from outfall.cli.client import aws, endpoint_of, endpoint_option, output_option, print_json
from outfall.cli.events import clock

FOLLOW_EVERY_S = 0.5
FUNCTION_GROUPS = "/aws/lambda/"


@click.command()
@click.argument("function", required=False)
@click.option("-f", "--follow", is_flag=True, help="Go on printing.")
@click.option("--region", help="Default: AWS_REGION, else us-east-1.")
@endpoint_option
@output_option
def logs(function: str | None, follow: bool, region: str | None, endpoint: str | None, output: str) -> None:
    """Log lines of FUNCTION, or of all functions, oldest first."""
    client = aws("logs", endpoint_of(endpoint), region)
    if function and not follow and not _groups(client, function):
        raise click.ClickException(f"{function} has no log yet: it has not run")
    seen: set[str] = set()
    collected: list[dict[str, Any]] = []
    since_ms = 0
    try:
        while True:
            lines = [line for group in _groups(client, function) for line in _lines(client, group, since_ms)]
            fresh = sorted((line for line in lines if line["eventId"] not in seen), key=lambda line: line["timestamp"])
            seen.update(line["eventId"] for line in fresh)
            if output == "json" and not follow:
                collected.extend(fresh)
            else:
                for line in fresh:
                    click.echo(f"{clock(line['timestamp'])}  {line['group']}  {line['message'].rstrip()}")
            if not follow:
                break
            since_ms = max([since_ms, *(line["timestamp"] for line in fresh)])
            time.sleep(FOLLOW_EVERY_S)
    except KeyboardInterrupt:
        return
    if output == "json":
        print_json(collected)


def _groups(client: Any, function: str | None) -> list[str]:
    pages = client.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=FUNCTION_GROUPS + (function or ""))
    names = [group["logGroupName"] for page in pages for group in page["logGroups"]]
    return [name for name in names if not function or name == FUNCTION_GROUPS + function]


def _lines(client: Any, group: str, since_ms: int) -> list[dict[str, Any]]:
    pages = client.get_paginator("filter_log_events").paginate(logGroupName=group, startTime=since_ms)
    return [{**event, "group": group.removeprefix(FUNCTION_GROUPS)} for page in pages for event in page["events"]]
