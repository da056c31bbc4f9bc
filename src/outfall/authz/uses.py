"""What users and roles did: one row for each action on each resource, with the first and the last time and how often.

The rows are bounded: of one action at most `RESOURCES_MAX` resources are kept apart, beyond that they are folded into
what they begin with (`arn:aws:s3:::photos/2026/*`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

import msgspec

from outfall.authz import explain
from outfall.authz.decision import Decision
from outfall.core.ports import Table, Tx
from outfall.core.sweeping import over

RESOURCES_MAX = 100
CONDITIONS_MAX = 1024
KEPT_MS = 90 * 24 * 3600 * 1000
"""How long a use is remembered after the last time."""


class Use(msgspec.Struct, frozen=True):
    """How often, and when. `needed`: an identity policy had to allow it; otherwise the resource's policy did.
    `folded`: the resource is a pattern that stands for many. `condition` is the Condition, as JSON, under which an
    identity policy allowed it, each time the same; empty if it was allowed without one, or under different ones."""

    first_ms: int
    last_ms: int
    count: int
    needed: bool = True
    folded: bool = False
    condition: str = ""

    def plus(self, other: Use) -> Use:
        """Both together."""
        return Use(
            min(self.first_ms, other.first_ms),
            max(self.last_ms, other.last_ms),
            self.count + other.count,
            self.needed or other.needed,
            self.folded or other.folded,
            both(self.condition if self.needed else None, other.condition if other.needed else None) or "",
        )


def both(one: str | None, other: str | None) -> str | None:
    """The condition under which two uses were allowed; None where no identity policy had to."""
    if one is None or other is None:
        return other if one is None else one
    return one if one == other else ""


class Spot(NamedTuple):
    """Who did what to which resource; `who` is the ARN of the user or role."""

    who: str
    action: str
    resource: str


USES = Table("authz.uses", Use)
"""Key: a `Spot`."""


def spot_of(decision: Decision) -> Spot | None:
    """What a decision let somebody do; None if that is nothing to remember."""
    ask = decision.ask
    if not decision.allowed or not ask.acts or ask.principal.kind not in ("user", "session"):
        return None
    return Spot(ask.principal.policy_arn, ask.action, _lasting(ask.resource))


def is_needed(decision: Decision) -> bool:
    """Whether an identity policy had to allow it."""
    return decision.kind != explain.RESOURCE or decision.audited


def condition_of(decision: Decision) -> str:
    """The Condition of the statement of an identity policy that allowed, as JSON; empty if it has none."""
    granted = decision.statement and decision.kind == explain.IDENTITY and not decision.audited
    return _condition(decision.statement) if granted else ""


@lru_cache(maxsize=CONDITIONS_MAX)
def _condition(statement: str) -> str:
    told = msgspec.json.decode(statement).get("Condition")
    return msgspec.json.encode(told, order="deterministic").decode() if told else ""


def _lasting(resource: str) -> str:
    """A log stream lasts as long as an execution environment: a policy names all of its group."""
    if not resource.startswith("arn:aws:logs:"):
        return resource
    group, colon, _ = resource.partition(":log-stream:")
    return f"{group}:log-stream:*" if colon else resource


def _is_pattern(spot: Spot) -> bool:
    return spot.resource.endswith(":log-stream:*")


def add(tx: Tx, gathered: Mapping[Spot, Use]) -> None:
    """Adds what was done to the rows."""
    by_action: dict[tuple[str, str], dict[str, Use]] = {}
    for spot, use in gathered.items():
        made = msgspec.structs.replace(use, folded=use.folded or _is_pattern(spot))
        by_action.setdefault(spot[:2], {})[spot.resource] = made
    for (who, action), new in by_action.items():
        before = {key[2]: use for key, use in tx.scan(USES, (who, action))}
        after = folded(_merged(before, new))
        for resource, use in after.items():
            if before.get(resource) != use:
                tx.put(USES, (who, action, resource), use)
        for resource in before.keys() - after.keys():
            tx.delete(USES, (who, action, resource))


def _merged(before: Mapping[str, Use], new: Mapping[str, Use]) -> dict[str, Use]:
    patterns = [resource for resource, use in before.items() if use.folded]
    merged = dict(before)
    for resource, use in new.items():
        home = next((one for one in patterns if resource.startswith(one[:-1])), resource)
        made = msgspec.structs.replace(use, folded=use.folded or home != resource)
        merged[home] = merged[home].plus(made) if home in merged else made
    return merged


def folded(uses: Mapping[str, Use], most: int = RESOURCES_MAX) -> dict[str, Use]:
    """At most that many resources: those that have most siblings become what they have in common."""
    kept = dict(uses)
    while len(kept) > most:
        parents = Counter(_parent(resource) for resource in kept)
        parent, count = max(parents.items(), key=lambda item: (item[1], len(item[0])))
        if count == 1 and parent == "*":
            break
        within = [one for one in kept if one == parent or one.startswith(parent[:-1])]
        total = kept.pop(within[0])
        for one in within[1:]:
            total = total.plus(kept.pop(one))
        kept[parent] = msgspec.structs.replace(total, folded=True)
    return kept


def _parent(resource: str) -> str:
    """The pattern one level above: up to the slash or colon before the last part."""
    stem = resource.removesuffix("*").rstrip("/:")
    cut = max(stem.rfind("/"), stem.rfind(":"))
    # Above the name of the resource there is only everything.
    return stem[: cut + 1] + "*" if stem[: cut + 1].count(":") >= 5 and cut + 1 < len(stem) else "*"


def wider(spot: Spot) -> Spot:
    """The spot that stands for this one where there are too many."""
    return spot._replace(resource=_parent(spot.resource))


def of(tx: Tx, who: str, since_ms: int = 0) -> list[tuple[Spot, Use]]:
    """What a user or role did since then, by action and resource."""
    return [(Spot(*key), use) for key, use in tx.scan(USES, (who,)) if use.last_ms >= since_ms]


sweep = over(USES, lambda ctx, use: use.last_ms < ctx.now - KEPT_MS)
"""Forgets what has not been done for long."""
