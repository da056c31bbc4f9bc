"""Polling a queue for a function: what makes a batch, which messages are wanted, and which of a batch are done.

https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html and its pages on batching, errors and filtering; recordings
[LS:test_lambda_integration_sqs] where named.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from outfall.core.arn import Arn
from outfall.core.event_pattern import compile_pattern
from outfall.core.invocation import Outcome
from outfall.core.source import SourceMessage
from outfall.flow.polling.record import encode_record, event_of, record_of

BATCH_BYTES_MAX = 6 * 1024 * 1024
"""What a synchronous invocation takes: a batch is handed over before it would grow larger."""

EMPTY_EVENT_BYTES = len(event_of(())) - 1
"""One less, since each record is counted with a comma and the first has none."""
CONCURRENCY_FIRST = 5
"""Batches that run at once when a backlog begins; more come as long as there is one. [DOC]"""

THROTTLE_WAIT_S_MAX = 60
"""The wait doubles from 1 s on; AWS does not say how long it grows."""


class Polling(msgspec.Struct, frozen=True):
    """What an event source mapping says of polling: `source` and `function` are ARNs, the latter perhaps qualified;
    `filters` are patterns, one of which a message has to meet."""

    source: str
    function: str
    batch_size: int = 10
    window_s: int = 0
    reports_failures: bool = False
    concurrency_max: int | None = None
    filters: tuple[str, ...] = ()


class Batch(msgspec.Struct, frozen=True):
    """Messages on their way to one invocation, by id, each with its encoded record. `opened_ms` is when the first was
    taken, `taken_ms` when the last was; `full` says that another one did not fit."""

    entries: Mapping[str, tuple[SourceMessage, bytes]] = msgspec.field(default_factory=dict)
    size: int = EMPTY_EVENT_BYTES
    opened_ms: int = 0
    taken_ms: int = 0
    full: bool = False

    def payload(self) -> bytes:
        """The event."""
        return event_of(record for _, record in self.entries.values())

    def trace_header(self) -> str:
        """The first trace header that one of the messages carries, or empty."""
        headers = (message.system.get("AWSTraceHeader", "") for message, _ in self.entries.values())
        return next((header for header in headers if header), "")

    def trace(self) -> str:
        """The first root of a trace that one of the messages belongs to, or empty."""
        return next((message.trace for message, _ in self.entries.values() if message.trace), "")


NOTHING = Batch()


def is_wanted(polling: Polling, message: SourceMessage) -> bool:
    """Whether a message meets one of the filters, if there are any; those that do not are deleted unseen. A body that
    is a JSON object is looked into, any other one is a string."""
    if not polling.filters:
        return True
    record = record_of(message, Arn.parse(polling.source))
    record["body"] = _looked_into(message.body)
    return any(compile_pattern(text).matches(record) for text in polling.filters)


def _looked_into(body: str) -> Any:
    told = _json(body.encode())
    return told if isinstance(told, dict) else body


def room_in(polling: Polling, batch: Batch) -> int:
    """How many more messages the batch may be given."""
    return 0 if batch.full else polling.batch_size - len(batch.entries)


def gather(
    polling: Polling, batch: Batch, messages: Sequence[SourceMessage], now_ms: int
) -> tuple[Batch, list[SourceMessage]]:
    """The batch with these messages in it, and those that did not fit. A message that is taken a second time, because
    its visibility timeout is shorter than the window, takes its own place."""
    source = Arn.parse(polling.source)
    entries, size = dict(batch.entries), batch.size
    for number, message in enumerate(messages):
        record = encode_record(record_of(message, source))
        known = entries.get(message.id)
        more = len(record) + 1 if known is None else len(record) - len(known[1])
        crowded = known is None and len(entries) >= polling.batch_size
        if entries and (crowded or size + more > BATCH_BYTES_MAX):
            return Batch(entries, size, batch.opened_ms or now_ms, now_ms, full=True), list(messages[number:])
        size += more
        entries[message.id] = (message, record)
    if not messages:
        return batch, []
    return Batch(entries, size, batch.opened_ms or now_ms, now_ms), []


def due_ms(polling: Polling, batch: Batch) -> int:
    """When a batch is handed over at the latest."""
    return batch.opened_ms + polling.window_s * 1000


def is_ready(polling: Polling, batch: Batch, now_ms: int) -> bool:
    """Whether a batch is handed over now: it is full, or its window is over."""
    return bool(batch.entries) and (room_in(polling, batch) <= 0 or now_ms >= due_ms(polling, batch))


def throttle_wait_ms(throttles: int) -> int:
    """How long a batch waits after it found no concurrency for the `throttles`th time."""
    return min(int(2 ** min(throttles - 1, 20)), THROTTLE_WAIT_S_MAX) * 1000


def lapses_ms(batch: Batch, visibility_s: int) -> int:
    """When the last of the messages reappears in its queue, unless it is deleted."""
    return batch.taken_ms + visibility_s * 1000


def has_lapsed(batch: Batch, visibility_s: int, now_ms: int) -> bool:
    """Whether the messages have begun to reappear in their queue: the batch is given up. [DOC: with-sqs, back-off]"""
    return now_ms >= lapses_ms(batch, visibility_s)


def done_with(polling: Polling, batch: Batch, outcome: Outcome) -> list[SourceMessage]:
    """The messages that the function is done with, which are deleted; the others reappear.

    A function that reports failures names those that failed; an answer that cannot be understood, or names a message
    that is not of the batch, fails all of it. [LS:test_report_batch_item_failures*]
    """
    messages = [message for message, _ in batch.entries.values()]
    if outcome.function_error:
        return []
    if not polling.reports_failures:
        return messages
    failed = _reported(outcome.payload)
    if failed is None or not failed <= batch.entries.keys():
        return []
    return [message for message in messages if message.id not in failed]


def _reported(payload: bytes) -> set[str] | None:
    """The ids that a function reports as failed; None when its answer is not understood."""
    answer = _json(payload or b"null")
    if answer is None:
        return set()
    if not isinstance(answer, dict):
        return None
    failures = answer.get("batchItemFailures")
    if failures is None:
        return set()
    if not isinstance(failures, list) or not all(isinstance(one, dict) for one in failures):
        return None
    ids = [one.get("itemIdentifier") for one in failures]
    return set(ids) if all(isinstance(one, str) and one for one in ids) else None


class _NoJson:
    """What is no JSON decodes to."""


def _json(data: bytes) -> Any:
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, RecursionError):
        return _NoJson
