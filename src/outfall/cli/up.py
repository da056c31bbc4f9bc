"""`outfall up`: what a server is told on the command line, and starting it here or in the background."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import click
from click.core import ParameterSource

from outfall.authz.organization import BadOrganization, read_organization
from outfall.cli.client import is_up, wait_until
from outfall.cli.clock import milliseconds
from outfall.core.context import IamMode
from outfall.core.organization import Organization
from outfall.host.config import DEFAULT_PORT, Config
from outfall.host.oidc import BadProvider, Provider
from outfall.host.trouble import BadChaos, Trouble

START_S_MAX = 20.0


def default_data() -> Path:
    """Where a server keeps its data unless told otherwise."""
    base = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(base) / "outfall"


def _store(given: str | None) -> str | None:
    if given is not None and urlsplit(given).scheme not in ("postgresql", "postgres"):
        raise click.BadParameter(f"a database is postgresql://USER@HOST/NAME, not {given}", param_hint="--store")
    return given


def _root_key(text: str) -> tuple[str, str]:
    key, colon, secret = text.partition(":")
    if not colon or not key or not secret:
        raise click.BadParameter(f"a root key is KEY:SECRET, not {text}", param_hint="--root-key")
    return key, secret


def _provider(text: str) -> Provider:
    try:
        return Provider.parse(text)
    except BadProvider as error:
        raise click.BadParameter(str(error), param_hint="--oidc") from None


def _organization(path: Path | None) -> Organization | None:
    if path is None:
        return None
    try:
        return read_organization(path.read_text())
    except (OSError, UnicodeDecodeError) as error:
        told = error.strerror if isinstance(error, OSError) else "it is not text"
        raise click.BadParameter(f"{path}: {told}", param_hint="--organization-policy") from None
    except BadOrganization as error:
        raise click.BadParameter(f"{path}: {error}", param_hint="--organization-policy") from None


def _kept(text: str) -> int:
    kept_ms = milliseconds(text, "--keep-history")
    if not kept_ms:
        raise click.BadParameter("an event is remembered for longer than that", param_hint="--keep-history")
    return kept_ms


def _trouble(text: str | None) -> Trouble | None:
    try:
        return Trouble.parse(text) if text else None
    except BadChaos as error:
        raise click.BadParameter(str(error), param_hint="--chaos") from None


@click.command()
@click.option("-d", "--detach", is_flag=True, help="Return as soon as the server is ready.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=DEFAULT_PORT,
    show_default=True,
    envvar="OUTFALL_PORT",
    show_envvar=True,
    help="0: any that is free.",
)
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="OUTFALL_DATA",
    show_envvar=True,
    help="Data directory; default: ~/.local/share/outfall.",
)
@click.option("--ephemeral", is_flag=True, help="Keep everything in memory, for as long as the server runs.")
@click.option("--store", metavar="postgresql://...", envvar="OUTFALL_STORE", help="A database that many nodes share.")
@click.option(
    "--blobs", metavar="file:///shared|s3://...", envvar="OUTFALL_BLOBS", help="Large bodies, seen by all nodes."
)
@click.option(
    "--node-lease",
    type=click.FloatRange(1, 600),
    default=10.0,
    show_default=True,
    help="A node that is silent for so many seconds is taken for dead.",
)
@click.option("--time-scale", type=click.FloatRange(0, 1), default=1.0, show_default=True, help="Shortens retry waits.")
@click.option(
    "--clock", type=click.Choice(["system", "manual"]), default="system", show_default=True, help="manual: see `clock`."
)
@click.option(
    "--keep-history",
    default="14d",
    show_default=True,
    metavar="14d",
    help="How long ended events are remembered.",
)
@click.option(
    "--iam",
    type=click.Choice(["enforce", "audit", "off"]),
    default="enforce",
    show_default=True,
    help="audit: allow, and tell what AWS would refuse; off: ask no policy.",
)
@click.option(
    "--organization-policy", type=click.Path(path_type=Path), metavar="FILE", help="The organisation's policies (JSON)."
)
@click.option("--strict", is_flag=True, help="Close queues without a policy to SNS and EventBridge, as AWS does.")
@click.option("--chaos", metavar="seed=7,duplicate=0.1,...", help="Trouble on request: each a probability.")
@click.option(
    "--root-key",
    "root_keys",
    multiple=True,
    metavar="KEY:SECRET",
    envvar="OUTFALL_ROOT_KEY",
    help="A further root key.",
)
@click.option(
    "--allow-host",
    "allow_hosts",
    multiple=True,
    metavar="NAME",
    envvar="OUTFALL_ALLOW_HOST",
    help="A further name of this server.",
)
@click.option("--oidc", "providers", multiple=True, metavar="https://ISSUER=KEYS", help="A provider of tokens.")
@click.option(
    "--environments",
    type=click.Choice(["auto", "bubblewrap", "process"]),
    default="auto",
    show_default=True,
    help="Functions in namespaces of their own, or as plain processes.",
)
@click.option(
    "--environments-max",
    type=click.IntRange(1, 1000),
    default=32,
    show_default=True,
    help="So many of them run at once.",
)
def up(
    detach: bool,
    host: str,
    port: int,
    data: Path | None,
    ephemeral: bool,
    store: str | None,
    blobs: str | None,
    node_lease: float,
    time_scale: float,
    clock: str,
    keep_history: str,
    iam: IamMode,
    organization_policy: Path | None,
    strict: bool,
    chaos: str | None,
    root_keys: tuple[str, ...],
    allow_hosts: tuple[str, ...],
    providers: tuple[str, ...],
    environments: str,
    environments_max: int,
) -> None:
    """Start a server: one process, one port, every service."""
    typed = click.get_current_context().get_parameter_source("data") is ParameterSource.COMMANDLINE
    if ephemeral and typed:
        raise click.UsageError("--data and --ephemeral exclude each other")
    if store is None and blobs is not None:
        raise click.UsageError("--blobs goes with --store")
    if store is not None and (ephemeral or blobs is None):
        raise click.UsageError("--store goes with --blobs, and not with --ephemeral")
    config = Config(
        host=host,
        port=port,
        store=_store(store),
        blobs=blobs,
        node_lease_s=node_lease,
        data=None if ephemeral else (data or default_data()).expanduser().absolute(),
        time_scale=time_scale,
        clock=clock,
        keep_history_ms=_kept(keep_history),
        chaos=_trouble(chaos),
        iam=iam,
        organization=_organization(organization_policy),
        strict=strict,
        root_keys=tuple(_root_key(text) for text in root_keys),
        allow_hosts=allow_hosts,
        oidc=tuple(_provider(text) for text in providers),
        environments=environments,
        environments_max=environments_max,
    )
    if detach:
        _detach(config)
        return
    from outfall.host.server import CannotStart, run

    try:
        run(config, click.echo)
    except CannotStart as error:
        raise click.ClickException(str(error)) from None


def _detach(config: Config) -> None:
    endpoint = f"http://{config.host}:{config.port}"
    if config.port == 0:
        raise click.UsageError("--detach needs a port")
    if is_up(endpoint):
        raise click.ClickException(f"an Outfall answers at {endpoint} already; stop it with: outfall down")
    arguments = [argument for argument in sys.argv[1:] if argument not in ("-d", "--detach")]
    log = (config.data / "outfall.log") if config.data else Path(os.devnull)
    log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with open(log, "ab", opener=lambda path, flags: os.open(path, flags, 0o600)) as output:
        child = subprocess.Popen(
            [sys.executable, "-m", "outfall", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    ready = wait_until(lambda: is_up(endpoint) or child.poll() is not None, START_S_MAX)
    if not ready or child.poll() is not None:
        raise click.ClickException(f"the server did not start: {_last_line(log)}")
    stop = "outfall down" if config.port == DEFAULT_PORT else f"outfall down --endpoint {endpoint}"
    click.echo(f"Outfall runs at {endpoint} (process {child.pid}, log {log}). Stop it with: {stop}")


def _last_line(log: Path) -> str:
    try:
        lines = log.read_text(errors="replace").strip().splitlines()
    except OSError:
        return "it left no log"
    return lines[-1] if lines else "it said nothing"
