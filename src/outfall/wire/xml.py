"""XML bodies: read safely into members of the model, written in the order of the dict.

A document type declaration is refused, so no entity can be defined, let alone expanded; depth is bounded.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from xml.parsers import expat

from outfall.wire.models import ServiceModel, Shape
from outfall.wire.shapes import READERS, writer

DEPTH_MAX = 60
ESCAPED = re.compile('[&<>"\\x00-\\x08\\x0b-\\x1f\\x85\u2028\ufffe\uffff]')
UNSPEAKABLE = re.compile("[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\ud800-\udfff\ufffe\uffff]")
"""Characters that no XML 1.0 document can hold."""

ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"}


class NotWellFormed(ValueError):
    """The bytes are not XML that we read."""


class Node:
    """An element: its local name, attributes by local name, children and text."""

    __slots__ = ("attributes", "children", "tag", "text")

    def __init__(self, tag: str, attributes: dict[str, str]) -> None:
        self.tag = tag
        self.attributes = attributes
        self.children: list[Node] = []
        self.text = ""


def parse(body: bytes) -> Node:
    """The root element; raises `NotWellFormed`."""
    top = Node("", {})
    stack, texts = [top], [[""]]

    def start(tag: str, attributes: dict[str, str]) -> None:
        if len(stack) > DEPTH_MAX:
            raise NotWellFormed("nested too deeply")
        plain = {name.rsplit(" ", 1)[-1]: value for name, value in attributes.items()} if attributes else attributes
        node = Node(tag.rsplit(" ", 1)[-1], plain)
        stack[-1].children.append(node)
        stack.append(node)
        texts.append([])

    def end(_: str) -> None:
        stack.pop().text = "".join(texts.pop())

    def refuse(*_: Any) -> None:
        raise NotWellFormed("a document type declaration")

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = lambda data: texts[-1].append(data)
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(body, True)
    except (expat.ExpatError, LookupError, ValueError) as error:
        raise NotWellFormed(str(error)) from None
    return top.children[0]


Read = Callable[[Node], Any]


class Reader:
    """Reads a structure from an element: `Reader(service, shape)(node)`. `strict` asks for required members too."""

    def __init__(
        self, service: ServiceModel, shape: Shape, members: dict[str, Shape] | None = None, *, strict: bool = False
    ) -> None:
        self._service = service
        self._strict = strict
        self._made: dict[str, Read] = {}
        if members is None:
            self._read = self.of(shape)
        else:
            self._read = self._structure(members, frozenset())

    def __call__(self, node: Node) -> Any:
        """Members by their names in the model; raises ValueError where a text is not of its shape."""
        return self._read(node)

    def of(self, shape: Shape) -> Read:
        """A function from an element to a value of the shape."""
        kind, name = shape["type"], shape["shape"]
        if kind not in ("structure", "list", "map"):
            convert = READERS[kind]
            return lambda node: convert(node.text)
        if kind == "list":
            return self._list(shape)
        if kind == "map":
            return self._map(shape)
        if name not in self._made:
            later: list[Read] = []
            self._made[name] = lambda node: later[0](node)
            required = frozenset(shape.get("required", ())) if self._strict else frozenset()
            self._made[name] = read = self._structure(self._service.members(shape), required)
            later.append(read)
        return self._made[name]

    def _structure(self, members: dict[str, Shape], required: frozenset[str]) -> Read:
        attributes: dict[str, tuple[str, Read]] = {}
        table: dict[str, tuple[str, str, Any]] = {}
        for name, shape in members.items():
            wire = shape.get("locationName", name)
            if shape.get("xmlAttribute"):
                attributes[wire.rsplit(":", 1)[-1]] = (name, self.of(shape))
            elif shape.get("flattened") and shape["type"] == "list":
                item = self._service.resolve(shape["member"])
                entry = (name, "list", self.of(item))
                table[wire] = entry
                table[str(item.get("locationName", wire))] = entry
            elif shape.get("flattened") and shape["type"] == "map":
                table[wire] = (name, "map", self._entry(shape))
            else:
                table[wire] = (name, "", self.of(shape))

        def read(node: Node) -> dict[str, Any]:
            found: dict[str, Any] = {}
            for attribute, text in node.attributes.items():
                if attribute in attributes:
                    name, convert = attributes[attribute]
                    found[name] = convert(_text(text))
            for child in node.children:
                entry = table.get(child.tag)
                if entry is None:
                    continue
                name, kind, inner = entry
                if kind == "":
                    found[name] = inner(child)
                elif kind == "list":
                    found.setdefault(name, []).append(inner(child))
                else:
                    key, value = inner(child)
                    found.setdefault(name, {})[key] = value
            if required and not required <= found.keys():
                raise ValueError("a required member is missing")
            return found

        return read

    def _list(self, shape: Shape) -> Read:
        member = self._service.resolve(shape["member"])
        tag, inner = member.get("locationName", "member"), self.of(member)
        return lambda node: [inner(child) for child in node.children if child.tag == tag]

    def _map(self, shape: Shape) -> Read:
        entry = self._entry(shape)
        return lambda node: dict(entry(child) for child in node.children if child.tag == "entry")

    def _entry(self, shape: Shape) -> Callable[[Node], tuple[str, Any]]:
        names, values = self._service.resolve(shape["key"]), self._service.resolve(shape["value"])
        called, holds = names.get("locationName", "key"), values.get("locationName", "value")
        inner = self.of(values)

        def read(node: Node) -> tuple[str, Any]:
            parts = {child.tag: child for child in node.children}
            if called not in parts or holds not in parts:
                raise ValueError("an entry lacks its key or its value")
            return parts[called].text, inner(parts[holds])

        return read


def _text(text: str) -> Node:
    node = Node("", {})
    node.text = text
    return node


def escape(text: str) -> str:
    """Text for an element or an attribute; what XML cannot hold is written as a reference, as S3 does."""
    return ESCAPED.sub(lambda found: ESCAPES.get(found[0]) or f"&#x{ord(found[0]):x};", text)


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
        form, opening = writer(shape, self._timestamps), f"<{tag}{_namespace(shape)}>"
        return lambda out, value: out.append(f"{opening}{escape(form(value))}</{tag}>")

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
