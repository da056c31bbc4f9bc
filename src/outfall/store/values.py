"""Rows as bytes: MessagePack of the value's fields by name, so that a later version can add fields with defaults."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from outfall.core.ports import Table

T = TypeVar("T")


class Values:
    """Encodes and decodes the values of tables; makes each table's decoder once."""

    def __init__(self) -> None:
        self.encode = msgspec.msgpack.Encoder().encode
        self._decoders: dict[type[Any], msgspec.msgpack.Decoder[Any]] = {}

    def decode(self, table: Table[T], data: bytes) -> T:
        """The value of a row of `table`."""
        decoder = self._decoders.get(table.type)
        if decoder is None:
            decoder = self._decoders[table.type] = msgspec.msgpack.Decoder(table.type)
        value: T = decoder.decode(data)
        return value

    def check(self, table: Table[T], value: T) -> None:
        """Raises TypeError if a row does not come back from its bytes as it was."""
        try:
            back = self.decode(table, self.encode(value))
        except (msgspec.MsgspecError, NameError, TypeError) as error:
            raise TypeError(f"rows of {table.name} cannot be stored: {error}") from error
        if back != value:
            raise TypeError(f"a row of {table.name} comes back changed: {value!r} as {back!r}")
