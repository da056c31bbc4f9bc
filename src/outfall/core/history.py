"""What happened to an event: frozen facts, in the order they are appended, and how they are written down.

Each fact carries `at_ms` on the clock of record and `wall_ms` on the wall.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec


class Fact(msgspec.Struct, frozen=True, kw_only=True, tag_field="fact", tag=True):
    """Something that happened."""

    at_ms: int
    wall_ms: int


class EventAccepted(Fact, frozen=True, kw_only=True):
    """An event for a function was accepted: by whom (`s3.amazonaws.com`, a user's ARN), and because of what."""

    function: str
    sender: str
    source_arn: str
    payload_size: int


class AttemptStarted(Fact, frozen=True, kw_only=True):
    """An attempt was handed to an execution environment."""

    attempt: int


class AttemptEnded(Fact, frozen=True, kw_only=True):
    """An attempt ended. `status_code` is 200 when the function ran, 404 when there was none to run."""

    attempt: int
    status_code: int
    function_error: str
    error_type: str
    error_message: str
    duration_ms: float
    init_ms: float | None
    executed_version: str
    log_group: str
    log_stream: str


class AttemptLost(Fact, frozen=True, kw_only=True):
    """The server went away in the middle of an attempt; it is made again and not counted."""

    attempt: int


class AttemptThrottled(Fact, frozen=True, kw_only=True):
    """There was no concurrency for an attempt; it does not count."""

    reason: str


class WaitStarted(Fact, frozen=True, kw_only=True):
    """The event waits for its next attempt: as long as AWS would (`nominal_ms`), and as long as it will here."""

    nominal_ms: int
    due_ms: int


class WaitSkipped(Fact, frozen=True, kw_only=True):
    """Somebody ended the wait."""

    remaining_ms: int


class Settled(Fact, frozen=True, kw_only=True):
    """The event is done with: AWS's condition, and the attempts that were made."""

    condition: str
    attempts: int
    age_ms: int


class Published(Fact, frozen=True, kw_only=True):
    """A topic or an event bus took a message or event, and finds out who wants it: `wanted` of `listeners`
    subscriptions or rules do."""

    resource: str
    message: str
    sender: str
    source_arn: str
    wanted: int
    listeners: int


class BatchTaken(Fact, frozen=True, kw_only=True):
    """An event source mapping took messages from a queue for one invocation; `messages` are the ids of the first
    hundred."""

    function: str
    source: str
    count: int
    messages: tuple[str, ...]
    payload_size: int


class BatchEnded(Fact, frozen=True, kw_only=True):
    """A batch is done with: `deleted` messages are gone from their queue, `returned` ones appear there again; `failed`
    are the ids of the first hundred of those."""

    source: str
    deleted: int
    returned: int
    failed: tuple[str, ...]


class DeliveryFailed(Fact, frozen=True, kw_only=True):
    """A topic or rule could not hand over, and will try again; `attempt` counts from 1."""

    role: str
    source: str
    target: str
    attempt: int
    explanation: str


class Delivered(Fact, frozen=True, kw_only=True):
    """A record, dead letter, notification, message or event arrived. `receipt` is the id that the target gave it;
    `statement` is the JSON of the one in a policy that allowed it, or empty. `role` is why it was sent: `destination`,
    `dead-letter`, `s3`, `sns`, `events`, `redrive`; `source` the ARN of what sent it, if it was no function. `again`:
    somebody asked for it after it had failed. `refused`: why AWS would not have let it through, where the server only
    audits."""

    role: str
    target: str
    receipt: str
    size: int
    statement: str = ""
    source: str = ""
    again: bool = False
    refused: str = ""


class Undelivered(Fact, frozen=True, kw_only=True):
    """It did not arrive, with the fields of `Delivered`. AWS drops it; here it stays readable, with the reason, and can
    be sent again. `missing` is the JSON of a policy statement that would allow it, ready to paste, or empty."""

    role: str
    target: str
    reason: str
    explanation: str
    body: str
    missing: str = ""
    source: str = ""
    again: bool = False


class Replayed(Fact, frozen=True, kw_only=True):
    """A failed event was sent again as another one; told in the history of both."""

    original: str
    replay: str


FACTS: dict[str, type[Fact]] = {
    fact.__name__: fact
    for fact in (
        EventAccepted,
        AttemptStarted,
        AttemptEnded,
        AttemptLost,
        AttemptThrottled,
        WaitStarted,
        WaitSkipped,
        Settled,
        Published,
        BatchTaken,
        BatchEnded,
        DeliveryFailed,
        Delivered,
        Undelivered,
        Replayed,
    )
}


_encode = msgspec.json.Encoder().encode


def encode(fact: Fact) -> bytes:
    """One JSON object, with the name of the fact under `fact`."""
    try:
        return _encode(fact)
    except UnicodeEncodeError:  # half of a surrogate pair, which a function put into its error message
        told = {"fact": type(fact).__name__, **msgspec.structs.asdict(fact)}
        return json.dumps(told, separators=(",", ":")).encode()


def decode(line: bytes) -> Fact:
    """The fact that `encode` wrote."""
    told: dict[str, Any] = json.loads(line)
    kind = FACTS[told.pop("fact")]
    fields: dict[str, Any] = {name: tuple(value) if type(value) is list else value for name, value in told.items()}
    return kind(**fields)
