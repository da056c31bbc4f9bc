"""JSON bodies written with msgspec from dicts, keys in the order they have. They are read by `json.py`.

A shape that needs nothing done to its values costs one call of msgspec; any other is walked by functions compiled once.
"""

from __future__ import annotations

import math
from typing import Any

import msgspec

from outfall.wire.json import FLOATS, Walk, needs_walk, unchanged, wire_name
from outfall.wire.models import ServiceModel, Shape
from outfall.wire.shapes import timestamp_writer, write_float


class Writer:
    """Writes one structure as compact JSON, keys in the order of the dict: `Writer(service, shape)(value)`."""

    def __init__(self, service: ServiceModel, shape: Shape, members: dict[str, Shape] | None = None) -> None:
        self._writers = Writers(service)
        whole = service.members(shape) if members is None and shape["type"] == "structure" else members
        if shape.get("document"):
            self._walk = None
        elif whole is None:
            self._walk = self._writers.of(shape) if needs_walk(service, shape) else None
        elif any(needs_walk(service, one, name) for name, one in whole.items()):
            self._walk = self._writers.structure(whole)
        else:
            self._walk = None

    def __call__(self, value: Any) -> bytes:
        """UTF-8, not escaped; None is null, bytes are base64."""
        return encode(value if self._walk is None else self._walk(value))


def encode(value: Any) -> bytes:
    """Compact JSON. A lone surrogate, which UTF-8 cannot hold, becomes a question mark."""
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        return msgspec.json.encode(_encodable(value))


def _encodable(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_encodable(key): _encodable(one) for key, one in value.items()}
    return [_encodable(one) for one in value] if isinstance(value, list | tuple) else value


class Writers:
    """Compiles how values of a shape become what JSON has."""

    def __init__(self, service: ServiceModel) -> None:
        self._service = service
        self._made: dict[str, Walk] = {}

    def of(self, shape: Shape) -> Walk:
        """A function from a handler's value to what msgspec writes."""
        kind, name = shape["type"], shape["shape"]
        if shape.get("document"):
            return unchanged
        if kind == "timestamp":
            return timestamp_writer(shape, "unixTimestamp")
        if kind in FLOATS:
            return lambda value: value if math.isfinite(value) else write_float(value)
        if kind not in ("structure", "list", "map"):
            return unchanged
        if name not in self._made:
            self._compile(kind, name, shape)
        return self._made[name]

    def _compile(self, kind: str, name: str, shape: Shape) -> None:
        if kind == "structure":
            table: dict[str, tuple[str, Walk]] = {}
            self._made[name] = self._walk(table)
            table.update(self._table(self._service.members(shape)))
            return
        inner: list[Walk] = []
        if kind == "list":
            self._made[name] = lambda value: [None if one is None else inner[0](one) for one in value]
            inner.append(self.of(self._service.resolve(shape["member"])))
        else:
            self._made[name] = lambda value: {key: None if one is None else inner[0](one) for key, one in value.items()}
            inner.append(self.of(self._service.resolve(shape["value"])))

    def structure(self, members: dict[str, Shape]) -> Walk:
        """The walk of a structure of these members."""
        return self._walk(self._table(members))

    def _table(self, members: dict[str, Shape]) -> dict[str, tuple[str, Walk]]:
        return {name: (wire_name(name, shape), self.of(shape)) for name, shape in members.items()}

    def _walk(self, table: dict[str, tuple[str, Walk]]) -> Walk:
        def walk(value: Any) -> dict[str, Any]:
            told = {}
            for name, one in value.items():
                key, write = table.get(name, (name, unchanged))
                told[key] = None if one is None else write(one)
            return told

        return walk
