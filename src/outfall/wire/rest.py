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
from outfall.wire.shapes import READERS, read_timestamp, writer

Params = dict[str, list[str]]
Convert = Callable[[Any], Any]
Read = Callable[[dict[str, Any], Mapping[str, str], Params, Mapping[str, str]], None]
"""Puts members into its first argument from path labels, query parameters and headers."""

NO_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
DATE_LIST = re.compile(r"[^,]+,[^,]+|[^,]+")
LIST_ITEM = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|([^,]*))\s*(?:,|$)')


def body_members(service: ServiceModel, shape: Shape) -> dict[str, Shape]:
    """The members that travel in the body when there is no payload member."""
    return {name: one for name, one in service.members(shape).items() if "location" not in one}


def answer_members(service: ServiceModel, shape: Shape) -> dict[str, Shape]:
    """The members of an answer that travel in its body: an answer has no path and no query string."""
    outside = ("header", "headers", "statusCode")
    return {name: one for name, one in service.members(shape).items() if one.get("location") not in outside}


def in_head(service: ServiceModel, shape: Shape, *locations: str) -> list[tuple[str, str, Shape]]:
    """Members at these locations: name, name on the wire, shape."""
    return [
        (name, one.get("locationName", name), _as_spoken(service, one))
        for name, one in service.members(shape).items()
        if one.get("location") in locations
    ]


def _as_spoken(service: ServiceModel, shape: Shape) -> Shape:
    """The shape of a member as the service itself takes it: S3 tells `Expires` as the text that it is given, be it a
    date or not. https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html"""
    if service.name == "s3" and shape.get("locationName") == "response-expires":
        return {**shape, "type": "string"}
    return shape


def head_reader(operation: OperationModel) -> Read | None:
    """What reads an operation's members from the head of a request: a table per place, looked up by what was sent."""
    shape, service = operation.input, operation.service
    if shape is None:
        return None
    places: dict[str, dict[str, tuple[str, Convert]]] = {"uri": {}, "querystring": {}, "header": {}}
    prefixes: list[tuple[str, str]] = []
    every: tuple[str, bool] | None = None
    for name, wire, one in in_head(service, shape, "uri", "querystring", "header", "headers"):
        place = one["location"]
        if place == "headers":
            prefixes.append((name, one.get("locationName", "").lower()))
        elif place == "querystring" and one["type"] == "map":
            every = (name, service.resolve(one["value"])["type"] == "list")
        else:
            key = wire.lower() if place == "header" else wire
            places[place][key] = (name, _place_converter(service, wire, one))
    labels, parameters, headers = places["uri"], places["querystring"], places["header"]

    def read(found: dict[str, Any], path: Mapping[str, str], query: Params, sent: Mapping[str, str]) -> None:
        for key, text in path.items():
            name, convert = labels[key]
            found[name] = convert(text)
        for key, texts in query.items():
            if key in parameters:
                name, convert = parameters[key]
                value = convert(texts)
                if value is not None:
                    found[name] = value
        for key, text in sent.items():
            if key in headers:
                name, convert = headers[key]
                value = convert(text)
                if value is not None:
                    found[name] = value
        for name, prefix in prefixes:
            some = {key[len(prefix) :]: text for key, text in sent.items() if key.startswith(prefix)}
            if some:
                found[name] = some
        if every is not None and query:
            rest = {key: list(texts) if every[1] else texts[0] for key, texts in query.items() if key not in parameters}
            if rest:
                found[every[0]] = rest

    return read


def _place_converter(service: ServiceModel, wire: str, shape: Shape) -> Convert:
    """From what a place holds (texts of a query parameter, else a text) to a value; None means absent."""
    if shape["location"] == "querystring":
        if shape["type"] == "list":
            one = _convert(service, wire, service.resolve(shape["member"]))
            return lambda texts: [one(text) for text in texts]
        convert, textual = _convert(service, wire, shape), shape["type"] == "string"
        return lambda texts: convert(texts[-1]) if textual or texts[-1] else None
    if shape["type"] == "list":
        return _header_list(service, wire, shape)
    if shape["type"] == "timestamp" and "if-" in wire.lower():
        return _date_or_nothing
    return _convert(service, wire, shape)


def _date_or_nothing(text: str) -> int | None:
    """The date of a condition; one that is no date is not there (RFC 9110, 13.1.3)."""
    try:
        return read_timestamp(text)
    except (ValueError, OverflowError):
        return None


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
    """A part of a path without its percent signs; ValueError if they escape nothing, or bytes that are not UTF-8."""
    if "%" not in text:
        return text
    if NO_ESCAPE.search(text):
        raise ValueError("a percent sign escapes nothing")
    return unquote(text, errors="strict")
