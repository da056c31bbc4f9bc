"""The rows and items of SQS: a queue, what remains of a deleted one, a message, and what identifies them.

Messages are items of the store's work queue that `work_queue` names. The name holds the queue's generation, so that a
queue that is deleted and created again starts empty.
"""

from __future__ import annotations

import msgspec

from outfall.core.arn import Arn
from outfall.core.ports import Key, Table

TWELVE_HOURS_S = 43_200
DEFAULT_SIZE_MAX = 1_048_576


class Queue(msgspec.Struct, frozen=True):
    """A queue and its settings. Times of the clock in ms, settings in the units of their attributes (seconds, bytes).

    `settings` holds the attributes that are kept as the text they were given in (policies, KMS, encryption).
    """

    account: str
    region: str
    name: str
    generation: str
    created_ms: int
    modified_ms: int
    visibility_timeout_s: int = 30
    message_size_max: int = DEFAULT_SIZE_MAX
    retention_s: int = 345_600
    delay_s: int = 0
    receive_wait_s: int = 0
    dead_letter_arn: str = ""
    receives_max: int = 0
    fifo: bool = False
    content_deduplication: bool = False
    deduplication_scope: str = "queue"
    throughput_limit: str = "perQueue"
    managed_encryption: bool = True
    settings: dict[str, str] = {}
    tags: dict[str, str] = {}
    purged_ms: int | None = None
    full: bool = False
    """As many messages were in flight as may be, when they were last counted."""
    recount_at: int = 0
    """The number of an item with whose claim they are to be counted again."""

    @property
    def key(self) -> Key:
        """Where its row lies."""
        return (self.account, self.region, self.name)

    @property
    def arn(self) -> str:
        """Its ARN."""
        return f"arn:aws:sqs:{self.region}:{self.account}:{self.name}"

    @property
    def work_queue(self) -> str:
        """The store's work queue that holds its messages."""
        return f"sqs/{self.account}/{self.region}/{self.name}/{self.generation}"


class Deleted(msgspec.Struct, frozen=True):
    """A queue of that name was deleted then."""

    at_ms: int


class Attribute(msgspec.Struct, frozen=True, array_like=True):
    """A message attribute; `binary` holds the value of the Binary types, `text` that of all others."""

    type: str
    text: str = ""
    binary: bytes = b""

    @property
    def is_binary(self) -> bool:
        """Whether its value is bytes."""
        return self.type.startswith("Binary")


class Message(msgspec.Struct, frozen=True, array_like=True):
    """A message as it lies on the work queue. `receives` and `first_received_ms` come from the queue it was redriven
    from; `source_arn` is that queue, and shows as DeadLetterQueueSourceArn."""

    id: str
    body: str
    md5: str
    sender: str
    sent_ms: int
    attributes: dict[str, Attribute] = {}
    trace_header: str = ""
    group: str = ""
    deduplication_id: str = ""
    source_arn: str = ""
    receives: int = 0
    first_received_ms: int | None = None
    trace: str = ""
    """The root of its trace where no header tells it."""


class Sent(msgspec.Struct, frozen=True):
    """A deduplication id that was used: which message it gave, and until when it holds."""

    message_id: str
    sequence_number: str
    until_ms: int


class Attempt(msgspec.Struct, frozen=True):
    """A receive under a ReceiveRequestAttemptId: number and claim of each item, and when each lease ends."""

    until_ms: int
    received_ms: int
    claims: list[tuple[int, str]]
    due_ms: list[int]


QUEUES = Table("sqs.queues", Queue)
DELETED = Table("sqs.deleted", Deleted)
DEDUPLICATION = Table("sqs.deduplication", Sent)
ATTEMPTS = Table("sqs.attempts", Attempt)

encode_message = msgspec.msgpack.Encoder().encode
decode_message = msgspec.msgpack.Decoder(Message).decode


def key_of(arn: Arn) -> Key:
    """Where the row of the queue with this ARN lies."""
    return (arn.account, arn.region, arn.resource)
