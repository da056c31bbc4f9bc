"""Which requests are turned away before anybody looks at what they ask: those that a page of another site sends.

A browser lets any page send requests to 127.0.0.1, and a page whose name is made to point there (DNS rebinding) even
read the answers. So a request must name a host that is this server's, and what may change something must not come from
a page of another host. Rule: https://developer.mozilla.org/en-US/docs/Web/Security/Attacks/DNS_rebinding
"""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
LOCAL = ("localhost", "localhost.localstack.cloud", "amazonaws.com", "amazonaws.com.cn", "on.aws")
"""Names, with all that is below them, that nobody else can point here: those of this machine, and AWS's own, which
clients sign for when they reach this server through a proxy or by an address of their own."""
FOLLOWED = frozenset({"ConfirmSubscription", "Unsubscribe"})
"""Operations behind links that people follow from a letter."""

_ACTION = re.compile(r"(?:^|&)Action=([A-Za-z]+)").search

KNOWN_MAX = 256


class Guard:
    """Knows the names of a server.

    `host` is the address that it listens on; `allowed` are further names, with all below them where they begin with a
    dot.
    """

    def __init__(self, host: str, allowed: tuple[str, ...] = ()) -> None:
        names = [name.lower().rstrip(".") for name in allowed]
        self._exact = frozenset([name.lstrip(".") for name in names] + [host.lower().strip("[]")])
        self._below = tuple(f".{name}" for name in LOCAL) + tuple(name for name in names if name.startswith("."))
        # In a network of containers a name without a dot is a neighbour's. No site of the Internet has such a name.
        self._plain_names = not is_loopback(host)
        self._known: set[str] = set()
        """Values of Host headers that name this server."""

    def turned_away(self, headers: dict[str, str]) -> str | None:
        """Why a request is not taken, in a line, or None. A request to a function's own URL has only its host judged:
        `from_another_site` is for the rest."""
        host = headers.get("host")
        if host is None or host in self._known:
            return None
        if not self.is_ours(name_of(host)):
            return (
                f"this server does not go by the name {name_of(host)[:255]!r}: "
                "if it should, start it with --allow-host NAME"
            )
        if len(self._known) < KNOWN_MAX:
            self._known.add(host)
        return None

    def from_another_site(self, method: str, query: str, headers: dict[str, str]) -> bool:
        """Whether a request that may change something comes from a page of another host."""
        origin = headers.get("origin")
        if method not in SAFE:
            return origin is not None and origin != "" and not self._is_own_page(origin, headers.get("host", ""))
        # An image or a frame of any page sends a GET, and without an Origin; the Query protocol takes calls in a GET.
        called = _ACTION(query)
        if called is None or called[1] in FOLLOWED:
            return False
        return headers.get("sec-fetch-site") == "cross-site"

    def is_ours(self, name: str) -> bool:
        """Whether this server goes by a name: an address, a name of this machine, or one that it was given."""
        name = name.rstrip(".")
        if name in self._exact or name in LOCAL or name.endswith(self._below) or _is_address(name):
            return True
        return self._plain_names and "." not in name and name != ""

    def _is_own_page(self, origin: str, host: str) -> bool:
        try:
            parts = urlsplit(origin)
            name = (parts.hostname or "").rstrip(".")
        except ValueError:
            return False
        if not name:
            return False
        if parts.netloc.lower() == host.lower():
            return True
        return name == "localhost" or name.endswith(".localhost") or is_loopback(name) or name in self._exact


def name_of(host: str) -> str:
    """The name in the value of a Host header, in lower case and without its port."""
    text = host.strip().lower()
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.rpartition(":")[0] if text.count(":") == 1 else text


def is_loopback(name: str) -> bool:
    """Whether an address or name reaches this machine alone."""
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False


def _is_address(name: str) -> bool:
    """No name that somebody could point elsewhere: a browser sends what was typed."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
