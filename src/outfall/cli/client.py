"""How commands reach a server: which one, its private API, and AWS clients for it."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote, urlsplit

import click

from outfall.host.config import DEFAULT_PORT, DEFAULT_REGION

TIMEOUT_S = 60


def endpoint_of(given: str | None) -> str:
    """The server that is meant: as given, else AWS_ENDPOINT_URL, else the port of this machine where one starts."""
    port = os.environ.get("OUTFALL_PORT") or DEFAULT_PORT
    endpoint = given or os.environ.get("AWS_ENDPOINT_URL") or f"http://127.0.0.1:{port}"
    if not _is_url(endpoint):
        raise click.ClickException(f"an endpoint looks like http://127.0.0.1:{DEFAULT_PORT}, not {endpoint}")
    return endpoint.rstrip("/")


def _is_url(endpoint: str) -> bool:
    try:
        parts = urlsplit(endpoint)
        return parts.scheme == "http" and bool(parts.hostname) and parts.port != 0
    except ValueError:  # A port beyond 65535, or half an IPv6 address.
        return False


def of_event(event_id: str, what: str = "") -> str:
    """Where the private API has an event, or something of it, whatever was typed as its id."""
    return f"/_outfall/api/events/{quote(event_id, safe='')}" + (f"/{what}" if what else "")


def ask(
    endpoint: str, path: str, *, method: str = "GET", body: bytes = b"", timeout_s: float = TIMEOUT_S
) -> dict[str, Any]:
    """The answer of the private API; a server that is not there, or refuses, ends the command with one line."""
    import http.client  # not for those who start a server

    parts = urlsplit(endpoint)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=timeout_s)
    try:
        connection.request(method, path, body or None, {"x-outfall": "1"})
        response = connection.getresponse()
        body = response.read()
    except OSError:
        raise click.ClickException(f"no Outfall answers at {endpoint}; start one with: outfall up") from None
    finally:
        connection.close()
    try:
        told = json.loads(body)
    except ValueError:
        raise click.ClickException(f"what answers at {endpoint} is not Outfall") from None
    if response.status != 200:
        raise click.ClickException(str(told.get("message", f"status {response.status}")))
    if not isinstance(told, dict):
        raise click.ClickException(f"what answers at {endpoint} is not Outfall")
    return told


def follow(endpoint: str, *, after: int = 0) -> Iterator[dict[str, Any]]:
    """What happens, fact by fact as it is committed, from the one after `after` on; never ends by itself. A server
    that is not there, or goes away, ends the command with one line."""
    while True:
        for told in _streamed(endpoint, f"/_outfall/api/stream?after={after}"):
            after = told["number"]
            yield told


def _streamed(endpoint: str, path: str) -> Iterator[dict[str, Any]]:
    import http.client  # not for those who start a server

    parts = urlsplit(endpoint)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=TIMEOUT_S)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        if response.status != 200:
            raise click.ClickException(f"{endpoint} does not tell what happens: status {response.status}")
        for line in response:
            if line.startswith(b"data: "):
                yield json.loads(line.removeprefix(b"data: "))
    except (OSError, http.client.HTTPException):
        raise click.ClickException(f"no Outfall answers at {endpoint} (any more)") from None
    finally:
        connection.close()


def is_up(endpoint: str) -> bool:
    """Whether a server answers there."""
    try:
        return bool(ask(endpoint, "/_outfall/health", timeout_s=2).get("status") == "running")
    except click.ClickException:
        return False


def wait_until(condition: Callable[[], bool], timeout_s: float, every_s: float = 0.05) -> bool:
    """Whether the condition came true in time."""
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(every_s)
    return condition()


def aws(service: str, endpoint: str, region: str | None = None) -> Any:
    """An AWS client for the server, with the caller's own credentials if the environment has any, else the root key."""
    import boto3
    from botocore.config import Config

    has_own = bool(os.environ.get("AWS_ACCESS_KEY_ID"))
    session = boto3.session.Session(
        aws_access_key_id=None if has_own else "test",
        aws_secret_access_key=None if has_own else "test",
        region_name=region or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or DEFAULT_REGION,
    )
    config = Config(retries={"max_attempts": 1}, s3={"addressing_style": "path"})
    return session.client(service, endpoint_url=endpoint, config=config)


def endpoint_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds `--endpoint`."""
    told = "The server; default: AWS_ENDPOINT_URL, else port 4566 or OUTFALL_PORT."
    return click.option("--endpoint", metavar="URL", help=told)(command)


def output_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds `-o`."""
    return click.option(
        "-o", "--output", type=click.Choice(["text", "json"]), default="text", show_default=True, help="How to print."
    )(command)


def print_json(value: object) -> None:
    """Prints a value for a program to read."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def say(output: str, line: str, value: object) -> None:
    """Prints a line for a person, or a value for a program."""
    if output == "json":
        print_json(value)
    else:
        click.echo(line)
