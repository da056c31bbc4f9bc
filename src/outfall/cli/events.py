"""Asynchronous events: the list, one event's timeline, skipping waits; and starting from nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

import click

from outfall.cli.client import ask, endpoint_of, endpoint_option, follow, of_event, output_option, print_json, say


@click.group(invoke_without_command=True)
@endpoint_option
@output_option
@click.option("--follow", "follows", is_flag=True, help="Go on printing what happens.")
@click.option("--state", type=click.Choice(["queued", "running", "waiting", "succeeded", "failed"]), help="Only these.")
@click.option("--function", "function", default="", help="Only events of this function.")
@click.option("--sender", default="", help="Only events from this sender, as s3.amazonaws.com.")
@click.option("--key", default="", help="Only events of S3 objects with this in their key.")
@click.option("--text", default="", help="Only events with this in their id or payload.")
@click.option("--kind", type=click.Choice(["invocation", "batch", "delivery"]), help="Only these.")
@click.option("--trace", default="", help="Only events of this trace: all that followed from one cause.")
@click.option("--limit", type=click.IntRange(1, 500), default=50, show_default=True, help="At most so many.")
@click.pass_context
def events(
    ctx: click.Context,
    endpoint: str | None,
    output: str,
    follows: bool,
    state: str | None,
    function: str,
    sender: str,
    key: str,
    text: str,
    kind: str | None,
    trace: str,
    limit: int,
) -> None:
    """Asynchronous events, the newest first."""
    ctx.obj = (endpoint, output)
    if ctx.invoked_subcommand:
        return
    endpoint = endpoint_of(endpoint)
    if follows:
        _follow(endpoint, output)
        return
    wanted = {"state": state or "", "function": function, "sender": sender, "key": key, "text": text}
    wanted |= {"kind": kind or "", "trace": trace}
    found = _find(endpoint, wanted, limit)
    if output == "json":
        print_json(found)
        return
    if not found:
        click.echo("No such events." if any(wanted.values()) else "No events yet.")
    for event in found:
        click.echo(_line(event))


def _find(endpoint: str, wanted: dict[str, str], limit: int) -> list[dict[str, Any]]:
    """Goes on where a search was broken off, until there are enough events or no more."""
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        query = urlencode({**wanted, "limit": limit - len(found), "cursor": cursor})
        told = ask(endpoint, f"/_outfall/api/events?{query}")
        found += told["events"]
        cursor = told["cursor"]
        if not cursor or len(found) >= limit:
            return found


def _line(event: dict[str, Any]) -> str:
    name = name_of(event)
    end = event["condition"] or _what_is_next(event)
    lost = f"  {event['undelivered']} undelivered" if event["undelivered"] else ""
    return (
        f"{clock(event['accepted_ms'])}  {event['id']}  {event['state']:<9}  {name}  "
        f"attempts {event['attempts']}  {end}{lost}"
    ).rstrip()


def _what_is_next(event: dict[str, Any]) -> str:
    if not event["due_ms"] or event["state"] not in ("waiting", "failed"):
        return ""
    what = "next attempt" if event["state"] == "waiting" else "messages back"
    return f"{what} {clock(event['due_ms'])}"


def name_of(event: dict[str, Any]) -> str:
    """What an event is for, in short: a function, its name with the queue of a batch, or where a delivery went."""
    parts = event["function"].split(":", 6)
    if event["kind"] == "delivery":
        return f"delivery to {':'.join(parts[5:]) if parts[0] == 'arn' else event['function']}"
    return str(parts[6]) + (f" from {event['sender'].rsplit(':', 1)[-1]}" if event["kind"] == "batch" else "")


def _follow(endpoint: str, output: str) -> None:
    try:
        for fact in follow(endpoint):
            if output == "json":
                click.echo(_json_line(fact))
            else:
                click.echo(f"{clock(fact['at_ms'])}  {fact['event'] or fact['trace']}  {describe(fact)}")
    except KeyboardInterrupt:
        return


def _json_line(fact: dict[str, Any]) -> str:
    import json

    return json.dumps(fact, ensure_ascii=False)


@events.command()
@click.argument("event_id")
@click.option("--chain", "whole", is_flag=True, help="All that followed from the same cause, as one timeline.")
@endpoint_option
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default=None, help="How to print.")
@click.pass_obj
def show(
    inherited: tuple[str | None, str], event_id: str, whole: bool, endpoint: str | None, output: str | None
) -> None:
    """The timeline of one event, or of all with its cause.

    Attempts, waits, the record, and where it went or why it did not. With --chain, the timeline of all that followed
    from the same cause; then the root of a trace may be given for an event.
    """
    endpoint = endpoint_of(endpoint or inherited[0])
    if whole:
        _show_chain(endpoint, event_id, output or inherited[1])
        return
    told = ask(endpoint, of_event(event_id))
    if (output or inherited[1]) == "json":
        print_json(told)
        return
    event = told["event"]
    click.echo(f"{event['id']}  {event['function']}  {event['state']}")
    first = told["history"][0]["at_ms"] if told["history"] else 0
    for fact in told["history"]:
        click.echo(f"  {clock(fact['at_ms'])}  +{(fact['at_ms'] - first) / 1000:9.3f} s  {describe(fact)}")
        _echo_lost(fact)


def _echo_lost(fact: dict[str, Any]) -> None:
    if fact["fact"] == "Undelivered":
        if fact["missing"]:
            click.echo(f"      the statement that would allow it: {fact['missing']}")
        if fact["body"]:
            click.echo(f"      what AWS would have dropped: {fact['body']}")


def _show_chain(endpoint: str, name: str, output: str) -> None:
    trace = name if name.startswith("1-") else ask(endpoint, of_event(name))["event"]["trace"]
    told = ask(endpoint, f"/_outfall/api/traces/{quote(trace, safe='')}")
    if output == "json":
        print_json(told)
        return
    events = {event["id"]: event for event in told["events"]}
    first = told["history"][0]["at_ms"]
    click.echo(f"trace {trace}")
    for fact in told["history"]:
        event = events.get(fact["event"])
        where = f"[{name_of(event)}] " if event else ""
        click.echo(f"  {clock(fact['at_ms'])}  +{(fact['at_ms'] - first) / 1000:9.3f} s  {where}{describe(fact)}")
        _echo_lost(fact)
    for event in events.values():
        if event["trace"] != trace:
            click.echo(f"  {event['id']} goes on in trace {event['trace']}")
    if not told["whole"]:
        click.echo("  and more, which is not told here")


@events.command()
@click.argument("event_id", required=False)
@click.option("--all", "every", is_flag=True, help="Everything that did not arrive.")
@click.option("--to", default="", metavar="ARN", help="Send there instead of where it was for.")
@endpoint_option
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default=None, help="How to print.")
@click.pass_obj
def redeliver(
    inherited: tuple[str | None, str],
    event_id: str | None,
    every: bool,
    to: str,
    endpoint: str | None,
    output: str | None,
) -> None:
    """Send again what of an event did not arrive.

    It is the record, dead letter or message itself, to the byte. Whether it is allowed is asked again, as things stand
    now.
    """
    if bool(event_id) == every or (every and to):
        raise click.UsageError("name one event, or --all without --to")
    query = f"?{urlencode({'to': to})}" if to else ""
    path = of_event(event_id, f"redeliver{query}") if event_id else "/_outfall/api/events/redeliver"
    told = ask(endpoint_of(endpoint or inherited[0]), path, method="POST")
    if (output or inherited[1]) == "json":
        print_json(told)
    else:
        for one in told["deliveries"]:
            end = f"delivered to {one['target']} as {one['receipt']}"
            click.echo(f"{one['event']}  {one['role']}: {end if one['delivered'] else 'NOT ' + _why(one)}")
        click.echo(f"{told['delivered']} of {told['tried']} delivered.")
    if told["delivered"] < told["tried"]:
        raise SystemExit(1)


def _why(one: dict[str, Any]) -> str:
    return f"delivered to {one['target']}: {one['explanation']}"


@click.command()
@click.argument("event_id", required=False)
@click.option("--all", "every", is_flag=True, help="Everything that waits.")
@endpoint_option
@output_option
def skip(event_id: str | None, every: bool, endpoint: str | None, output: str) -> None:
    """End the wait of an event: its next attempt is due now.

    Messages of a batch that failed appear in their queue again. Nothing that is decided changes by it.
    """
    if bool(event_id) == every:
        raise click.UsageError("name one event, or --all")
    path = of_event(event_id, "skip-wait") if event_id else "/_outfall/api/events/skip-wait"
    told = ask(endpoint_of(endpoint), path, method="POST")
    if output == "json":
        print_json(told)
    else:
        click.echo(f"Skipped the wait of {told['skipped']} event(s).")


@click.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
@endpoint_option
@output_option
def reset(yes: bool, endpoint: str | None, output: str) -> None:
    """Remove everything the server holds.

    Buckets, queues, topics, functions, roles, logs, metrics, events.
    """
    endpoint = endpoint_of(endpoint)
    if not yes:
        click.confirm(f"Remove everything that the server at {endpoint} holds?", abort=True)
    ask(endpoint, "/_outfall/api/reset", method="POST")
    say(output, "Reset.", {"reset": True})


def clock(at_ms: int) -> str:
    """A time as UTC, to the millisecond."""
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%d %H:%M:%S}.{at_ms % 1000:03d}"


DESCRIPTIONS = {
    "EventAccepted": "accepted from {sender} for {function}",
    "AttemptStarted": "attempt {attempt} started",
    "AttemptLost": "attempt {attempt} was lost with the server that made it, and is made again",
    "AttemptThrottled": "throttled: {reason}",
    "WaitSkipped": "the wait was skipped",
    "Replayed": "{original} was sent again as {replay}",
    "Published": "{resource} took {message} from {sender}: {wanted} of {listeners} want it",
    "BatchTaken": "{count} message(s) taken from {source} for {function}",
    "BatchEnded": "{deleted} message(s) deleted from {source}, {returned} return",
    "DeliveryFailed": "{role}{by}: attempt {attempt} to hand over to {target} failed: {explanation}",
    "Settled": "settled: {condition} after {attempts} attempt(s)",
    "Delivered": "{role}{by}: {size} bytes delivered to {target} as {receipt}",
    "Undelivered": "{role}{by}: NOT delivered to {target}: {explanation}",
}
"""How each fact is told in a line."""


def describe(fact: dict[str, Any]) -> str:
    """A fact in a line."""
    if fact["fact"] == "WaitStarted":
        return f"waits {fact['nominal_ms'] / 1000:g} s for its next attempt, until {clock(fact['due_ms'])}"
    if fact["fact"] == "AttemptEnded":
        return _ended(fact)
    by = f" of {fact['source']}" if fact.get("source") else ""
    said = DESCRIPTIONS[fact["fact"]].format(**fact, by=by) + (" (sent again on request)" if fact.get("again") else "")
    return f"{said}; AWS would have refused it {fact['refused']}" if fact.get("refused") else said


def _ended(fact: dict[str, Any]) -> str:
    if fact["status_code"] != 200:
        return f"attempt {fact['attempt']} found no function"
    init = f" (init {fact['init_ms']:.0f} ms)" if fact["init_ms"] is not None else ""
    end = f"failed: {fact['error_type']}: {fact['error_message']}" if fact["function_error"] else "succeeded"
    return f"attempt {fact['attempt']} {end}, {fact['duration_ms']:.1f} ms{init}, version {fact['executed_version']}"
