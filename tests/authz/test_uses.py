"""What users and roles did: which decisions count, how rows are put together, and how many there are at most."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from outfall.authz import Ask, Decision, uses
from outfall.authz.uses import RESOURCES_MAX, USES, Spot, Use
from outfall.core.ports import Tx
from outfall.core.principal import root_of, service_principal
from outfall.store.memory import MemoryStore
from tests.authz.people import QUEUE, SESSION, USER
from tests.support import ACCOUNT, T0, make_context

WHO = SESSION.role_arn
PUT = "s3:PutObject"


def once(at_ms: int = T0, **more: Any) -> Use:
    return Use(at_ms, at_ms, 1, **more)


def added(*steps: dict[Spot, Use]) -> dict[str, Use]:
    """The rows after these steps, by their resources."""
    store = MemoryStore()
    for step in steps:
        store.transact(lambda tx, step=step: uses.add(tx, step))
    return store.transact(lambda tx: {key[2]: use for key, use in tx.scan(USES)})


def test_what_a_session_was_allowed_counts_for_its_role() -> None:
    allowed = Decision(True, Ask(SESSION, "sqs:SendMessage", QUEUE))
    assert uses.spot_of(allowed) == Spot(WHO, "sqs:SendMessage", QUEUE)
    assert uses.spot_of(Decision(True, Ask(USER, "sqs:SendMessage", QUEUE))) == Spot(USER.arn, "sqs:SendMessage", QUEUE)


def test_what_was_refused_or_only_looked_at_does_not_count() -> None:
    assert uses.spot_of(Decision(False, Ask(SESSION, "sqs:SendMessage", QUEUE))) is None
    assert uses.spot_of(Decision(True, Ask(SESSION, "sqs:SendMessage", QUEUE, acts=False))) is None


def test_root_and_services_need_no_policy() -> None:
    for who in (root_of(ACCOUNT), service_principal("s3.amazonaws.com", ACCOUNT)):
        assert uses.spot_of(Decision(True, Ask(who, "sqs:SendMessage", QUEUE))) is None


def test_a_log_stream_counts_for_its_group() -> None:
    stream = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/aws/lambda/f:log-stream:2027/01/15/[$LATEST]abc"
    spot = uses.spot_of(Decision(True, Ask(SESSION, "logs:PutLogEvents", stream)))
    assert spot is not None
    assert spot.resource == f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/aws/lambda/f:log-stream:*"
    assert added({spot: once()})[spot.resource].folded


def test_a_resource_s_own_grant_needs_no_identity_policy() -> None:
    ask = Ask(SESSION, "sqs:SendMessage", QUEUE)
    assert not uses.is_needed(Decision(True, ask, kind="resource-based policy"))
    assert uses.is_needed(Decision(True, ask, kind="identity-based policy"))
    assert uses.is_needed(Decision(True, ask, kind="resource-based policy", audited=True))


def test_first_last_and_count_are_kept() -> None:
    spot = Spot(WHO, "sqs:SendMessage", QUEUE)
    rows = added({spot: once(T0)}, {spot: once(T0 + 5)}, {spot: once(T0 + 2)})
    assert rows == {QUEUE: Use(T0, T0 + 5, 3)}


def test_too_many_resources_become_what_they_begin_with() -> None:
    keys = [f"arn:aws:s3:::photos/2027/{number}" for number in range(RESOURCES_MAX + 1)]
    rows = added({Spot(WHO, PUT, key): once() for key in keys}, {Spot(WHO, PUT, "arn:aws:s3:::music/a"): once()})
    assert rows == {
        "arn:aws:s3:::photos/2027/*": Use(T0, T0, RESOURCES_MAX + 1, folded=True),
        "arn:aws:s3:::music/a": once(),
    }


def test_a_pattern_takes_in_what_comes_later() -> None:
    keys = [f"arn:aws:s3:::photos/2027/{number}" for number in range(RESOURCES_MAX + 1)]
    later = {Spot(WHO, PUT, "arn:aws:s3:::photos/2027/later"): once(T0 + 9)}
    rows = added({Spot(WHO, PUT, key): once() for key in keys}, later)
    assert rows == {"arn:aws:s3:::photos/2027/*": Use(T0, T0 + 9, RESOURCES_MAX + 2, folded=True)}


def test_rows_are_bounded_whatever_the_resources_are() -> None:
    steps = [
        {Spot(WHO, PUT, f"arn:aws:s3:::b{number}-{step}/a/b"): once() for number in range(60)} for step in range(5)
    ]
    assert len(added(*steps)) <= RESOURCES_MAX
    queues = {Spot(WHO, "sqs:SendMessage", f"{QUEUE}{number}"): once() for number in range(300)}
    assert added(queues) == {QUEUE[: -len("jobs")] + "*": Use(T0, T0, 300, folded=True)}


def test_what_was_not_done_for_three_months_is_forgotten() -> None:
    def work(tx: Tx) -> list[str]:
        uses.add(tx, {Spot(WHO, "a:Old", "*"): once(T0), Spot(WHO, "a:New", "*"): once(T0 + uses.KEPT_MS)})
        assert uses.sweep(make_context(tx, now=T0 + uses.KEPT_MS + 1), ()) is None
        return [spot.action for spot, _ in uses.of(tx, WHO)]

    assert MemoryStore().transact(work) == ["a:New"]


def test_since_a_time_only_what_was_done_since() -> None:
    def work(tx: Tx) -> list[str]:
        uses.add(tx, {Spot(WHO, "a:Old", "*"): once(T0), Spot(WHO, "a:New", "*"): replace(once(T0), last_ms=T0 + 10)})
        return [spot.action for spot, _ in uses.of(tx, WHO, T0 + 5)]

    assert MemoryStore().transact(work) == ["a:New"]


STATEMENT = (
    '{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"Bool":{"b:b":"true"},"ArnLike":{"a:a":"x"}}}'
)
CONDITION = '{"ArnLike":{"a:a":"x"},"Bool":{"b:b":"true"}}'


def test_the_condition_is_that_of_the_identity_policy_s_statement() -> None:
    ask = Ask(SESSION, PUT, "arn:aws:s3:::b/k")
    allowed = Decision(True, ask, statement=STATEMENT, kind="identity-based policy")
    assert uses.condition_of(allowed) == CONDITION
    assert uses.condition_of(replace(allowed, kind="resource-based policy")) == ""
    assert uses.condition_of(replace(allowed, audited=True)) == "", "that statement denied"
    assert uses.condition_of(Decision(True, ask)) == ""


def test_different_conditions_are_none_and_what_needed_no_policy_has_no_say() -> None:
    one, other = once(condition="{1}"), once(condition="{2}")
    free = once(needed=False)
    assert one.plus(one).condition == "{1}"
    assert one.plus(other).condition == ""
    assert one.plus(once()).condition == ""
    assert (one.plus(free).condition, free.plus(one).condition) == ("{1}", "{1}")
    assert (free.plus(free).condition, free.plus(free).needed) == ("", False)
