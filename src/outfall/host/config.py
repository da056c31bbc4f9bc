"""What can be set when a server starts."""

from __future__ import annotations

from pathlib import Path

import msgspec

from outfall.core.context import IamMode
from outfall.core.organization import Organization
from outfall.host.oidc import Provider
from outfall.host.trouble import Trouble

DEFAULT_PORT = 4566
DEFAULT_REGION = "us-east-1"
ROOT_ACCOUNT = "000000000000"
"""The account of the key `test`, as other tools of this kind have it."""


class Config(msgspec.Struct, frozen=True):
    """A server's settings. `data` None keeps everything in memory, for as long as the process lives."""

    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    data: Path | None = None
    store: str | None = None
    """The URL of a database on which many nodes work; None: this process keeps the data itself."""
    blobs: str | None = None
    """Where all nodes find bodies too large for a row, as `file:///shared/blobs`; with `store` alone."""
    node_lease_s: float = 10.0
    """How long a node is believed to live after it was last seen; with `store` alone."""
    time_scale: float = 1.0
    clock: str = "system"
    """`system`, or `manual`: moves on request alone."""
    keep_history_ms: int = 14 * 86_400_000
    """How long after its end an event is remembered."""
    chaos: Trouble | None = None
    strict: bool = False
    """Whether a queue without a policy is closed to topics and rules, as on AWS."""
    iam: IamMode = "enforce"
    """What becomes of a call that no policy allows."""
    organization: Organization | None = None
    """The organisation that every account is in, if one is described."""
    root_keys: tuple[tuple[str, str], ...] = ()
    allow_hosts: tuple[str, ...] = ()
    """Names beside its own that this server answers to; one with a dot in front stands for all below it."""
    oidc: tuple[Provider, ...] = ()
    """Identity providers whose tokens may be traded for sessions of roles."""
    account_concurrency: int = 1000
    environments: str = "auto"
    environments_max: int = 32
    environment_idle_s: float = 600.0
    drain_s: float = 5.0

    @property
    def place(self) -> str | None:
        """Where the data is, without what is secret in it; None if it is in memory."""
        if self.store is None:
            return str(self.data) if self.data else None
        scheme, _, rest = self.store.partition("://")
        return f"{scheme}://{rest.rpartition('@')[2]}".partition("?")[0]
