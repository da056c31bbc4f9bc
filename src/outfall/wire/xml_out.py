"""XML bodies written from dicts, elements in the order of their members. They are read by `xml.py`."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from outfall.wire.models import ServiceModel, Shape
from outfall.wire.shapes import writer

ESCAPED = re.compile('[&<>"\\x00-\\x08\\x0b-\\x1f\\x85\u2028\ufffe\uffff]')
UNSPEAKABLE = re.compile("[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\ud800-\udfff\ufffe\uffff]")
"""Characters that no XML 1.0 document can hold."""

ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"}


PLAIN = frozenset({"integer", "long", "short", "byte", "biginteger", "boolean", "timestamp", "blob"})
"""Types whose text has nothing to escape."""


def _reference(found: re.Match[str]) -> str:
    return ESCAPES.get(found[0]) or f"&#x{ord(found[0]):x};"


def escape(text: str) -> str:
    """Text for an element or an attribute; what XML cannot hold is written as a reference, as S3 does."""
    return ESCAPED.sub(_reference, text)


def safe(text: str) -> str:
    """Text that any XML parser reads: what XML cannot hold, a client's garbage mostly, becomes U+FFFD."""
    return escape(UNSPEAKABLE.sub("\ufffd", text))


Write = Callable[[list[str], Any], None]


class Writer:
    """Compiles how members become elements: `Writer(service, timestamps).structure(shape)(out, value)`."""

    def __init__(self, service: ServiceModel, timestamps: str = "iso8601") -> None:
        self._service = service
        self._timestamps = timestamps
        self._bodies: dict[str, Write] = {}

    def members(self, members: dict[str, Shape]) -> Write:
        """Writes the members of a structure, without an element around them."""
        return self._body(self._table(members))

    def element(self, tag: str, shape: Shape) -> Write:
        """Writes one element that holds a value of the shape."""
        kind = shape["type"]
        if kind == "structure":
            return self._structure(tag, shape)
        if kind == "list":
            return self._list(tag, shape)
        if kind == "map":
            return self._map(tag, shape)
        return _simple(f"<{tag}{_namespace(shape)}>", f"</{tag}>", writer(shape, self._timestamps), kind in PLAIN)

    def _structure(self, tag: str, shape: Shape) -> Write:
        members = self._service.members(shape)
        attributes = [
            (name, one.get("locationName", name), writer(one, self._timestamps))
            for name, one in members.items()
            if one.get("xmlAttribute")
        ]
        body, opening = self._structure_body(shape, members), f"<{tag}{_namespace(shape)}"

        def write(out: list[str], value: dict[str, Any]) -> None:
            start = opening
            for name, called, form in attributes:
                if value.get(name) is not None:
                    start += f' {called}="{escape(form(value[name]))}"'
            out.append(start + ">")
            body(out, value)
            out.append(f"</{tag}>")

        return write

    def _structure_body(self, shape: Shape, members: dict[str, Shape]) -> Write:
        name = shape["shape"]
        if name not in self._bodies:
            table: dict[str, Write] = {}
            self._bodies[name] = self._body(table)
            table.update(self._table(members))
        return self._bodies[name]

    def _table(self, members: dict[str, Shape]) -> dict[str, Write]:
        return {
            name: self.element(one.get("locationName", name), one)
            for name, one in members.items()
            if not one.get("xmlAttribute")
        }

    @staticmethod
    def _body(table: dict[str, Write]) -> Write:
        def write(out: list[str], value: dict[str, Any]) -> None:
            for name, one in value.items():
                if one is not None and name in table:
                    table[name](out, one)

        return write

    def _list(self, tag: str, shape: Shape) -> Write:
        member = self._service.resolve(shape["member"])
        if shape.get("flattened"):
            item = self.element(member.get("locationName", tag), member)
            return _each(item)
        item = self.element(member.get("locationName", "member"), member)
        opening = f"<{tag}{_namespace(shape)}"

        def write(out: list[str], value: list[Any]) -> None:
            if not value:
                out.append(f"{opening}/>")
                return
            out.append(f"{opening}>")
            for one in value:
                item(out, one)
            out.append(f"</{tag}>")

        return write

    def _map(self, tag: str, shape: Shape) -> Write:
        names, values = self._service.resolve(shape["key"]), self._service.resolve(shape["value"])
        key = self.element(names.get("locationName", "key"), names)
        item = self.element(values.get("locationName", "value"), values)
        flat = bool(shape.get("flattened"))
        entry = tag if flat else "entry"

        def write(out: list[str], value: dict[str, Any]) -> None:
            if not flat:
                out.append(f"<{tag}>")
            for name, one in value.items():
                out.append(f"<{entry}>")
                key(out, name)
                item(out, one)
                out.append(f"</{entry}>")
            if not flat:
                out.append(f"</{tag}>")

        return write


def _simple(opening: str, closing: str, form: Callable[[Any], str], plain: bool) -> Write:
    """Writes a value: most of a listing is these."""
    if plain:
        return lambda out, value: out.append(f"{opening}{form(value)}{closing}")
    replace = ESCAPED.sub
    return lambda out, value: out.append(f"{opening}{replace(_reference, form(value))}{closing}")


def _each(item: Write) -> Write:
    def write(out: list[str], value: list[Any]) -> None:
        for one in value:
            item(out, one)

    return write


def _namespace(shape: Shape) -> str:
    space = shape.get("xmlNamespace")
    if not space:
        return ""
    uri, prefix = (space, "") if isinstance(space, str) else (space["uri"], space.get("prefix", ""))
    return f' xmlns:{prefix}="{uri}"' if prefix else f' xmlns="{uri}"'
