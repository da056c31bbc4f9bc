"""What is handed from a sender to a target, whatever the two are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from outfall.core.lineage import root_in
from outfall.core.principal import Principal

Origin = Literal["s3", "destination", "dead-letter", "sns", "events", "alarm", "logs", "replay"]


class Attribute(msgspec.Struct, frozen=True):
    """A message attribute: `type` is String, Number or Binary; the value of a Binary one is base64."""

    type: str
    value: str


class Sender(msgspec.Struct, frozen=True):
    """Who sends, on whose behalf, and why.

    `principal` is judged by authorisation; `source_arn` and `source_account` become `aws:SourceArn` and
    `aws:SourceAccount`. `event_id` is the asynchronous event in whose history the delivery is told, if there is one.
    """

    origin: Origin
    principal: Principal
    source_arn: str = ""
    source_account: str = ""
    event_id: str = ""


class Parcel(msgspec.Struct, frozen=True):
    """What arrives: the body to the byte, message attributes, the trace header and the facts that some targets show."""

    body: bytes
    sender: Sender
    attributes: Mapping[str, Attribute] = msgspec.field(default_factory=dict)
    trace_header: str = ""
    detail_type: str = ""
    """For EventBridge: as `Lambda Function Invocation Result - Success`."""
    resources: tuple[str, ...] = ()
    key: str = ""
    """For S3: the key of the object to write."""
    subject: str = ""
    """For SNS: the subject of the message."""
    group_id: str = ""
    """For FIFO topics and queues, and for the fairness of standard queues: the message group."""
    deduplication_id: str = ""
    """For FIFO topics and queues."""
    hops: int = 0
    """For EventBridge: how many event buses the event has passed."""
    trace: str = ""
    """The root of the trace where there is no header to tell it: AWS sends none on, histories need one."""

    @property
    def root(self) -> str:
        """The root of the trace that this belongs to, or empty."""
        return root_in(self.trace_header) or self.trace
