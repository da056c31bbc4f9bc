"""What authorisation decided: the latest decisions in memory, by request; a line of the log for what was refused; and
what users and roles did, for `outfall policy`.

On the way of a request this costs an entry in a ring and one in a table of this second. What was done is written a
second later, on a timer that runs only while there is something to write: a crash loses at most that second of it.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from outfall.authz import Ask, Decision, uses
from outfall.authz.uses import Spot, Use
from outfall.core.context import Context
from outfall.core.ports import Store, Tx
from outfall.core.service import Call
from outfall.host.later import Later
from outfall.store.errors import StoreBusy, StoreUnavailable

RECENT_MAX = 2048
"""How many decisions are kept, of whatever outcome."""
REFUSED_MAX = 1024
"""How many more are kept of those that were refused."""
WRITE_AFTER_S = 1.0
GATHERED_MAX = 10_000
"""How many different uses are held in memory until they are written; beyond, resources are taken together."""
SAID_MAX = 256
SAY_AGAIN_MS = 60_000
"""A service that is refused the same thing over and over is logged once a minute."""


class Entry(NamedTuple):
    """A decision, when and where it was made, and the call that it was made for (empty: a service's own act)."""

    at_ms: int
    account: str
    region: str
    request_id: str
    operation: str
    decision: Decision
    source_ip: str = ""


class Decisions:
    """The port `core.ports.Watch`."""

    def __init__(self, log: Callable[[str], None]) -> None:
        self._log = log
        self._recent: deque[Entry] = deque(maxlen=RECENT_MAX)
        self._refused: deque[Entry] = deque(maxlen=REFUSED_MAX)
        self._said: OrderedDict[str, int] = OrderedDict()
        self._gathered: dict[Spot, list[Any]] = {}
        self._store: Store | None = None
        self._later = Later(WRITE_AFTER_S, self.write)

    def attach(self, store: Store) -> None:
        """Says where to write what was done."""
        self._store = store

    def decided(self, ctx: Context, decision: Decision) -> None:
        """Takes note of a decision."""
        request_id, operation, source_ip = "", "", ""
        if isinstance(ctx, Call):
            request_id, operation, source_ip = ctx.request_id, ctx.operation, ctx.source_ip
        ask = decision.ask
        if ask.resource_policy is not None or ask.parameters:
            decision = _without_documents(decision, ask)
        entry = Entry(ctx.now, ctx.account, ctx.region, request_id, operation, decision, source_ip)
        self._recent.append(entry)
        if not decision.allowed or decision.audited:
            self._refuse(entry)
        spot = uses.spot_of(decision)
        if spot is not None:
            self._gather(spot, ctx.now, uses.condition_of(decision) if uses.is_needed(decision) else None)

    def of_request(self, request_id: str) -> list[Entry]:
        """What was decided for a call, in order; each question once."""
        found = [entry for entry in (*self._refused, *self._recent) if entry.request_id == request_id]
        return list({(one.decision.ask.action, one.decision.ask.resource): one for one in _in_order(found)}.values())

    def latest(self, *, refused: bool) -> Iterator[Entry]:
        """Decisions, the newest first; with `refused` only those that AWS refuses."""
        yield from reversed(_in_order([*self._refused] if refused else [*self._refused, *self._recent]))

    def drop(self) -> None:
        """Forgets everything: the data was reset."""
        self._gathered = {}
        self._recent.clear()
        self._refused.clear()
        self._said.clear()

    def _refuse(self, entry: Entry) -> None:
        if not entry.decision.ask.acts:
            return
        self._refused.append(entry)
        line = sentence(entry)
        if not entry.request_id:
            if self._said.get(line, -SAY_AGAIN_MS) > entry.at_ms - SAY_AGAIN_MS:
                return
            self._said[line] = entry.at_ms
            while len(self._said) > SAID_MAX:
                self._said.popitem(last=False)
        self._log(line)

    def _gather(self, spot: Spot, now_ms: int, condition: str | None) -> None:
        # Changed in place: a second's worth of uses of one spot is one object.
        known = self._gathered.get(spot)
        if known is None and len(self._gathered) >= GATHERED_MAX:
            spot = uses.wider(spot)
            known = self._gathered.get(spot)
        if known is None:
            folded = len(self._gathered) >= GATHERED_MAX
            self._gathered[spot] = [now_ms, now_ms, 1, condition, folded]
        else:
            known[1], known[2] = now_ms, known[2] + 1
            known[3] = uses.both(known[3], condition)
        if self._store is not None:
            self._later.ask()

    async def write(self) -> None:
        """Writes what was done since the last time."""
        self._later.cancel()
        found, self._gathered = self._gathered, {}
        gathered = {spot: _use(*one) for spot, one in found.items()}
        if not gathered or self._store is None:
            return

        def work(tx: Tx) -> None:
            uses.add(tx, gathered)

        try:
            await self._store.run(work, durable=False)
        except (StoreUnavailable, StoreBusy):
            for spot, one in found.items():
                self._gathered.setdefault(spot, one)


def _use(first_ms: int, last_ms: int, count: int, condition: str | None, folded: bool) -> Use:
    return Use(first_ms, last_ms, count, condition is not None, folded, condition or "")


def _without_documents(decision: Decision, ask: Ask) -> Decision:
    """The decision without policies and parameters, which may be long; what they said stands in it."""
    slim = Ask(ask.principal, ask.action, ask.resource, ask.keys, None, ask.resource_account, None, ask.acts)
    return Decision(
        decision.allowed,
        slim,
        decision.reason,
        decision.policies,
        decision.statement,
        decision.missing,
        decision.policy,
        decision.kind,
        decision.audited,
        decision.seen,
    )


def _in_order(entries: list[Entry]) -> list[Entry]:
    """By time; what is in both rings once."""
    return sorted({id(entry): entry for entry in entries}.values(), key=lambda entry: entry.at_ms)


def sentence(entry: Entry) -> str:
    """What the log says of a refusal."""
    decision, ask = entry.decision, entry.decision.ask
    head = "audit: AWS would refuse this: " if decision.audited else "denied: "
    hint = f"; this statement would allow it: {decision.missing}" if decision.missing else ""
    asked = f"; see: outfall explain {entry.request_id}" if entry.request_id else ""
    return f"{head}{ask.principal.arn} may not {ask.action} on {ask.resource} {decision.reason}{hint}{asked}"
