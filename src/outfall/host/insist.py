"""Writing down what was done, although the store is away for a while."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from outfall.core.ports import Store, Tx
from outfall.store.errors import StoreBusy, StoreUnavailable

INSIST_S_MAX = 60.0
INSIST_EVERY_S = 0.25


async def insist(store: Store, work: Callable[[Tx], None], stopping: Callable[[], bool]) -> None:
    """Runs a work, again while the store is away: what a function did is not thrown away for that. Raises the store's
    error after a minute, or when this process is about to stop."""
    until_s = time.monotonic() + INSIST_S_MAX
    while True:
        try:
            await store.run(work)
            return
        except (StoreUnavailable, StoreBusy):
            if stopping() or time.monotonic() > until_s:
                raise
            await asyncio.sleep(INSIST_EVERY_S)
