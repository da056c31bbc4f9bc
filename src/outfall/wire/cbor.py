"""CBOR (RFC 8949), as much of it as Smithy's RPC v2 has: values read, and outputs written by their shapes.

Own code, because general libraries also build what no protocol of AWS has (expressions, shared references, e-mails) out
of tags that anybody may send; here an unknown tag is an error. A timestamp is tag 1 around seconds.
https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

from outfall.wire.models import ServiceModel, Shape
from outfall.wire.shapes import epoch_seconds

DEPTH_MAX = 64
INDEFINITE, BREAK = 31, 0xFF
SIMPLE = {20: False, 21: True, 22: None, 23: None}
FLOATS = {25: ">e", 26: ">f", 27: ">d"}
EPOCH_SECONDS = 1

Write = Callable[[bytearray, Any], None]


def decode(body: bytes) -> Any:
    """The value that `body` holds; raises ValueError when it is no CBOR of RPC v2, or more than that."""
    reader = _Reader(body)
    value = reader.value(0)
    if reader.at != len(body):
        raise ValueError("there is something after the value")
    return value


class _Reader:
    def __init__(self, body: bytes) -> None:
        self._body = body
        self.at = 0

    def value(self, depth: int) -> Any:
        if depth > DEPTH_MAX:
            raise ValueError("nested too deeply")
        major, info = divmod(self._take(1)[0], 32)
        if major == 7:
            return self._simple(info)
        if info == INDEFINITE:
            return self._indefinite(major, depth)
        length = self._number(info)
        if major < 2:
            return length if major == 0 else -1 - length
        if major in (2, 3):
            return self._text(major, self._take(length))
        if major == 6:
            if length != EPOCH_SECONDS:
                raise ValueError(f"tag {length}")
            return self.value(depth + 1)
        if length > len(self._body) - self.at:
            raise ValueError("cut off")
        if major == 4:
            return [self.value(depth + 1) for _ in range(length)]
        return dict(self._pair(depth) for _ in range(length))

    def _take(self, size: int) -> bytes:
        taken = self._body[self.at : self.at + size]
        if len(taken) != size:
            raise ValueError("cut off")
        self.at += size
        return taken

    def _number(self, info: int) -> int:
        if info < 24:
            return info
        if info > 27:
            raise ValueError(f"additional information {info}")
        return int.from_bytes(self._take(1 << (info - 24)))

    def _simple(self, info: int) -> Any:
        if info in SIMPLE:
            return SIMPLE[info]
        if info in FLOATS:
            return struct.unpack(FLOATS[info], self._take(1 << (info - 24)))[0]
        raise ValueError(f"simple value {info}")

    @staticmethod
    def _text(major: int, data: bytes) -> str | bytes:
        return data.decode() if major == 3 else data

    def _pair(self, depth: int) -> tuple[str, Any]:
        key = self.value(depth + 1)
        if not isinstance(key, str):
            raise ValueError("a key that is no text")
        return key, self.value(depth + 1)

    def _ended(self) -> bool:
        if self._body[self.at : self.at + 1] != bytes((BREAK,)):
            return False
        self.at += 1
        return True

    def _indefinite(self, major: int, depth: int) -> Any:
        if major == 5:
            found = {}
            while not self._ended():
                key, value = self._pair(depth)
                found[key] = value
            return found
        if major not in (2, 3, 4):
            raise ValueError("an indefinite length where there is none")
        items = []
        while not self._ended():
            if major != 4 and self._body[self.at : self.at + 1][:1] and self._body[self.at] // 32 != major:
                raise ValueError("a piece of another type")
            items.append(self.value(depth + 1))
        if major == 4:
            return items
        return ("" if major == 3 else b"").join(items)


def _head(out: bytearray, major: int, number: int) -> None:
    if number < 24:
        out.append(major << 5 | number)
        return
    power = 0 if number < 1 << 8 else 1 if number < 1 << 16 else 2 if number < 1 << 32 else 3
    out.append(major << 5 | 24 + power)
    out += number.to_bytes(1 << power)


def write_any(out: bytearray, value: Any) -> None:
    """A value by its own type."""
    if value is None:
        out.append(0xF6)
    elif isinstance(value, bool):
        out.append(0xF5 if value else 0xF4)
    elif isinstance(value, int):
        _head(out, 0 if value >= 0 else 1, value if value >= 0 else -1 - value)
    elif isinstance(value, float):
        out.append(0xFB)
        out += struct.pack(">d", value)
    elif isinstance(value, str | bytes):
        data = value.encode("utf-8", "replace") if isinstance(value, str) else value
        _head(out, 3 if isinstance(value, str) else 2, len(data))
        out += data
    elif isinstance(value, dict):
        _head(out, 5, len(value))
        for key, one in value.items():
            write_any(out, key)
            write_any(out, one)
    else:
        _head(out, 4, len(value))
        for one in value:
            write_any(out, one)


class Writers:
    """Compiles how values of a shape are written."""

    def __init__(self, service: ServiceModel) -> None:
        self._service = service
        self._made: dict[str, Write] = {}

    def of(self, shape: Shape) -> Write:
        """A function that adds a handler's value to a body."""
        kind, name = shape["type"], shape["shape"]
        if kind == "timestamp":
            return _timestamp
        if kind in ("float", "double"):
            return lambda out, value: write_any(out, float(value))
        if kind not in ("structure", "list", "map"):
            return write_any
        if name not in self._made:
            self._compile(kind, name, shape)
        return self._made[name]

    def _compile(self, kind: str, name: str, shape: Shape) -> None:
        table: dict[str, Write] = {}
        inner: list[Write] = []

        def structure(out: bytearray, value: dict[str, Any]) -> None:
            told = {key: one for key, one in value.items() if one is not None}
            _head(out, 5, len(told))
            for key, one in told.items():
                write_any(out, key)
                table.get(key, write_any)(out, one)

        def array(out: bytearray, value: list[Any]) -> None:
            _head(out, 4, len(value))
            for one in value:
                (write_any if one is None else inner[0])(out, one)

        def mapping(out: bytearray, value: dict[str, Any]) -> None:
            _head(out, 5, len(value))
            for key, one in value.items():
                write_any(out, key)
                (write_any if one is None else inner[0])(out, one)

        made: dict[str, Write] = {"structure": structure, "list": array, "map": mapping}
        self._made[name] = made[kind]
        if kind == "structure":
            table.update((key, self.of(member)) for key, member in self._service.members(shape).items())
        else:
            inner.append(self.of(self._service.resolve(shape["member" if kind == "list" else "value"])))


def _timestamp(out: bytearray, at_ms: int) -> None:
    _head(out, 6, EPOCH_SECONDS)
    seconds = epoch_seconds(at_ms)
    write_any(out, seconds if isinstance(seconds, int) else float(seconds))
