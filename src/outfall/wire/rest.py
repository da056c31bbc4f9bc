"""What REST protocols keep outside the body: labels in the path, the query string, headers, the status.

Reading and writing are compiled once per operation. What is in the body is for `json.py` and `xml.py`.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote

import msgspec

from outfall.wire.errors import InvalidArgument, SerializationException
from outfall.wire.models import OperationModel, ServiceModel, Shape
from outfall.wire.shapes import READERS, writer

Params = dict[str, list[str]]
Read = Callable[[dict[str, Any], Mapping[str, str], Params, Mapping[str, str]], None]
"""Puts members into its first argument from path labels, query parameters and headers."""

DATE_LIST = re.compile(r"[^,]+,[^,]+|[^,]+")
LIST_ITEM = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|([^,]*))\s*(?:,|$)')


def body_members(service: ServiceModel, shape: Shape) -> dict[str, Shape]:
    """The members that travel in the body when there is no payload member."""
    return {name: one for name, one in service.members(shape).items() if "location" not in one}


def in_head(service: ServiceModel, shape: Shape, *locations: str) -> list[tuple[str, str, Shape]]:
    """Members at these locations: name, name on the wire, shape."""
    return [
        (name, one.get("locationName", name), one)
        for name, one in service.members(shape).items()
        if one.get("location") in locations
    ]


def head_reader(operation: OperationModel) -> list[Read]:
    """What reads an operation's members from the head of a request."""
    shape, service = operation.input, operation.service
    if shape is None:
        return []
    makers: dict[str, Callable[[ServiceModel, str, str, Shape], Read]] = {
        "uri": _label,
        "querystring": _parameter,
        "header": _header,
        "headers": _headers,
    }
    return [
        makers[one["location"]](service, name, wire, one)
        for name, wire, one in in_head(service, shape, *makers)
        if one["location"] in makers
    ]


def _convert(service: ServiceModel, wire: str, shape: Shape) -> Callable[[str], Any]:
    """A text from the head as the shape has it; what is not of it is the client's fault."""
    if shape.get("jsonvalue"):
        return _guarded(service, wire, lambda text: msgspec.json.decode(base64.b64decode(text)))
    if shape["type"] == "string":
        return str
    return _guarded(service, wire, READERS[shape["type"]])


def _guarded(service: ServiceModel, wire: str, convert: Callable[[str], Any]) -> Callable[[str], Any]:
    def read(text: str) -> Any:
        try:
            return convert(text)
        except (ValueError, OverflowError, RecursionError):
            if service.protocol == "rest-xml":
                message = f"Provided {wire} not an integer or within integer range"
                raise InvalidArgument(message, ArgumentName=wire, ArgumentValue=text[:256]) from None
            raise SerializationException(f"The value of {wire} could not be read.") from None

    return read


def _label(service: ServiceModel, name: str, wire: str, shape: Shape) -> Read:
    convert = _convert(service, wire, shape)

    def read(found: dict[str, Any], labels: Mapping[str, str], _: Params, __: Mapping[str, str]) -> None:
        if wire in labels:
            found[name] = convert(labels[wire])

    return read


def _parameter(service: ServiceModel, name: str, wire: str, shape: Shape) -> Read:
    if shape["type"] == "map":
        return _parameters(service, name, shape)
    if shape["type"] == "list":
        one = _convert(service, wire, service.resolve(shape["member"]))

        def read_list(found: dict[str, Any], _: Mapping[str, str], query: Params, __: Mapping[str, str]) -> None:
            if wire in query:
                found[name] = [one(text) for text in query[wire]]

        return read_list
    convert, textual = _convert(service, wire, shape), shape["type"] == "string"

    def read(found: dict[str, Any], _: Mapping[str, str], query: Params, __: Mapping[str, str]) -> None:
        given = query.get(wire)
        if given and (given[-1] or textual):
            found[name] = convert(given[-1])

    return read


def _parameters(service: ServiceModel, name: str, shape: Shape) -> Read:
    """Every parameter, as a map."""
    several = service.resolve(shape["value"])["type"] == "list"

    def read(found: dict[str, Any], _: Mapping[str, str], query: Params, __: Mapping[str, str]) -> None:
        if query:
            found[name] = {key: list(values) if several else values[0] for key, values in query.items()}

    return read


def _header(service: ServiceModel, name: str, wire: str, shape: Shape) -> Read:
    key = wire.lower()
    convert = _header_list(service, wire, shape) if shape["type"] == "list" else _convert(service, wire, shape)

    def read(found: dict[str, Any], _: Mapping[str, str], __: Params, headers: Mapping[str, str]) -> None:
        text = headers.get(key)
        if text is not None:
            found[name] = convert(text)

    return read


def _header_list(service: ServiceModel, wire: str, shape: Shape) -> Callable[[str], Any]:
    member = service.resolve(shape["member"])
    one = _convert(service, wire, member)
    if member["type"] == "timestamp" and member.get("timestampFormat", "rfc822") == "rfc822":
        return lambda text: [one(part) for part in DATE_LIST.findall(text)]
    return lambda text: [one(part) for part in split_list(text)]


def split_list(text: str) -> list[str]:
    """The items of a header's list; an item with commas in it is quoted."""
    if '"' not in text:
        return [part.strip() for part in text.split(",") if part.strip()]
    found, at = [], 0
    while at < len(text):
        match = LIST_ITEM.match(text, at)
        if match is None:
            cut = text.find(",", at)
            cut = len(text) if cut < 0 else cut
            found.append(text[at:cut].strip())
            at = cut + 1
            continue
        quoted, plain = match.groups()
        item = re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else plain.strip()
        if item or quoted is not None:
            found.append(item)
        at = max(match.end(), at + 1)
    return found


def _headers(service: ServiceModel, name: str, wire: str, shape: Shape) -> Read:
    """Headers that begin with a prefix, as a map without it."""
    prefix = "" if wire == name and "locationName" not in shape else wire.lower()
    cut = len(prefix)

    def read(found: dict[str, Any], _: Mapping[str, str], __: Params, headers: Mapping[str, str]) -> None:
        some = {key[cut:]: text for key, text in headers.items() if key.startswith(prefix)}
        if some:
            found[name] = some

    return read


Write = Callable[[list[tuple[str, str]], Any], None]


def head_writers(operation_output: Shape, service: ServiceModel) -> dict[str, Write]:
    """What writes members of an answer into its headers, by member."""
    made: dict[str, Write] = {}
    for name, wire, shape in in_head(service, operation_output, "header", "headers"):
        made[name] = _write_map(wire) if shape["location"] == "headers" else _write_header(service, wire, shape)
    return made


def _write_map(prefix: str) -> Write:
    return lambda out, value: out.extend((prefix + key, str(text)) for key, text in value.items())


def _write_header(service: ServiceModel, wire: str, shape: Shape) -> Write:
    if shape.get("jsonvalue"):
        return lambda out, value: out.append((wire, base64.b64encode(msgspec.json.encode(value)).decode()))
    if shape["type"] == "list":
        one = writer(service.resolve(shape["member"]), "rfc822")
        dates = service.resolve(shape["member"])["type"] == "timestamp"
        return lambda out, value: out.append(
            (wire, ", ".join(part if dates else _quoted(part) for part in map(one, value)))
        )
    form = writer(shape, "rfc822")
    return lambda out, value: out.append((wire, form(value)))


def _quoted(text: str) -> str:
    if "," in text or '"' in text:
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return text


def percent_decoded(text: str) -> str:
    """A part of a path without its percent signs; ValueError if the bytes are not UTF-8."""
    return unquote(text, errors="strict") if "%" in text else text
