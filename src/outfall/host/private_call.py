"""What the parts of the private API share: what they work with, a request taken apart and checked, a refusal."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from outfall.core.context import Context
from outfall.core.ports import Clock, Store, Tx
from outfall.host.exchange import HttpResponse
from outfall.host.time_travel import TimeTravel
from outfall.host.watch import Decisions

PAGE_MAX = 500
NUMBER_MAX = 2**53 - 1
"""The largest whole number that every JSON parser reads as it is written."""

_event_id = re.compile(r"[0-9A-Za-z-]{1,64}").fullmatch


class Refused(Exception):
    """A request that the private API does not answer: status, a line that says why, and headers of the answer."""

    def __init__(self, status: int, message: str, headers: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers


class Facade(msgspec.Struct, frozen=True):
    """What the private API works with. `about` tells what never changes while the server runs."""

    store: Store
    clock: Clock
    context: Callable[[Tx], Context]
    about: Callable[[], dict[str, Any]]
    services: tuple[str, ...]
    reset: Callable[[], Awaitable[None]]
    stop: Callable[[], None]
    travel: TimeTravel
    watch: Decisions


class Asked(msgspec.Struct, frozen=True):
    """A request: `path` holds what its path names, by the names in the route; `query` its parameters, none empty."""

    path: dict[str, str]
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes = b""

    def text(self, name: str) -> str:
        """A parameter, or empty."""
        return self.query.get(name, "")

    def number(self, name: str, default: int, least: int = 0, most: int = NUMBER_MAX) -> int:
        """A parameter that is a whole number between `least` and `most`; raises `Refused`."""
        return whole(name, self.query[name], least, most) if name in self.query else default

    def choice(self, name: str, choices: tuple[str, ...]) -> str:
        """A parameter that is one of these, or empty; raises `Refused`."""
        given = self.text(name)
        if given and given not in choices:
            raise Refused(400, f"{name} is one of {', '.join(choices)}")
        return given

    def event_id(self) -> str:
        """The event that the path names; raises `Refused` for what cannot be one."""
        return self.named("event")

    def named(self, what: str) -> str:
        """The id of an event or the root of a trace that the path names; raises `Refused` for what cannot be one."""
        given = self.path[what]
        if not _event_id(given):
            raise Refused(400, f"the id of the {what} has letters, digits and hyphens, 64 at most")
        return given


def whole(name: str, text: str, least: int, most: int) -> int:
    """The whole number that a text is; raises `Refused`."""
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(most)) and least <= int(text) <= most):
        raise Refused(400, f"{name} is a whole number from {least} to {most}")
    return int(text)


Answer = dict[str, Any] | HttpResponse
Handler = Callable[[Facade, Asked], Awaitable[Answer]]


class Route(msgspec.Struct, frozen=True):
    """One operation: method, path (`{name}` stands for one segment), who answers, and the parameters that it knows."""

    method: str
    path: str
    handler: Handler
    parameters: tuple[str, ...] = ()
