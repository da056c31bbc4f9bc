"""Who polls for event source mappings does not stop looking for them."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from outfall.host import pollers
from outfall.host.log import Log
from outfall.host.pollers import Pollers
from outfall.services.lambda_ import mappings
from outfall.store.errors import StoreUnavailable


class Store:
    """Fails the first times that it is asked for mappings, and has none."""

    def __init__(self, *, exclusive: bool, fails: int) -> None:
        self.exclusive = exclusive
        self.fails = fails
        self.looks = 0
        self.looked = asyncio.Event()

    async def run(self, work: Any, *, durable: bool = True) -> list[Any]:
        self.looks += 1
        self.looked.set()
        if self.looks <= self.fails:
            raise StoreUnavailable
        return []


@pytest.mark.parametrize(
    ("exclusive", "fails"), [(True, 2), (False, 2), (False, 0)], ids=["alone", "a node", "a node that was told nothing"]
)
def test_mappings_are_looked_for_again(exclusive: bool, fails: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pollers, "AGAIN_S", 0.0)
    monkeypatch.setattr(pollers, "LOOK_S", 0.0)

    async def play() -> None:
        store, said = Store(exclusive=exclusive, fails=fails), list[str]()
        made = Pollers(SimpleNamespace(store=store, log=Log(said.append)))  # type: ignore[arg-type]
        made._wake(mappings.CHANGED_TOPIC)
        async with asyncio.timeout(60):
            while store.looks < 3:
                store.looked.clear()
                await store.looked.wait()
        assert len(said) == min(fails, 1), "a database that is away is told of once"
        await made.stop(0)

    asyncio.run(play())
