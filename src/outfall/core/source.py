"""What is polled: the port by which Lambda's event source mappings take messages out of another service's queue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

import msgspec

if TYPE_CHECKING:
    from outfall.core.arn import Arn
    from outfall.core.context import Context


class SourceFacts(msgspec.Struct, frozen=True):
    """A queue as a poller sees it. `topic` is the store's work queue that holds its messages, which wakes when there
    may be more to take."""

    topic: str
    visibility_s: int
    fifo: bool


class MessageAttribute(msgspec.Struct, frozen=True):
    """A message attribute: `binary` is the value of the Binary types in base64, `text` that of all others."""

    type: str
    text: str = ""
    binary: str | None = None


class SourceMessage(msgspec.Struct, frozen=True):
    """A message that was taken: `handle` is what `delete` and clients know this receive by. `system` are the attributes
    that the service itself gives a message, by AWS's names; `attributes_md5` is empty when there are no others."""

    id: str
    handle: str
    body: str
    body_md5: str
    system: Mapping[str, str]
    attributes: Mapping[str, MessageAttribute]
    attributes_md5: str = ""
    trace: str = ""
    """The root of the trace that it belongs to, or empty."""


class Source(Protocol):
    """How a service lets its queues be polled. One per service, in its `source.py`."""

    actions: tuple[str, ...]
    """The IAM actions that the poller's role needs, in the order AWS asks for them."""

    def facts(self, ctx: Context, arn: Arn) -> SourceFacts | None:
        """The queue as it stands now; None if there is none."""

    def policy(self, ctx: Context, arn: Arn) -> str | None:
        """The resource policy document of the queue, if there is one."""

    def take(self, ctx: Context, arn: Arn, limit: int) -> list[SourceMessage]:
        """Takes up to `limit` messages. What is not deleted reappears when the queue's visibility timeout is over."""

    def delete(self, ctx: Context, arn: Arn, handles: Sequence[str]) -> None:
        """Removes messages that were taken; those that are gone, or taken by others since, are passed over."""

    def give_back(self, ctx: Context, arn: Arn, handles: Sequence[str]) -> int:
        """Has messages that were taken reappear now; how many. Those that reappeared already are passed over."""
