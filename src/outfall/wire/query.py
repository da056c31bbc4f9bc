"""The query protocol: a form of dotted names becomes nested members. Its answers are XML (`xml.py`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import unquote_plus

from outfall.wire.errors import MalformedInput
from outfall.wire.models import ServiceModel, Shape
from outfall.wire.shapes import READERS

DEPTH_MAX = 40
FIELDS_MAX = 20_000
LEAF = ""
"""Where a node of the tree keeps its own text; no part of a name is empty that matters."""

Node = dict[str, Any]
Read = Callable[[Node], Any]


def pairs(text: str) -> list[tuple[str, str]]:
    """Names and values of a query string or a form, in order; a name without `=` has the value ``."""
    if not text:
        return []
    parts = text.split("&", FIELDS_MAX)
    if len(parts) > FIELDS_MAX:
        raise MalformedInput("The request has too many parameters.")
    found = []
    for part in parts:
        if part:
            name, _, value = part.partition("=")
            found.append((_plain(name), _plain(value)))
    return found


def _plain(text: str) -> str:
    return unquote_plus(text) if "%" in text or "+" in text else text


def form(body: bytes) -> dict[str, str]:
    """The form in a request body; of a name given twice the last value counts."""
    return dict(pairs(body.decode("utf-8", "replace")))


def tree(fields: dict[str, str]) -> Node:
    """The dotted names as nested dicts."""
    root: Node = {}
    for name, value in fields.items():
        parts = name.split(".", DEPTH_MAX + 1)
        if len(parts) > DEPTH_MAX:
            raise MalformedInput("A parameter's name is nested too deeply.")
        node = root
        for part in parts:
            node = node.setdefault(part, {})
            if part == LEAF:
                break
        else:
            node[LEAF] = value
    return root


class Reader:
    """Reads a structure from a form: `Reader(service, shape)(fields)`."""

    def __init__(self, service: ServiceModel, shape: Shape) -> None:
        self._service = service.for_query
        self._made: dict[tuple[str, bool], Read] = {}
        self._read = self._of(self._service.resolve({"shape": shape["shape"]}))

    def __call__(self, fields: dict[str, str]) -> dict[str, Any]:
        """Members by their names in the model; raises `MalformedInput`."""
        read: dict[str, Any] = self._read(tree(fields))
        return read

    def _of(self, shape: Shape) -> Read:
        kind = shape["type"]
        if kind not in ("structure", "list", "map"):
            return _leaf(kind)
        key = (shape["shape"], bool(shape.get("flattened")))
        if key not in self._made:
            {"structure": self._structure, "list": self._list, "map": self._map}[kind](shape, key)
        return self._made[key]

    def _structure(self, shape: Shape, key: tuple[str, bool]) -> None:
        table: list[tuple[str, str, Read]] = []

        def read(node: Node) -> dict[str, Any]:
            return {name: inner(node[wire]) for wire, name, inner in table if wire in node}

        self._made[key] = read
        for name, member in self._service.members(shape).items():
            table.extend((wire, name, self._of(member)) for wire in self._names(name, member))

    def _names(self, name: str, shape: Shape) -> list[str]:
        """What a member may be called, the last the most likely: a flattened list goes by its items' name too."""
        names = [name, shape.get("locationName", name)]
        if shape["type"] == "list" and shape.get("flattened"):
            names.append(self._service.resolve(shape["member"]).get("locationName", name))
        return list(dict.fromkeys(names))

    def _list(self, shape: Shape, key: tuple[str, bool]) -> None:
        member = self._service.resolve(shape["member"])
        wrapper = member.get("locationName", "member")
        flat = key[1]
        inner: list[Read] = []

        def read(node: Node) -> list[Any]:
            items = node if flat else node.get(wrapper) or node.get("member") or node
            found = [inner[0](one) for one in _numbered(items)]
            if not found and node.get(LEAF):
                return [inner[0](node)]
            return found

        self._made[key] = read
        inner.append(self._of(member))

    def _map(self, shape: Shape, key: tuple[str, bool]) -> None:
        names, values = self._service.resolve(shape["key"]), self._service.resolve(shape["value"])
        called, holds = names.get("locationName", "key"), values.get("locationName", "value")
        flat = key[1]
        inner: list[Read] = []

        def read(node: Node) -> dict[str, Any]:
            found = {}
            entries = node if flat else node.get("entry", {})
            # One entry may go without a number, as in SQS's `Attribute.Name=DelaySeconds&Attribute.Value=5`.
            for entry in _numbered(entries) or ([entries] if called in entries else []):
                value = entry.get(holds)
                found[entry.get(called, {}).get(LEAF, "")] = inner[0]({} if value is None else value)
            return found

        self._made[key] = read
        inner.append(self._of(values))


def _numbered(node: Node) -> list[Node]:
    numbers = [(int(part), part) for part in node if part.isascii() and part.isdigit() and len(part) < 10]
    return [node[part] for _, part in sorted(numbers)]


def _leaf(kind: str) -> Read:
    convert = READERS[kind]

    def read(node: Node) -> Any:
        text = node.get(LEAF, "")
        try:
            return convert(text)
        except (ValueError, OverflowError):
            raise MalformedInput(f"The value '{text[:80]}' could not be read as {kind}.") from None

    return read
