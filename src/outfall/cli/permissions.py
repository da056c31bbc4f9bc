"""Permissions from the command line: why something was or would be allowed, and the least that a role needs."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import click

from outfall.cli.client import ask, endpoint_of, endpoint_option, of_event, output_option, print_json
from outfall.cli.events import clock
from outfall.host.config import DEFAULT_REGION, ROOT_ACCOUNT

NODE_TIMEOUT_S = 5.0
_MS = {"s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


@click.command()
@click.argument("request_id", required=False)
@click.option("--principal", metavar="ARN", help="Ask instead: may this one (role/NAME, user/NAME, a service) ...")
@click.option("--action", metavar="SERVICE:ACTION", help="... do this ...")
@click.option("--resource", default="*", show_default=True, metavar="ARN", help="... on this?")
@click.option("--context", "context", multiple=True, metavar="KEY=VALUE", help="A condition key; may be repeated.")
@click.option("--account", default=ROOT_ACCOUNT, show_default=True, help="Where the question is asked.")
@click.option("--region", default=DEFAULT_REGION, show_default=True, help="And in which region.")
@click.option("--refused", is_flag=True, help="The latest refusals.")
@endpoint_option
@output_option
def explain(
    request_id: str | None,
    principal: str | None,
    action: str | None,
    resource: str,
    context: tuple[str, ...],
    account: str,
    region: str,
    refused: bool,
    endpoint: str | None,
    output: str,
) -> None:
    """Why a call was, or would be, allowed or refused.

    A call that was made is named by its request id, one that was not by --principal, --action and --resource. The
    answer names the policies that were read and the statement that decided; or the one that is missing, ready to paste.
    """
    asks = principal is not None or action is not None
    if [bool(request_id), asks, refused].count(True) != 1:
        raise click.UsageError("name a request id, or --principal and --action, or --refused")
    endpoint = endpoint_of(endpoint)
    if not asks:
        _explain_past(endpoint, output, request_id or "")
        return
    if not principal or not action:
        raise click.UsageError("--principal and --action go together")
    question = {"principal": principal, "action": action, "resource": resource, "context": _context(context)}
    body = json.dumps(question | {"account": account, "region": region}).encode()
    told = ask(endpoint, "/_outfall/api/explain", method="POST", body=body)
    if output == "json":
        print_json(told)
        return
    _print(told["decision"])


def _context(pairs: tuple[str, ...]) -> dict[str, str | list[str]]:
    """Keys with their values; one that is given several times holds a set."""
    found: dict[str, list[str]] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or ":" not in key:
            raise click.BadParameter(f"a condition key is as aws:SourceIp=10.0.0.1, not {pair}", param_hint="--context")
        found.setdefault(key, []).append(value)
    return {key: values[0] if len(values) == 1 else values for key, values in found.items()}


def _explain_past(endpoint: str, output: str, request_id: str) -> None:
    told, silent = _decided(endpoint, {"request": request_id} if request_id else {"refused": "1"})
    if output == "json":
        print_json(told)
    elif told["decisions"]:
        for decision in told["decisions"]:
            asked_by = f"  {decision['operation']}  {decision['request_id']}" if decision["request_id"] else ""
            click.echo(f"{clock(decision['at_ms'])}{asked_by}")
            _print(decision)
    elif request_id:
        _explain_event(endpoint, request_id, silent)
    else:
        click.echo("Nothing was refused.")
    if silent and not request_id:
        click.echo(f"these nodes did not answer: {', '.join(silent)}", err=True)


def _decided(endpoint: str, query: dict[str, str]) -> tuple[dict[str, Any], list[str]]:
    """What the server knows, and with it what the other nodes on its store know: each keeps the decisions that it made.
    Then the endpoints of the nodes that did not answer."""
    path, silent = f"/_outfall/api/decisions?{urlencode(query)}", []
    told = ask(endpoint, path)
    for node in ask(endpoint, "/_outfall/health").get("nodes") or ():
        if node["this"]:
            continue
        try:
            told["decisions"] += ask(node["endpoint"], path, timeout_s=NODE_TIMEOUT_S)["decisions"]
        except click.ClickException:
            silent.append(node["endpoint"])
    told["decisions"].sort(key=lambda one: one["at_ms"], reverse="refused" in query)
    return told, silent


def _explain_event(endpoint: str, event_id: str, silent: list[str]) -> None:
    """What the history of an asynchronous event says of its deliveries."""
    forgotten = f"no decision for {event_id} is remembered: the server keeps the latest in memory"
    if silent:
        forgotten += f"; these nodes did not answer: {', '.join(silent)}"
    try:
        deliveries = ask(endpoint, of_event(event_id))["deliveries"]
    except click.ClickException:
        raise click.ClickException(forgotten) from None
    if not deliveries:
        raise click.ClickException(f"{forgotten}, and the event of that id has delivered nothing")
    for one in deliveries:
        verdict = "delivered" if one["delivered"] else "NOT delivered"
        click.echo(f"{clock(one['at_ms'])}  {one['role']} {verdict}: {one['target']}")
        for name in ("explanation", "refused", "statement", "missing"):
            if one.get(name):
                click.echo(f"  {name}: {one[name]}")


def _print(decision: dict[str, Any]) -> None:
    verdict = "allowed" if decision["allowed"] else "REFUSED"
    if decision["audited"]:
        verdict = "allowed by --iam audit; AWS would REFUSE it"
    click.echo(f"{verdict}: {decision['principal']} {decision['action']} on {decision['resource']}")
    if decision["message"]:
        click.echo(f"  {decision['message']}")
    for name in decision["policies"]:
        click.echo(f"  read: {name}")
    if decision["statement"]:
        click.echo(f"  decided by {decision['kind']} ({decision['policy']}): {decision['statement']}")
    elif decision["principal_kind"] == "root" and decision["allowed"]:
        click.echo("  root may do everything in its account")
    if decision["missing"]:
        click.echo(f"  missing, in {decision['missing_in']}:")
        click.echo(f"  {decision['missing']}")
    shown = ", ".join(f"{key}={value}" for key, value in decision["context"].items())
    click.echo(f"  context: {shown}")
    if decision["absent"]:
        click.echo(f"  the policies ask for what the request did not have: {', '.join(decision['absent'])}")


@click.command()
@click.option("--role", default="", help="The role, by its name.")
@click.option("--user", default="", help="The user, by its name.")
@click.option("--since", default="", metavar="T", help="A time (2026-11-24T10:00) or an age (30m, 2h, 7d).")
@click.option("--account", default=ROOT_ACCOUNT, show_default=True, help="Whose role or user it is.")
@endpoint_option
@output_option
def policy(role: str, user: str, since: str, account: str, endpoint: str | None, output: str) -> None:
    """The smallest policy for what a role or user did.

    Then what its policies hold and it never used. The policy alone goes to standard output, ready for put-role-policy;
    the rest to standard error.
    """
    if bool(role) == bool(user):
        raise click.UsageError("name a --role, or a --user")
    endpoint = endpoint_of(endpoint)
    since_ms = _moment_ms(since, endpoint) if since else 0
    query = urlencode({"role": role, "user": user, "since_ms": since_ms, "account": account})
    told = ask(endpoint, f"/_outfall/api/policy?{query}")
    if output == "json":
        print_json(told)
        return
    if not told["policy"]["Statement"]:
        click.echo(f"{told['arn']} did nothing that takes a policy of its own.", err=True)
    else:
        print_json(told["policy"])
    for line in _in_vain(told["held"]):
        click.echo(line, err=True)


def _in_vain(held: list[dict[str, Any]]) -> list[str]:
    lines = []
    for one in held:
        if not one["used"]:
            lines.append(f"never used, in {one['policy']}: {one['statement']}")
            continue
        lines += [f"never used, in {one['policy']}: the action {name}" for name in one["unused_actions"]]
        lines += [f"never used, in {one['policy']}: the resource {name}" for name in one["unused_resources"]]
    return lines


def _moment_ms(text: str, endpoint: str) -> int:
    """A time, in UTC unless it says otherwise, or an age on the server's clock."""
    age = re.fullmatch(r"(\d{1,9})([smhd])", text, re.ASCII)
    if age:
        return max(0, int(ask(endpoint, "/_outfall/api/clock")["clock_ms"]) - int(age[1]) * _MS[age[2]])
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(f"{text} is neither a time nor an age", param_hint="--since") from None
    return max(0, int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000))
