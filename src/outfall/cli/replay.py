"""Sending failed events again: from the timeline, from a failure queue, from an S3 failure prefix."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

import click

from outfall.cli.client import ask, aws, endpoint_of, endpoint_option, of_event, output_option, print_json

RECEIVED_AT_ONCE = 10
SHOWN_SIZE_MAX = 500


@dataclass(frozen=True, slots=True)
class Source:
    """A failed event: where it was found, its path and body for the private API, and what to do once it is sent."""

    name: str
    path: str
    body: bytes
    sent: Callable[[], None]


@click.command()
@click.argument("event_id", required=False)
@click.option("--queue", metavar="NAME|URL", help="Replay the records of a failure queue.")
@click.option("--s3", metavar="s3://BUCKET/PREFIX", help="Replay the records under an S3 failure prefix.")
@click.option("--to", default="", metavar="FUNCTION", help="Send to this function instead of the original one.")
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="At most so many.")
@click.option("--dry-run/--send", "dry_run", default=True, show_default=True, help="Show only, or send again.")
@endpoint_option
@output_option
def replay(
    event_id: str | None,
    queue: str | None,
    s3: str | None,
    to: str,
    limit: int,
    dry_run: bool,
    endpoint: str | None,
    output: str,
) -> None:
    """Unwrap failed events and send them again.

    What is sent is the original payload. A message of a failure queue is deleted once its event is accepted again, and
    stays otherwise.
    """
    if sum(source is not None for source in (event_id, queue, s3)) != 1:
        raise click.UsageError("name one of: an event, --queue, --s3")
    endpoint = endpoint_of(endpoint)
    told = []
    for source in _sources(endpoint, event_id, queue, s3, limit):
        path = f"{source.path}?to={quote(to)}&send={int(not dry_run)}"
        try:
            one = {"source": source.name, **ask(endpoint, path, method="POST", body=source.body)}
            if not dry_run:
                source.sent()
        except click.ClickException as error:
            one = {"source": source.name, "problem": error.message}
        told.append(one)
        if output == "text":
            _show(one, dry_run)
    if output == "json":
        print_json(told)
    elif not told:
        click.echo("Nothing to send again.")
    if any("problem" in one for one in told):
        raise click.ClickException("not everything can be sent again")


def _show(one: dict[str, Any], dry_run: bool) -> None:
    if "problem" in one:
        click.echo(f"{one['source']}: {one['problem']}", err=True)
        return
    payload = one["payload"] if len(one["payload"]) <= SHOWN_SIZE_MAX else one["payload"][:SHOWN_SIZE_MAX] + "..."
    verb = "would be sent to" if dry_run else f"sent as {one['replay']} to"
    click.echo(f"{one['source']}: {verb} {one['function']}: {payload}")


def _sources(endpoint: str, event_id: str | None, queue: str | None, s3: str | None, limit: int) -> Iterator[Source]:
    if event_id:
        yield Source(f"event {event_id}", of_event(event_id, "replay"), b"", lambda: None)
    elif queue:
        yield from _messages(aws("sqs", endpoint), queue, limit)
    elif s3:
        yield from _objects(aws("s3", endpoint), s3, limit)


def _messages(sqs: Any, queue: str, limit: int) -> Iterator[Source]:
    """Messages of a queue; those that were only looked at become visible again."""
    url = queue if "://" in queue else sqs.get_queue_url(QueueName=queue)["QueueUrl"]
    looked_at: list[str] = []
    try:
        while limit > 0:
            wanted = min(RECEIVED_AT_ONCE, limit)
            got = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=wanted).get("Messages", [])
            if not got:
                return
            limit -= len(got)
            for message in got:
                handle = message["ReceiptHandle"]
                looked_at.append(handle)

                def sent(handle: str = handle) -> None:
                    sqs.delete_message(QueueUrl=url, ReceiptHandle=handle)
                    looked_at.remove(handle)

                yield Source(f"message {message['MessageId']}", "/_outfall/api/replay", message["Body"].encode(), sent)
    finally:
        for handle in looked_at:
            sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=0)


def _objects(s3: Any, where: str, limit: int) -> Iterator[Source]:
    """Objects under a prefix; they stay where they are."""
    parts = urlsplit(where)
    if parts.scheme != "s3" or not parts.netloc:
        raise click.UsageError(f"--s3 takes s3://BUCKET/PREFIX, not {where}")
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=parts.netloc, Prefix=parts.path.lstrip("/"))
    keys = (found["Key"] for page in pages for found in page.get("Contents", []))
    for _, key in zip(range(limit), keys, strict=False):
        body = s3.get_object(Bucket=parts.netloc, Key=key)["Body"].read()
        yield Source(f"s3://{parts.netloc}/{key}", "/_outfall/api/replay", body, lambda: None)
