"""Rows as bytes, and what is refused before it is lost."""

from __future__ import annotations

from dataclasses import dataclass, make_dataclass
from typing import Any

import pytest

from outfall.core.body import REFERENCES, BlobReferences
from outfall.core.invocation import AsyncEvent, Response
from outfall.core.ports import Table
from outfall.store import MemoryStore
from outfall.store.values import Values


@dataclass(frozen=True, slots=True)
class Loose:
    anything: Any


def test_a_value_comes_back_with_the_values_inside_it() -> None:
    event = AsyncEvent("id", "arn", b"\0\xff", 1, last=Response(200, payload=b"x"))
    values = Values()
    assert values.decode(Table("events", AsyncEvent), values.encode(event)) == event


def test_a_field_that_a_later_version_adds_gets_its_default() -> None:
    values = Values()
    older = make_dataclass("Response", [("status_code", int)], frozen=True)
    assert values.decode(Table("responses", Response), values.encode(older(404))) == Response(404)


def test_the_twin_refuses_a_row_that_would_come_back_changed() -> None:
    store = MemoryStore()
    store.transact(lambda tx: tx.put(REFERENCES, ("b",), BlobReferences(1)))
    with pytest.raises(TypeError, match="comes back changed"):
        store.transact(lambda tx: tx.put(Table("loose", Loose), ("k",), Loose((1, 2))))
    with pytest.raises(TypeError, match="cannot be stored"):
        store.transact(lambda tx: tx.put(Table("looser", Loose), ("k",), Loose(object())))
