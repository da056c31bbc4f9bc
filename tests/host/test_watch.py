"""What is kept of decisions: bounded, by request, without documents; and the line of the log."""

from __future__ import annotations

import asyncio

from tests.authz.people import QUEUE, SESSION, USER
from tests.support import ACCOUNT, T0, make_call, make_context

from outfall.authz import Ask, Decision, uses
from outfall.authz.uses import Spot, Use
from outfall.core.context import Context
from outfall.core.principal import service_principal
from outfall.core.service import Call
from outfall.host import watch
from outfall.host.watch import Decisions
from outfall.store.memory import MemoryStore


def call(request_id: str = "r1") -> Call:
    return MemoryStore().transact(lambda tx: make_call(tx, request_id=request_id, operation="SendMessage"))


def act() -> Context:
    return MemoryStore().transact(lambda tx: make_context(tx))


REFUSED = Decision(False, Ask(USER, "sqs:SendMessage", QUEUE), "because it is so", missing='{"Effect":"Allow"}')
ALLOWED = Decision(True, Ask(USER, "sqs:SendMessage", QUEUE))


def test_decisions_are_found_by_request_each_question_once() -> None:
    kept = Decisions(lambda line: None)
    for _ in range(2):  # a transaction that ran twice
        kept.decided(call("r1"), ALLOWED)
        kept.decided(call("r1"), Decision(True, Ask(USER, "sqs:ListQueues", "*")))
    kept.decided(call("r2"), REFUSED)
    assert [one.decision.ask.action for one in kept.of_request("r1")] == ["sqs:SendMessage", "sqs:ListQueues"]
    assert [one.decision for one in kept.of_request("r2")] == [REFUSED]
    assert kept.of_request("r3") == []


def test_documents_and_parameters_are_not_kept() -> None:
    kept = Decisions(lambda line: None)
    kept.decided(call(), Decision(True, Ask(USER, "a:B", "*", {}, "{...}", "", {"Body": "..."})))
    [entry] = kept.of_request("r1")
    assert (entry.decision.ask.resource_policy, entry.decision.ask.parameters) == (None, None)


def test_the_rings_are_bounded_and_refusals_outlast_what_was_allowed() -> None:
    kept = Decisions(lambda line: None)
    kept.decided(call("early"), REFUSED)
    for number in range(watch.RECENT_MAX + 5):
        kept.decided(call(f"r{number}"), ALLOWED)
    assert kept.of_request("r1") == []
    assert [one.decision for one in kept.of_request("early")] == [REFUSED]
    assert len(list(kept.latest(refused=False))) == watch.RECENT_MAX + 1
    for number in range(watch.REFUSED_MAX + 5):
        kept.decided(call(f"x{number}"), REFUSED)
    assert len(list(kept.latest(refused=True))) == watch.REFUSED_MAX


def test_a_refused_call_is_a_line_of_the_log() -> None:
    lines: list[str] = []
    kept = Decisions(lines.append)
    kept.decided(call(), REFUSED)
    kept.decided(call(), ALLOWED)
    assert lines == [
        f"denied: {USER.arn} may not sqs:SendMessage on {QUEUE} because it is so; "
        'this statement would allow it: {"Effect":"Allow"}; see: outfall explain r1'
    ]


def test_a_service_that_is_refused_over_and_over_is_logged_once_a_minute() -> None:
    lines: list[str] = []
    kept, ask = Decisions(lines.append), Ask(service_principal("sns.amazonaws.com", ACCOUNT), "sqs:SendMessage", QUEUE)
    ctx = act()
    for seconds in (0, 1, 59, 60, 61):
        ctx.now = T0 + seconds * 1000
        kept.decided(ctx, Decision(False, ask, "because"))
    assert len(lines) == 2
    for number in range(watch.SAID_MAX + 5):
        kept.decided(ctx, Decision(False, Ask(SESSION, "a:B", f"arn:{number}"), "because"))
    assert len(kept._said) == watch.SAID_MAX


def test_a_mere_look_is_not_logged_but_can_be_explained() -> None:
    lines: list[str] = []
    kept = Decisions(lines.append)
    kept.decided(call(), Decision(False, Ask(SESSION, "a:B", "*", acts=False), "because"))
    assert lines == []
    assert len(kept.of_request("r1")) == 1


def test_an_audited_refusal_says_so() -> None:
    lines: list[str] = []
    Decisions(lines.append).decided(call(), Decision(True, REFUSED.ask, "because", audited=True))
    assert lines[0].startswith(f"audit: AWS would refuse this: {USER.arn} may not")


def test_what_was_done_is_written_on_a_timer_and_at_the_end() -> None:
    async def work() -> list[tuple[Spot, Use]]:
        store, kept = MemoryStore(), Decisions(lambda line: None)
        kept.attach(store)
        for _ in range(3):
            kept.decided(call(), ALLOWED)
        await kept.write()
        kept.decided(call(), ALLOWED)
        await kept.write()
        return await store.run(lambda tx: uses.of(tx, USER.arn))

    assert asyncio.run(work()) == [(Spot(USER.arn, "sqs:SendMessage", QUEUE), Use(T0, T0, 4))]


def test_what_is_gathered_in_a_second_is_bounded() -> None:
    kept, ctx = Decisions(lambda line: None), act()
    for number in range(watch.GATHERED_MAX + 500):
        kept.decided(ctx, Decision(True, Ask(USER, "s3:PutObject", f"arn:aws:s3:::photos/{number}")))
    assert len(kept._gathered) == watch.GATHERED_MAX + 1
    assert kept._gathered[Spot(USER.arn, "s3:PutObject", "arn:aws:s3:::photos/*")][2] == 500


def test_a_reset_forgets() -> None:
    kept = Decisions(lambda line: None)
    kept.decided(call(), REFUSED)
    kept.drop()
    assert list(kept.latest(refused=False)) == []
