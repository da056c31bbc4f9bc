"""The command line: one command per file or topic, loaded when it is called, so that starting a server stays quick."""

from __future__ import annotations

import sys
from importlib import import_module

import click

from outfall import __version__

COMMANDS = {
    "up": "up:up",
    "down": "server:down",
    "wait": "server:wait",
    "status": "server:status",
    "env": "server:env",
    "logs": "logs:logs",
    "events": "events:events",
    "skip": "events:skip",
    "replay": "replay:replay",
    "explain": "permissions:explain",
    "policy": "permissions:policy",
    "clock": "clock:clock",
    "reset": "events:reset",
    "import": "moving:import_data",
    "demo": "demo:demo",
    "doctor": "doctor:doctor",
}
"""Each command, and the module and name where it is."""


class Commands(click.Group):
    """A group whose commands are imported on use."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[name].partition(":")
        command = getattr(import_module(f"outfall.cli.{module}"), attribute)
        assert isinstance(command, click.Command)
        return command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="outfall")
def group() -> None:
    """The road an event takes on AWS, whole, on your own machine.

    Start with `outfall demo`, or `outfall up` and point any AWS client at it.
    """


def main() -> None:
    """Entry point. What a user does wrong ends in one line, never in a traceback."""
    try:
        code = group.main(standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except click.exceptions.Exit as done:
        sys.exit(done.exit_code)
    except click.Abort:
        sys.exit(130)
    except click.UsageError as error:
        click.echo(f"Error: {error.format_message()}{_where_to_look(error)}", err=True)
        sys.exit(error.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except BrokenPipeError:
        sys.exit(0)
    except Exception as error:
        if not _is_of_aws(error):
            raise
        click.echo(f"Error: {error}", err=True)
        sys.exit(1)


def _where_to_look(error: click.UsageError) -> str:
    """Where the command tells how it is used; the message of a wrong value says so itself."""
    if error.ctx is None or isinstance(error, click.BadParameter):
        return ""
    return f" (see {error.ctx.command_path} --help)"


def _is_of_aws(error: Exception) -> bool:
    """Whether a client of AWS raised it: what the server or the network answered to it. Found without loading one."""
    botocore = sys.modules.get("botocore.exceptions")
    return botocore is not None and isinstance(error, (botocore.ClientError, botocore.BotoCoreError))
