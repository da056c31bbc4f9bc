"""Publish and PublishBatch, and `publish`, by which every message enters a topic."""

from __future__ import annotations

import re
from typing import Any

from outfall.core.context import Context
from outfall.core.errors import AwsError, NotServed
from outfall.core.lineage import root_in
from outfall.core.service import Call, Output, Request, operation
from outfall.flow import passage
from outfall.services.sns import fifo
from outfall.services.sns.address import parse_arn, require_topic, topic_arn
from outfall.services.sns.deliver import fan_out
from outfall.services.sns.errors import (
    BatchEntryIdsNotDistinct,
    BatchRequestTooLong,
    EmptyBatchRequest,
    InvalidBatchEntryId,
    TooManyEntriesInBatchRequest,
    invalid,
)
from outfall.services.sns.message import (
    SIZE_MAX,
    Publication,
    check_contents,
    ids_for,
    parse_attributes,
    size_of,
    versions_of,
)
from outfall.services.sns.model import Topic

ENTRIES_MAX = 10
_phone_number = re.compile(r"\+?[0-9][0-9 .\-]{4,18}[0-9]").fullmatch
_entry_id = re.compile(r"[A-Za-z0-9_\-]+").fullmatch


def publish(ctx: Context, topic: Topic, publication: Publication, endpoint: str) -> tuple[str, str]:
    """Gives a message to every subscription that wants it, in this transaction. Returns its id and, for FIFO topics,
    its sequence number: those of the message before when its deduplication id was used within five minutes."""
    if topic.fifo:
        before = fifo.seen(ctx, topic, publication)
        if before is not None:
            return before.message_id, before.sequence_number
        publication = fifo.admit(ctx, topic, publication)
    fan_out(ctx.at(topic.account, topic.region), topic, publication, endpoint)
    return publication.id, publication.sequence_number


def _target(call: Call, request: Request) -> str:
    """The resource of a Publish: the topic. Raises for what is no topic."""
    if request.get("PhoneNumber") is not None:
        return "*"
    parameter = "TopicArn" if request.get("TopicArn") else "TargetArn"
    if not request.get(parameter):
        raise invalid("TopicArn or TargetArn Reason: no value for required parameter")
    arn = parse_arn(parameter, request[parameter])
    if arn.resource.startswith("endpoint/"):
        raise invalid("TargetArn Reason: No endpoint found for the target arn specified")
    return str(arn)


@operation("Publish", action="sns:Publish", resource=_target)
def publish_message(call: Call, request: Request) -> Output:
    """One message; answers its id, and the sequence number of FIFO topics."""
    number = request.get("PhoneNumber")
    if number is not None:
        if not _phone_number(number):
            raise invalid(f"PhoneNumber Reason: {number} is not valid to publish to")
        raise NotServed("Publishing text messages (PhoneNumber) is not served by this version of Outfall.")
    check_contents(request)
    _target(call, request)
    topic = require_topic(call, request, "TopicArn" if request.get("TopicArn") else "TargetArn")
    return _answer(*publish(call, topic, _publication(call, topic, request), call.endpoint))


def _publication(call: Call, topic: Topic, request: Request) -> Publication:
    group_id, deduplication_id = ids_for(topic, request)
    versions = versions_of(request)
    header = call.headers.get("x-amzn-trace-id", "")
    return Publication(
        call.ids.uuid(),
        versions["default"],
        request.get("Subject"),
        versions,
        parse_attributes(request.get("MessageAttributes")),
        group_id,
        deduplication_id,
        trace_header=header,
        trace=root_in(header) or passage.new_root(call),
        sender=call.principal.arn,
    )


def _answer(message_id: str, sequence_number: str) -> dict[str, Any]:
    told = {"MessageId": message_id}
    return told | {"SequenceNumber": sequence_number} if sequence_number else told


@operation("PublishBatch", action="sns:Publish", resource=topic_arn)
def publish_batch(call: Call, request: Request) -> Output:
    """Up to ten messages. What is wrong with ids, groups and attributes fails all; a message whose own text or subject
    is wrong fails alone. [LS:test_publish_batch_exceptions]"""
    topic = require_topic(call, request)
    entries: list[Request] = request.get("PublishBatchRequestEntries") or []
    _check_entries(entries)
    for entry in entries:
        ids_for(topic, entry)
        parse_attributes(entry.get("MessageAttributes"))
    successful: list[dict[str, Any]] = []
    failed: list[dict[str, Any]] = []
    for entry in entries:
        try:
            check_contents(entry)
            done = _answer(*publish(call, topic, _publication(call, topic, entry), call.endpoint))
        except AwsError as error:
            failed.append({"Code": error.code, "Message": error.message, "SenderFault": True, "Id": entry["Id"]})
        else:
            successful.append({**done, "Id": entry["Id"]})
    return {"Failed": failed, "Successful": successful}


def _check_entries(entries: list[Request]) -> None:
    if not entries:
        raise EmptyBatchRequest()
    if len(entries) > ENTRIES_MAX:
        raise TooManyEntriesInBatchRequest()
    ids = [str(entry.get("Id") or "") for entry in entries]
    if len(set(ids)) != len(ids):
        raise BatchEntryIdsNotDistinct()
    for one in ids:
        if len(one) > 80:
            raise InvalidBatchEntryId(f"The Id of a batch entry in the batch request is too long: {one}")
        if not _entry_id(one):
            raise InvalidBatchEntryId(
                f"The Id of a batch entry in the batch request contains an impermissible character: {one}"
            )
    if sum(size_of(entry) for entry in entries) > SIZE_MAX:
        raise BatchRequestTooLong()


OPERATIONS = (publish_message, publish_batch)
