"""Every timing rule of an attempt, as AWS has it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from outfall.core.invocation import (
    AsyncEvent,
    Ending,
    EnvironmentSpec,
    FunctionTarget,
    Logging,
    Outcome,
    Package,
    Response,
    RetryPolicy,
)
from outfall.core.lineage import digest_of
from outfall.flow.attempt import (
    Retry,
    Settle,
    after_run,
    after_throttle,
    before,
    begin_wait,
    end_wait,
    rescale,
)

FUNCTION = "arn:aws:lambda:us-east-1:111111111111:function:fn"
AS_AWS = RetryPolicy()
T0 = 1_800_000_000_000
BOOM = Outcome(b'{"errorMessage":"boom!"}', "Unhandled", "$LATEST", "stream")
FINE = Outcome(b'"fine"', "", "$LATEST", "stream")


def target(retry: RetryPolicy = AS_AWS, reserved: int | None = None, loop: str = "Terminate") -> FunctionTarget:
    spec = EnvironmentSpec(
        FUNCTION, "$LATEST", "r", "python3.12", "a.b", Package("", ()), (), (), "role", 128, 512, 3, Logging("/g")
    )
    return FunctionTarget(FUNCTION, "fn", "$LATEST", spec, retry, reserved_concurrency=reserved, recursive_loop=loop)


def event(retry: RetryPolicy = AS_AWS) -> AsyncEvent:
    return AsyncEvent("id", FUNCTION, b"{}", T0, Ending(retry=retry))


def play(retry: RetryPolicy, scale: float = 1.0, limit: int = 50) -> tuple[list[int], Settle]:
    """Attempts (seconds after acceptance) of an event whose handler always fails, and how it is settled."""
    now, this, at = T0, event(retry), []
    for _ in range(limit):
        at.append((now - T0) // 1000)
        verdict = after_run(this, BOOM, now)
        if isinstance(verdict, Settle):
            return at, verdict
        this, now = begin_wait(verdict.event, verdict.wait_ms, now, scale)
    raise AssertionError("never settled")


@pytest.mark.parametrize(
    "case, retry, attempts_at_s, condition",
    [
        ("async-005", RetryPolicy(2), [0, 60, 180], "RetriesExhausted"),
        ("async-007", RetryPolicy(0), [0], "RetriesExhausted"),
        ("async-008", RetryPolicy(1), [0, 60], "RetriesExhausted"),
        ("async-009", RetryPolicy(2), [0, 60, 180], "RetriesExhausted"),
        ("async-010", RetryPolicy(2, 60), [0], "EventAgeExceeded"),
        ("async-011", RetryPolicy(2, 90), [0, 60], "EventAgeExceeded"),
        ("exhausted is looked at before age", RetryPolicy(0, 60), [0], "RetriesExhausted"),
    ],
)
def test_a_failing_event_is_tried_as_often_as_aws_tries_it(case, retry, attempts_at_s, condition):
    at, settled = play(retry)
    assert at == attempts_at_s, case
    assert settled.condition == condition
    assert settled.event.attempts == len(attempts_at_s)


@given(st.integers(0, 2), st.integers(60, 400), st.sampled_from([0.0, 0.001, 0.5, 1.0]))
def test_a_time_scale_changes_when_an_attempt_is_made_and_never_what_is_decided(retries, age_s, scale):
    policy = RetryPolicy(retries, age_s)
    at, settled = play(policy)
    scaled_at, scaled = play(policy, scale)
    assert (len(scaled_at), scaled.condition) == (len(at), settled.condition)


def test_success_settles_at_once():
    verdict = after_run(event(), FINE, T0)
    assert isinstance(verdict, Settle)
    assert verdict.condition == "Success"
    assert verdict.event.last == Response(200, "$LATEST", "", b'"fine"')


def test_zero_reserved_concurrency_ends_the_event_without_an_attempt():  # async-012
    _, verdict = before(event(), target(reserved=0), T0)
    assert isinstance(verdict, Settle)
    assert (verdict.condition, verdict.event.attempts, verdict.event.last) == ("ZeroReservedConcurrency", 0, None)


def test_throttles_wait_longer_and_longer_and_use_up_no_attempt():  # async-015
    now, this, waits = T0, event(RetryPolicy(0)), []
    for _ in range(12):
        verdict = after_throttle(this, now)
        assert isinstance(verdict, Retry)
        waits.append(verdict.wait_ms // 1000)
        this, now = begin_wait(verdict.event, verdict.wait_ms, now, 1.0)
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]
    assert this.attempts == 0


def test_an_event_throttled_until_its_age_ran_out_has_no_attempt_and_a_429():  # async-014
    now, this = T0, event(RetryPolicy(2, 60))
    while True:
        verdict = after_throttle(this, now)
        if isinstance(verdict, Settle):
            break
        this, now = begin_wait(verdict.event, verdict.wait_ms, now, 1.0)
    assert now == T0 + 60_000
    assert (verdict.condition, verdict.event.attempts, verdict.event.last) == ("EventAgeExceeded", 0, Response(429))


@pytest.mark.parametrize("case, retries, lookups_s", [("async-016", 0, [0]), ("async-017", 1, [0, 60])])
def test_each_look_up_of_a_function_that_is_gone_counts_as_an_attempt(case, retries, lookups_s):
    now, this, at = T0, event(RetryPolicy(retries)), []
    while True:
        at.append((now - T0) // 1000)
        _, verdict = before(this, None, now)
        assert verdict is not None
        if isinstance(verdict, Settle):
            break
        this, now = begin_wait(verdict.event, verdict.wait_ms, now, 1.0)
    assert at == lookups_s, case
    assert verdict.condition == "RetriesExhausted"
    assert (verdict.event.attempts, verdict.event.last) == (len(lookups_s), Response(404))


def test_a_404_replaces_what_an_earlier_attempt_answered():  # async-018
    first = after_run(event(RetryPolicy(1)), BOOM, T0)
    assert isinstance(first, Retry)
    _, verdict = before(first.event, None, T0 + 60_000)
    assert isinstance(verdict, Settle)
    assert (verdict.event.attempts, verdict.event.last) == (2, Response(404))


def test_an_event_that_waited_longer_than_its_age_is_not_run():
    _, verdict = before(event(RetryPolicy(2, 60)), target(RetryPolicy(2, 60)), T0 + 60_001)
    assert isinstance(verdict, Settle)
    assert verdict.condition == "EventAgeExceeded"


def traced(runs_before: int) -> AsyncEvent:
    return replace(event(), trace_header=f"Root=1-0-0;Lineage=1:{digest_of(FUNCTION)}:{runs_before}")


def test_the_seventeenth_run_of_a_chain_is_stopped():  # async-027
    assert before(traced(15), target(), T0)[1] is None
    stopped = before(traced(16), target(), T0)[1]
    assert isinstance(stopped, Settle)
    assert (stopped.condition, stopped.event.last, stopped.event.attempts) == ("RecursiveInvocation", Response(400), 0)


def test_a_function_may_allow_its_loop():  # async-028
    assert before(traced(17), target(loop="Allow"), T0)[1] is None


def test_settings_are_those_of_the_moment_of_the_attempt():
    this, verdict = before(event(RetryPolicy(2)), target(RetryPolicy(0)), T0)
    assert verdict is None
    assert isinstance(after_run(this, BOOM, T0), Settle)


def test_a_skipped_wait_counts_as_waited():
    first = after_run(event(RetryPolicy(2, 90)), BOOM, T0)
    assert isinstance(first, Retry)
    waiting, due_ms = begin_wait(first.event, first.wait_ms, T0, 1.0)
    skipped = end_wait(waiting, due_ms, T0 + 1_000)
    assert skipped.nominal_now_ms(T0 + 1_000) == due_ms
    assert isinstance(after_run(skipped, BOOM, T0 + 1_000), Settle)  # 60 s + 120 s would pass 90 s


@given(st.integers(0, 60_000), st.sampled_from([0.0, 0.1, 1.0]), st.sampled_from([0.0, 0.1, 1.0]))
def test_a_waiting_event_obeys_the_scale_of_the_server_that_runs(wait_ms, before_scale, after_scale):
    waiting, due_ms = begin_wait(event(), wait_ms, T0, before_scale)
    moved, new_due_ms = rescale(waiting, due_ms, after_scale)
    expected, expected_due_ms = begin_wait(event(), wait_ms, T0, after_scale)
    assert (moved.skipped_ms, new_due_ms) == (expected.skipped_ms, expected_due_ms)
    assert replace(moved, wait_from_ms=0) == replace(expected, wait_from_ms=0)
