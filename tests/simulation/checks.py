"""Independent checkers of a simulated run: from what arrived and what was accepted alone."""

from __future__ import annotations

import json
from collections import Counter

from outfall.core.history import AttemptEnded, Settled
from outfall.flow import timeline

from .world import RECEIVED, SETTINGS, Received, World

FINAL = {"Success", "RetriesExhausted", "EventAgeExceeded", "ZeroReservedConcurrency"}


def check(world: World) -> None:
    """Everything accepted is settled once; attempts are bounded; every configured target got its own and no other."""
    received = world.store.transact(lambda tx: [row for _, row in tx.scan(RECEIVED)])
    by_event = _by_event(received)
    assert set(by_event) <= set(world.accepted), "something arrived for an event that nobody sent"
    for event_id in world.accepted:
        _check_event(world, event_id, by_event.get(event_id, []))


def _by_event(received: list[Received]) -> dict[str, list[tuple[str, str, Received]]]:
    """Per event: target, condition (or `letter`), and what arrived."""
    found: dict[str, list[tuple[str, str, Received]]] = {}
    for row in received:
        if row.attributes:
            found.setdefault(row.attributes["RequestID"], []).append((row.target, "letter", row))
        else:
            context = json.loads(row.body)["requestContext"]
            found.setdefault(context["requestId"], []).append((row.target, context["condition"], row))
    return found


def _check_event(world: World, event_id: str, arrived: list[tuple[str, str, Received]]) -> None:
    summary = world.store.transact(lambda tx: tx.get(timeline.EVENTS, (event_id,)))
    facts = world.store.transact(lambda tx: timeline.facts(tx, event_id))
    assert summary is not None, "an accepted event is lost"
    assert summary.state in ("succeeded", "failed"), f"{event_id} is not settled: {summary}"
    settled = [fact for fact in facts if isinstance(fact, Settled)]
    assert len(settled) == 1, "settled more or less than once"
    assert settled[0].condition in FINAL
    settings = world.store.transact(lambda tx: tx.get(SETTINGS, (summary.function.split(":")[6],)))
    assert settings is not None
    ended = [fact for fact in facts if isinstance(fact, AttemptEnded)]
    assert len(ended) == settled[0].attempts <= settings.retries + 1, "more attempts than AWS would make"
    success = settled[0].condition == "Success"
    expected: Counter[tuple[str, str]] = Counter()
    if success and settings.on_success:
        expected[settings.on_success, "Success"] += 1
    if not success and settings.on_failure:
        expected[settings.on_failure, settled[0].condition] += 1
    if not success and settings.dead_letter:
        expected[settings.dead_letter, "letter"] += 1
    assert Counter((target, what) for target, what, _ in arrived) == expected
    for _, what, row in arrived:
        body = row.body if what == "letter" else json.dumps(json.loads(row.body)["requestPayload"]).encode()
        assert json.loads(body) == json.loads(world.accepted[event_id]), "another event's payload arrived"
