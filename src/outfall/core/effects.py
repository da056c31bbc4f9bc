"""What a handler may ask for instead of answering: the host performs it and resumes the handler."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from outfall.core.body import Body, Segment
    from outfall.core.invocation import Outcome, Run, Throttled
    from outfall.core.service import Call


class Park(msgspec.Struct, frozen=True):
    """Long polling: call the handler again (in a new transaction) when `topic` wakes, or at `until_ms` at the latest.

    The handler sees `until_ms` in `call.parked_until`, and answers empty when that time has come. Where the topic is
    a work queue it is also called when the queue's next item comes due.
    """

    topic: str
    until_ms: int


class RunFunction(msgspec.Struct, frozen=True):
    """A synchronous invocation: run the function, then answer with `resume(call, outcome)` in a new transaction."""

    run: Run
    resume: Callable[[Call, Outcome | Throttled], Any]


class ReadBytes(msgspec.Struct, frozen=True):
    """Stored bytes that a handler has to look into, which it may not read itself: the host reads the segments, calls
    `look` with them outside of any transaction (it may take long), and answers with `resume(call, found)` in a new one.

    `resume` may ask for an effect again. Segments that are gone meanwhile are read as `look(None)`.
    """

    segments: tuple[Segment, ...]
    look: Callable[[bytes | None], Any]
    resume: Callable[[Call, Any], Any]


class DigestBytes(msgspec.Struct, frozen=True):
    """Digests of stored bytes of any size: the host reads the segments piece by piece outside of any transaction, and
    answers with `resume(call, body)` in a new one, where `body` has their MD5 and the named checksums.

    Segments that are gone meanwhile are `resume(call, None)`. `resume` may ask for an effect again.
    """

    segments: tuple[Segment, ...]
    checksums: tuple[str, ...]
    resume: Callable[[Call, Body | None], Any]


class Event(msgspec.Struct, frozen=True):
    """One event of an answer that goes on: its name in the model, and its members."""

    name: str
    members: dict[str, Any]


class Stream(msgspec.Struct, frozen=True):
    """An answer that goes on: these events at once, then every second what `step(call)` answers in a new transaction,
    until that is None or the client is gone; then `end(call)` in another."""

    first: tuple[Event, ...]
    step: Callable[[Call], tuple[Event, ...] | None]
    end: Callable[[Call], None]


class Respond(msgspec.Struct, frozen=True):
    """An output with headers or a status beside what the model says: for the few answers that models cannot express."""

    output: dict[str, Any]
    status: int | None = None
    headers: tuple[tuple[str, str], ...] = ()


Effect = Park | RunFunction | ReadBytes | DigestBytes | Stream | Respond
