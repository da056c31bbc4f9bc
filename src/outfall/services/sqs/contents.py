"""What a message may contain: characters, attributes, system attributes, ids, and how large it is.

Rules: [sqs.md 6.2, 6.4]; https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from outfall.services.sqs.errors import (
    InvalidMessageContents,
    InvalidParameterValue,
    UnsupportedOperation,
    invalid,
)
from outfall.services.sqs.model import Attribute

ATTRIBUTES_MAX = 10
NAME_LENGTH_MAX = 256
TRACE_HEADER = "AWSTraceHeader"

_forbidden = re.compile("[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\ud800-\udfff\ufffe\uffff]").search
ALLOWED = "#x9 | #xA | #xD | [#x20-#xD7FF] | [#xE000-#xFFFD] | [#x10000-#x10FFFF]."
_attribute_name = re.compile(r"(?!\.)(?!.*\.\.)[\w.\-]+(?<!\.)").fullmatch
"""Letters and digits of any script. [LS:test_send_message_with_invalid_string_attributes]"""
_reserved = re.compile(r"(?:aws\.|amazon\.)", re.IGNORECASE).match
_attribute_type = re.compile(r"(String|Number|Binary)(\..+)?", re.DOTALL).fullmatch
_number = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?").fullmatch
_identifier = re.compile(r"[A-Za-z0-9!-/:-@\[-`{-~]{1,128}").fullmatch


def forbidden_in(text: str, where: str) -> str:
    """What AWS says of the first character that XML 1.0 does not have; empty when all can be sent. [GH]"""
    found = _forbidden(text)
    if found is None:
        return ""
    character = f"#x{ord(found[0]):X}"
    return (
        f"Invalid binary character '{character}' was found in the {where}, the set of allowed characters is {ALLOWED}"
    )


def check_characters(text: str) -> None:
    """Raises `InvalidMessageContents` unless every character of a message body is one of XML 1.0."""
    complaint = forbidden_in(text, "message body")
    if complaint:
        raise InvalidMessageContents(complaint)


def check_identifier(parameter: str, text: str) -> None:
    """Raises unless `text` can be a MessageGroupId or MessageDeduplicationId.
    [LS:test_message_deduplication_id_invalid]"""
    if not _identifier(text):
        reason = f"{parameter} can only include alphanumeric and punctuation characters. 1 to 128 in length."
        raise invalid(parameter, text, reason)


def parse_attributes(given: Mapping[str, Any] | None) -> dict[str, Attribute]:
    """The message attributes of a request, checked."""
    if not given:
        return {}
    if len(given) > ATTRIBUTES_MAX:
        raise InvalidParameterValue(
            f"Number of message attributes [{len(given)}] exceeds the allowed maximum [{ATTRIBUTES_MAX}]."
        )
    return {name: _parse_attribute(name, value, "user") for name, value in given.items()}


def parse_system_attributes(given: Mapping[str, Any] | None) -> dict[str, Attribute]:
    """The system attributes of a request, checked: AWS knows one, the trace header."""
    if not given:
        return {}
    for name in given:
        if name != TRACE_HEADER:
            raise InvalidParameterValue(f"Message system attribute name '{name}' is invalid.")
    return {name: _parse_attribute(name, value, "system") for name, value in given.items()}


def _check_name(name: str, kind: str) -> None:
    """Texts: [GH], from clients that were tested against AWS."""
    if not name:
        raise InvalidParameterValue(f"The request must contain non-empty message ({kind}) attribute names.")
    if len(name.encode("utf-8", "surrogatepass")) > NAME_LENGTH_MAX:
        raise InvalidParameterValue(f"Message ({kind}) attribute name must be shorter than {NAME_LENGTH_MAX} bytes.")
    if _reserved(name):
        raise InvalidParameterValue(
            "You can't use message attribute names beginning with 'AWS.' or 'Amazon'. "
            "These strings are reserved for internal use."
        )
    if not _attribute_name(name):
        raise InvalidParameterValue(
            f"The message attribute name '{name}' is invalid. Attribute name can contain A-Z, a-z, "
            "0-9, underscore (_), hyphen (-), and period (.) characters."
        )


def _parse_attribute(name: str, value: Mapping[str, Any], kind: str) -> Attribute:
    _check_name(name, kind)
    if value.get("StringListValues") or value.get("BinaryListValues"):
        raise UnsupportedOperation("Message attribute list values in SendMessage operation are not supported.")
    data_type = str(value.get("DataType") or "")
    if not data_type:
        if not value.get("StringValue") and not value.get("BinaryValue"):
            what = "value"
        else:
            what = "type"
        raise InvalidParameterValue(
            f"The message ({kind}) attribute '{name}' must contain a non-empty message attribute {what}."
        )
    if len(data_type.encode("utf-8", "surrogatepass")) > NAME_LENGTH_MAX:
        raise InvalidParameterValue(f"Message ({kind}) attribute type must be shorter than {NAME_LENGTH_MAX} bytes.")
    if not _attribute_type(data_type):
        raise InvalidParameterValue(
            f"The type of message ({kind}) attribute '{name}' is invalid. You must use only the following supported "
            "type prefixes: Binary, Number, String."
        )
    return _with_value(name, data_type, value, kind)


def _with_value(name: str, data_type: str, value: Mapping[str, Any], kind: str) -> Attribute:
    binary = data_type.startswith("Binary")
    held = value.get("BinaryValue" if binary else "StringValue")
    if not held:
        base = data_type.split(".", 1)[0]
        raise InvalidParameterValue(
            f"Message ({kind}) attribute '{name}' must contain a non-empty value of type '{base}'."
        )
    if binary:
        return Attribute(data_type, binary=bytes(held))
    complaint = forbidden_in(held, f"message ({kind}) attribute '{name}' value")
    if complaint:
        raise InvalidParameterValue(complaint)
    if data_type.startswith("Number") and not _number(held):
        raise InvalidParameterValue(f"Can't cast the value of message ({kind}) attribute '{name}' to a number.")
    return Attribute(data_type, held)


def size_of(body: bytes, attributes: Mapping[str, Attribute]) -> int:
    """What counts to the size limit: the body, and each attribute's name, type and value, in bytes."""
    total = len(body)
    for name, one in attributes.items():
        total += len(name.encode()) + len(one.type.encode())
        total += len(one.binary) if one.is_binary else len(one.text.encode())
    return total
