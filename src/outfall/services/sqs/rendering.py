"""A message as ReceiveMessage shows it: which attributes were asked for, and in which order they come."""

from __future__ import annotations

from typing import Any

import msgspec

from outfall.core.ports import Item
from outfall.core.service import Request
from outfall.services.sqs import digest, fifo, handles
from outfall.services.sqs.model import Attribute, Message, Queue

ALL = ("All", "*", ".*")
"""What asks for every message attribute. [LS:test_receive_message_message_attribute_names_filters]"""


class Wanted(msgspec.Struct, frozen=True):
    """The system attributes (or all) and message attributes that a receive asks for."""

    system: frozenset[str]
    exact: frozenset[str]
    prefixes: tuple[str, ...]

    @classmethod
    def of(cls, request: Request, protocol: str) -> Wanted:
        """What `request` asks for. JSON unites the old and the new list of system attributes, the query protocol takes
        the new one alone if it is there. [LS]"""
        old, new = request.get("AttributeNames") or [], request.get("MessageSystemAttributeNames") or []
        system = new if protocol == "query" and new else [*old, *new]
        names = request.get("MessageAttributeNames") or []
        prefixes = tuple("" if name in ALL else name[:-2] for name in names if name in ALL or name[-2:] == ".*")
        return cls(frozenset(system), frozenset(names), prefixes)


def render(queue: Queue, wanted: Wanted, item: Item, message: Message, now_ms: int) -> dict[str, Any]:
    """One element of `Messages`."""
    shown: dict[str, Any] = {
        "MessageId": message.id,
        "ReceiptHandle": handles.issue(queue, item.number, now_ms, item.handle, message.id),
        "MD5OfBody": message.md5,
        "Body": message.body,
    }
    if wanted.system:
        system = system_attributes(queue, item, message, now_ms)
        if "All" not in wanted.system:
            system = {name: value for name, value in system.items() if name in wanted.system}
        if system:
            shown["Attributes"] = system
    if message.attributes and (wanted.exact or wanted.prefixes):
        chosen = _chosen(wanted, message.attributes)
        if chosen:
            shown["MD5OfMessageAttributes"] = digest.of_attributes(chosen)
            shown["MessageAttributes"] = {name: _value(one) for name, one in chosen.items()}
    return shown


def _chosen(wanted: Wanted, attributes: dict[str, Attribute]) -> dict[str, Attribute]:
    if "" in wanted.prefixes:
        return attributes
    return {
        name: one
        for name, one in attributes.items()
        if name in wanted.exact or (wanted.prefixes and name.startswith(wanted.prefixes))
    }


def _value(one: Attribute) -> dict[str, Any]:
    if one.is_binary:
        return {"BinaryValue": one.binary, "DataType": one.type}
    return {"StringValue": one.text, "DataType": one.type}


def system_attributes(queue: Queue, item: Item, message: Message, now_ms: int) -> dict[str, str]:
    """What SQS itself says of one receive of a message."""
    first_ms = message.first_received_ms or item.first_received_ms or now_ms
    held = {
        "SenderId": message.sender,
        "ApproximateFirstReceiveTimestamp": str(first_ms),
        "ApproximateReceiveCount": str(item.receives + message.receives),
        "SentTimestamp": str(message.sent_ms),
    }
    if queue.fifo:
        held["SequenceNumber"] = fifo.sequence_number(item.number)
        held["MessageDeduplicationId"] = message.deduplication_id
    if message.group:
        held["MessageGroupId"] = message.group
    if message.trace_header:
        held["AWSTraceHeader"] = message.trace_header
    if message.source_arn:
        held["DeadLetterQueueSourceArn"] = message.source_arn
    return held
