"""What is published: reading it from a request, and every reason to refuse it.

Rules: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html and the recordings named beside them.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import msgspec

from outfall.core.parcel import Attribute
from outfall.core.service import Request
from outfall.services.sns.errors import ParameterValueInvalid, invalid
from outfall.services.sns.model import Topic

SIZE_MAX = 262_144
_subject = re.compile(r"[\x20-\x7e]{1,100}").fullmatch
_type = re.compile(r"(String|Number|Binary)(\..+)?", re.DOTALL).fullmatch
_foreign = re.compile(r"[^A-Za-z0-9_.\-]").search
_number = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?").fullmatch
_identifier = re.compile(r"[A-Za-z0-9!-/:-@\[-`{-~]{1,128}").fullmatch


class Publication(msgspec.Struct, frozen=True):
    """A message as it was published. `versions` are its texts by protocol, if it has several; binary values of
    attributes are base64. `trace` is the root of its trace, `sender` and `source_arn` who published it."""

    id: str
    text: str
    subject: str | None = None
    versions: Mapping[str, str] = msgspec.field(default_factory=dict)
    attributes: Mapping[str, Attribute] = msgspec.field(default_factory=dict)
    group_id: str = ""
    deduplication_id: str = ""
    sequence_number: str = ""
    trace_header: str = ""
    event_id: str = ""
    trace: str = ""
    sender: str = ""
    source_arn: str = ""

    def text_for(self, protocol: str) -> str:
        """The text that subscribers of a protocol get."""
        return self.versions.get(protocol, self.text)


def check_contents(request: Request) -> None:
    """Raises unless text and subject can be published."""
    subject, text = request.get("Subject"), request.get("Message")
    if subject is not None and (not _subject(subject) or subject[0] == " "):
        raise invalid("Subject")
    if not text:
        raise invalid("Empty message")
    if size_of(request) > SIZE_MAX:
        raise invalid("Message too long")
    structure = request.get("MessageStructure")
    if structure and structure != "json":
        raise invalid("MessageStructure")


def size_of(request: Request) -> int:
    """What counts to the size limit: the text, and each attribute's name, type and value, in bytes of UTF-8."""
    total = len((request.get("Message") or "").encode("utf-8", "surrogatepass"))
    for name, one in (request.get("MessageAttributes") or {}).items():
        total += len(name.encode("utf-8", "surrogatepass")) + len(str(one.get("DataType") or ""))
        total += len((one.get("StringValue") or "").encode("utf-8", "surrogatepass"))
        total += len(one.get("BinaryValue") or b"")
    return total


def versions_of(request: Request) -> dict[str, str]:
    """The texts of a message by protocol and `default`: all there is of a plain one."""
    if request.get("MessageStructure") != "json":
        return {"default": request["Message"]}
    try:
        given = json.loads(request["Message"])
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict):
        raise invalid("Message Structure - JSON message body failed to parse")
    # A lone surrogate can be written in JSON and nowhere else.
    versions = {
        key: value.encode("utf-8", "replace").decode() for key, value in given.items() if isinstance(value, str)
    }
    if "default" not in versions:
        raise invalid("Message Structure - No default entry in JSON message body")
    return versions


def ids_for(topic: Topic, request: Request) -> tuple[str, str]:
    """Group and deduplication id; raises when the topic needs one or takes none. [LS:test_validations_for_fifo]"""
    group, deduplication_id = request.get("MessageGroupId"), request.get("MessageDeduplicationId")
    if group is not None:
        _check_identifier("MessageGroupId", group)
    if not topic.fifo:
        if deduplication_id is not None:
            raise invalid(
                "MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter that is not "
                "valid for this topic type"
            )
        return group or "", ""
    if not group:
        raise invalid("The MessageGroupId parameter is required for FIFO topics")
    if deduplication_id is not None:
        _check_identifier("MessageDeduplicationId", deduplication_id)
        return group, deduplication_id
    if not topic.content_deduplication:
        raise invalid(
            "The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided "
            "explicitly"
        )
    return group, sha256((request.get("Message") or "").encode("utf-8", "surrogatepass")).hexdigest()


def _check_identifier(parameter: str, text: str) -> None:
    if not _identifier(text):
        raise invalid(
            f"{parameter} Reason: {parameter} can only include alphanumeric and punctuation characters. "
            "1 to 128 in length"
        )


def parse_attributes(given: Mapping[str, Any] | None) -> dict[str, Attribute]:
    """The message attributes of a request, checked. [LS:test_empty_or_wrong_message_attributes]"""
    return {name: _parse_attribute(name, one) for name, one in (given or {}).items()}


def _parse_attribute(name: str, given: Mapping[str, Any]) -> Attribute:
    _check_name(name)
    data_type = str(given.get("DataType") or "")
    if not _type(data_type):
        raise ParameterValueInvalid(
            f"The message attribute '{name}' has an invalid message attribute type, the set of supported type "
            "prefixes is Binary, Number, and String."
        )
    binary = data_type.startswith("Binary")
    held, other = given.get("StringValue"), given.get("BinaryValue")
    field_name = "Binary" if binary else "String"
    if binary:
        held, other = other, held
    if not held and other:
        raise ParameterValueInvalid(
            f"The message attribute '{name}' with type '{data_type}' must use field '{field_name}'."
        )
    if not held:
        raise ParameterValueInvalid(
            f"The message attribute '{name}' must contain non-empty message attribute value for message attribute "
            f"type '{data_type}'."
        )
    if data_type == "Number" and not _number(str(held)):
        raise ParameterValueInvalid(f"Could not cast message attribute '{name}' value to number.")
    return Attribute(data_type, b64encode(bytes(held)).decode() if binary else str(held))


def _check_name(name: str) -> None:
    if not 0 < len(name.encode("utf-8", "surrogatepass")) <= 256:
        raise ParameterValueInvalid("Length of message attribute name must be less than 256 bytes.")
    foreign = _foreign(name)
    if foreign:
        raise ParameterValueInvalid(
            f"Invalid non-alphanumeric character '#x{ord(foreign[0]):X}' was found in the message attribute name. "
            "Can only include alphanumeric characters, hyphens, underscores, or dots."
        )
    if name[0] == ".":
        raise ParameterValueInvalid("Invalid message attribute name starting with character '.' was found.")
    if name[-1] == ".":
        raise ParameterValueInvalid("Invalid message attribute name ending with character '.' was found.")
    if ".." in name:
        raise ParameterValueInvalid("Message attribute name can not have successive '.' character.")
