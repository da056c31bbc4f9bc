"""`outfall demo`: the lesson, from its first line to its last, on a server of its own."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.syntax import Syntax

from outfall.cli.client import ask, aws, endpoint_of, is_up, wait_until
from outfall.cli.lesson import Lesson, LessonFailed
from outfall.cli.lesson_check import differences

START_S_MAX = 30.0


@click.command()
@click.option("--endpoint", metavar="URL", help="Play it on this server instead of one of its own.")
@click.option("--real-time", is_flag=True, help="Wait the retry waits out: three minutes.")
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", show_default=True)
def demo(endpoint: str | None, real_time: bool, output: str) -> None:
    """Play the lesson, from the first queue to both records."""
    console = Console(quiet=output == "json", highlight=False)
    with contextlib.ExitStack() as stack:
        if endpoint is None:
            console.print("Starting a server of its own, with durable storage in a temporary directory.")
            endpoint = stack.enter_context(_own_server())
        endpoint = endpoint_of(endpoint)
        ask(endpoint, "/_outfall/health")
        lesson = Lesson(lambda service: aws(service, endpoint), secrets.token_hex(3))
        if not real_time:
            lesson.skip_wait = lambda: _skip_when_waiting(endpoint, lesson)
        began = time.monotonic()
        try:
            _play(lesson, console)
        finally:
            with contextlib.suppress(Exception):
                lesson.clean_up()
        lesson.timings["the whole lesson"] = time.monotonic() - began
    problems = _problems(lesson)
    if output == "json":
        click.echo(json.dumps(_told(lesson, problems), indent=2))
    else:
        _show(lesson, console)
    if problems:
        raise click.ClickException("not as AWS has it: " + "; ".join(problems))
    console.print("[green]Both records are as AWS writes them.[/green]")


@contextlib.contextmanager
def _own_server() -> Iterator[str]:
    """A server on a free port, stopped and its data removed afterwards."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    endpoint = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory(prefix="outfall-demo-") as directory:
        log = Path(directory) / "server.log"
        command = [sys.executable, "-m", "outfall", "up", "--port", str(port), "--data", str(Path(directory) / "data")]
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "OUTFALL_"))}
        with log.open("wb") as output:
            server = subprocess.Popen(command, stdout=output, stderr=output, env=environment)
        try:
            if not wait_until(lambda: is_up(endpoint) or server.poll() is not None, START_S_MAX) or server.poll():
                raise click.ClickException(f"the server did not start:\n{log.read_text(errors='replace')}")
            yield endpoint
        finally:
            server.terminate()
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def _play(lesson: Lesson, console: Console) -> None:
    for number, (what, deed) in enumerate(lesson.steps(), 1):
        with console.status(f"{number:2}. {what}"):
            try:
                came = deed()
            except LessonFailed as failed:
                raise click.ClickException(f"step {number}, {what}: {failed}") from None
            except Exception as error:
                raise click.ClickException(f"step {number}, {what}: {type(error).__name__}: {error}") from None
        console.print(f"[green]✓[/green] {number:2}. {what}\n      [dim]{escape(came)}[/dim]", soft_wrap=True)


def _skip_when_waiting(endpoint: str, lesson: Lesson) -> None:
    """Ends the wait that the lesson's event is in, once it is in one."""
    path = f"/_outfall/api/events?function={lesson.function}&state=waiting&limit=1"

    def waiting() -> list[dict[str, Any]]:
        return list(ask(endpoint, path)["events"])

    if not wait_until(lambda: bool(waiting()), 20):
        raise LessonFailed("the failed event is not waiting for its retry")
    ask(endpoint, f"/_outfall/api/events/{waiting()[0]['id']}/skip-wait", method="POST")
    wait_until(lambda: not waiting(), 0.2, 0.01)


def _problems(lesson: Lesson) -> list[str]:
    return [
        *differences(lesson.success["Body"], lesson.function_arn, "Success", 1, "beach.jpeg"),
        *differences(lesson.failure["Body"], lesson.function_arn, "RetriesExhausted", 3, "index.html"),
    ]


def _show(lesson: Lesson, console: Console) -> None:
    for title, message in (("S3-success", lesson.success), ("S3-failure", lesson.failure)):
        body = json.dumps(json.loads(message["Body"]), indent=2, ensure_ascii=False)
        console.print(Panel(Syntax(body, "json", word_wrap=True, background_color="default"), title=title))
    console.print("Where the time went:")
    for what, seconds in lesson.timings.items():
        console.print(f"  {seconds * 1000:8.0f} ms  {what}")


def _told(lesson: Lesson, problems: list[str]) -> dict[str, Any]:
    return {
        "success": json.loads(lesson.success["Body"]),
        "failure": json.loads(lesson.failure["Body"]),
        "timings_s": {what: round(seconds, 4) for what, seconds in lesson.timings.items()},
        "problems": problems,
    }
