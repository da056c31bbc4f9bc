"""XML bodies read safely into members of the model. They are written by `xml_out.py`.

A document type declaration is refused, so no entity can be defined, let alone expanded; depth is bounded.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from xml.parsers import expat

from outfall.wire.models import ServiceModel, Shape
from outfall.wire.shapes import READERS

DEPTH_MAX = 60


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
