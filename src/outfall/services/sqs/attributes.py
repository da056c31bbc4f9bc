"""Queue attributes: names, ranges, how they are written onto a queue, and the order in which they are read.

Rules: [sqs.md 6.3]; https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import msgspec

from outfall.core.context import Context
from outfall.core.ports import QueueCounts
from outfall.services.sqs import redrive
from outfall.services.sqs.errors import InvalidAttributeName, InvalidAttributeValue, OverLimit
from outfall.services.sqs.model import DEFAULT_SIZE_MAX, Queue


class Range(msgspec.Struct, frozen=True):
    """A whole number: the field that holds it, its least and most, and its default."""

    field: str
    least: int
    most: int
    default: int


NUMBERS: Mapping[str, Range] = {
    "VisibilityTimeout": Range("visibility_timeout_s", 0, 43_200, 30),
    "MaximumMessageSize": Range("message_size_max", 1024, DEFAULT_SIZE_MAX, DEFAULT_SIZE_MAX),
    "MessageRetentionPeriod": Range("retention_s", 60, 1_209_600, 345_600),
    "DelaySeconds": Range("delay_s", 0, 900, 0),
    "ReceiveMessageWaitTimeSeconds": Range("receive_wait_s", 0, 20, 0),
}
CHOICES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "DeduplicationScope": ("deduplication_scope", ("queue", "messageGroup")),
    "FifoThroughputLimit": ("throughput_limit", ("perQueue", "perMessageGroupId")),
}
TEXTS = ("Policy", "RedrivePolicy", "RedriveAllowPolicy", "KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds")
COUNTS = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)
POLICY_MEMBERS = frozenset({"Version", "Id", "Statement"})
POLICY_VERSIONS = ("2008-10-17", "2012-10-17")
STATEMENT_MEMBERS = frozenset(
    {"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"}
)
STATEMENTS_MAX = 20
READ_ONLY = ("QueueArn", *COUNTS, "CreatedTimestamp", "LastModifiedTimestamp")
FIFO = ("FifoQueue", "ContentBasedDeduplication", *CHOICES)
NAMES = frozenset((*READ_ONLY, *NUMBERS, *TEXTS, *FIFO, "SqsManagedSseEnabled"))


def apply(ctx: Context, queue: Queue, given: Mapping[str, str]) -> Queue:
    """The queue with these attributes set; an empty value resets one to its default. Raises AWS's errors."""
    for name in given:
        if name not in NAMES or name in READ_ONLY:
            raise InvalidAttributeName(f"Unknown Attribute {name}.")
    if given.get("KmsMasterKeyId") and given.get("SqsManagedSseEnabled") == "true":
        raise InvalidAttributeName(
            "You can use one type of server-side encryption (SSE) at one time. "
            "You can either enable KMS SSE or SQS SSE."
        )
    changes: dict[str, Any] = {"settings": dict(queue.settings)}
    for name, value in given.items():
        _set(ctx, queue, changes, name, value)
    changed = msgspec.structs.replace(queue, **changes)
    if changed.throughput_limit == "perMessageGroupId" and changed.deduplication_scope != "messageGroup":
        raise InvalidAttributeValue(
            "Invalid value for the parameter FifoThroughputLimit. Reason: The value perMessageGroupId is allowed only "
            "when the value for DeduplicationScope is messageGroup."
        )
    return changed


def _set(ctx: Context, queue: Queue, changes: dict[str, Any], name: str, value: str) -> None:
    if name in NUMBERS:
        changes[NUMBERS[name].field] = _number(name, value)
    elif name in FIFO:
        _set_fifo(queue, changes, name, value)
    elif name == "SqsManagedSseEnabled":
        # An empty value takes SQS's own encryption away rather than back. [LS:test_set_queue_attributes_default_values]
        changes["managed_encryption"] = bool(value) and _boolean(name, value)
        if changes["managed_encryption"]:
            changes["settings"].pop("KmsMasterKeyId", None)
    elif not value:
        changes["settings"].pop(name, None)
        if name == "RedrivePolicy":
            changes.update(dead_letter_arn="", receives_max=0)
    else:
        _set_text(ctx, queue, changes, name, value)


def _set_text(ctx: Context, queue: Queue, changes: dict[str, Any], name: str, value: str) -> None:
    if name == "RedrivePolicy":
        policy = redrive.parse(ctx, queue, value)
        changes.update(dead_letter_arn=policy.dead_letter_arn, receives_max=policy.receives_max)
        value = policy.text
    elif name == "RedriveAllowPolicy":
        value = redrive.canonical_allow(value)
    elif name == "Policy":
        _check_policy(value)
    elif name == "KmsMasterKeyId":
        changes["managed_encryption"] = False
    elif name == "KmsDataKeyReusePeriodSeconds" and not (value.isdigit() and 60 <= int(value) <= 86_400):
        raise _invalid_value(name)
    changes["settings"][name] = value


def _set_fifo(queue: Queue, changes: dict[str, Any], name: str, value: str) -> None:
    """[LS:test_create_standard_queue_with_fifo_attribute_raises_error, test_set_unsupported_attribute_fifo]"""
    if not queue.fifo:
        if name in CHOICES:
            raise InvalidAttributeName(f"You can specify the {name} only when FifoQueue is set to true.")
        raise InvalidAttributeName(f"Unknown Attribute {name}.")
    if name == "FifoQueue":
        if value != "true":
            raise InvalidAttributeValue(
                "Invalid value for the parameter FifoQueue. Reason: Modifying queue type is not supported."
            )
    elif name == "ContentBasedDeduplication":
        changes["content_deduplication"] = bool(value) and _boolean(name, value)
    else:
        field, choices = CHOICES[name]
        if value and value not in choices:
            raise _invalid_value(name)
        changes[field] = value or choices[0]


def _invalid_value(name: str) -> InvalidAttributeValue:
    return InvalidAttributeValue(f"Invalid value for the parameter {name}.")


def _number(name: str, value: str) -> int:
    allowed = NUMBERS[name]
    if value == "":
        return allowed.default
    if not (value.isascii() and value.isdigit() and allowed.least <= int(value[:12]) <= allowed.most):
        raise _invalid_value(name)
    return int(value)


def _boolean(name: str, value: str) -> bool:
    if value.lower() not in ("true", "false"):
        raise _invalid_value(name)
    return value.lower() == "true"


def _check_policy(text: str) -> None:
    """Raises InvalidAttributeValue unless `text` has the form of a policy, OverLimit for too many statements. [GH]"""
    try:
        policy = json.loads(text)
    except (ValueError, RecursionError):
        policy = None
    statements = policy.get("Statement") if isinstance(policy, dict) else None
    if isinstance(statements, dict):
        statements = [statements]
    if (
        not isinstance(policy, dict)
        or not isinstance(statements, list)
        or not statements
        or not POLICY_MEMBERS.issuperset(policy)
        or policy.get("Version", POLICY_VERSIONS[0]) not in POLICY_VERSIONS
        or not all(_is_statement(one) for one in statements)
    ):
        raise _invalid_value("Policy")
    if len(statements) > STATEMENTS_MAX:
        raise OverLimit(
            f"{len(statements)} statements were found in the submitted policy, max allowed is {STATEMENTS_MAX}"
        )


def _is_statement(one: Any) -> bool:
    return isinstance(one, dict) and one.get("Effect") in ("Allow", "Deny") and STATEMENT_MEMBERS.issuperset(one)


def render(queue: Queue, counts: QueueCounts) -> dict[str, str]:
    """All attributes of a queue that are set, as text, in the order AWS sends them. [SD]"""
    shown = {
        "QueueArn": queue.arn,
        "ApproximateNumberOfMessages": str(counts.ready),
        "ApproximateNumberOfMessagesNotVisible": str(counts.leased),
        "ApproximateNumberOfMessagesDelayed": str(counts.delayed),
        "CreatedTimestamp": str(queue.created_ms // 1000),
        "LastModifiedTimestamp": str(queue.modified_ms // 1000),
    }
    shown.update((name, str(getattr(queue, number.field))) for name, number in NUMBERS.items())
    shown.update((name, queue.settings[name]) for name in TEXTS if name in queue.settings)
    if "KmsMasterKeyId" in queue.settings:
        shown.setdefault("KmsDataKeyReusePeriodSeconds", "300")
    if queue.fifo:
        shown["FifoQueue"] = "true"
        shown["ContentBasedDeduplication"] = _text(queue.content_deduplication)
        shown["DeduplicationScope"] = queue.deduplication_scope
        shown["FifoThroughputLimit"] = queue.throughput_limit
    shown["SqsManagedSseEnabled"] = _text(queue.managed_encryption)
    return shown


def _text(value: bool) -> str:
    return "true" if value else "false"
