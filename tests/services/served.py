"""A service played as a client would, without wire and host: calls in transactions, on a clock that the test moves."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from outfall.core.context import Context, House
from outfall.core.errors import AwsError
from outfall.core.principal import Principal
from outfall.core.service import Service
from outfall.store.memory import MemoryStore
from tests.support import ACCOUNT, REGION, T0, CountingIds, make_call, make_context, make_house


@dataclass
class Served:
    """One service on a store in memory. `now` is the clock of record in ms."""

    service: Service
    store: MemoryStore = field(default_factory=MemoryStore)
    ids: CountingIds = field(default_factory=CountingIds)
    now: int = T0
    account: str = ACCOUNT
    region: str = REGION
    protocol: str = "json"
    principal: Principal | None = None
    house: House = field(default_factory=make_house)

    def __call__(self, operation: str, *, parked_until: int | None = None, **request: Any) -> Any:
        """What the handler answers; what it raises is raised."""
        handler = self.service.operations[operation].handler

        def work(tx: Any) -> Any:
            call = make_call(
                tx,
                now=self.now,
                account=self.account,
                region=self.region,
                ids=self.ids,
                principal=self.principal,
                operation=operation,
                protocol=self.protocol,
                house=self.house,
            )
            call.parked_until = parked_until
            return handler(call, request)

        return self.store.transact(work)

    def refused(self, operation: str, **request: Any) -> tuple[int, str, str, str]:
        """Status, code, older code and message of the error that the operation answers."""
        try:
            answer = self(operation, **request)
        except AwsError as error:
            return error.status, error.code, error.query_code, error.message
        raise AssertionError(f"{operation} was not refused: {answer!r}")

    def within(self, work: Any) -> Any:
        """What `work(ctx)` returns, in a transaction at this moment."""

        def transaction(tx: Any) -> Any:
            context: Context = make_context(tx, now=self.now, account=self.account, region=self.region, ids=self.ids)
            context.house = self.house
            return work(context)

        return self.store.transact(transaction)

    def later(self, *, seconds: float) -> None:
        """Moves the clock."""
        self.now += int(seconds * 1000)
