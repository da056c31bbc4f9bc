"""Invoke in its three types, as recorded."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any

import pytest

from outfall.core.effects import Respond, RunFunction
from outfall.core.errors import AwsError
from outfall.core.invocation import AsyncEvent, LogLine, Outcome, Throttled
from outfall.flow.accept import QUEUES, unpack
from outfall.host.concurrency import Concurrency
from outfall.services.lambda_.invoke import log_tail
from tests.support import ACCOUNT, REGION

from .world import REQUEST, ROLE, World, archive, function

FINE = Outcome(b'{"ok": true}', "", "$LATEST", "stream", (LogLine(0, "START"), LogLine(1, "END\n")))


def queued(world: World, name: str = "fn") -> list[AsyncEvent]:
    queue = f"{QUEUES}{ACCOUNT}/{REGION}/{name}"
    return world.store.transact(lambda tx: [unpack(item.payload) for item in tx.peek(queue)])


def run(world: World, **request: Any) -> RunFunction:
    effect = world.call("Invoke", FunctionName=request.pop("FunctionName", "fn"), **request)
    assert isinstance(effect, RunFunction)
    return effect


def answered(effect: RunFunction, outcome: Outcome | Throttled) -> Any:
    told = effect.resume(None, outcome)  # type: ignore[arg-type]  # the answer depends on the outcome alone
    assert isinstance(told, Respond)
    assert told.headers == (("X-Amzn-Trace-Id", effect.run.trace_header),)
    return told.output


def test_a_synchronous_invocation_runs_the_function_and_answers_with_its_result(world: World) -> None:
    world.active(Environment={"Variables": {"A": "1"}}, Timeout=7)
    effect = run(world, Payload=b'{"n": 1}')
    assert effect.run.payload == b'{"n": 1}'
    assert effect.run.request_id == REQUEST
    assert effect.run.invoked_arn == function("fn")
    spec = effect.run.environment
    assert (spec.function_arn, spec.version, spec.role_arn) == (function("fn"), "$LATEST", ROLE)
    assert (spec.variables, spec.timeout_s, spec.code.sha256) == ((("A", "1"),), 7, archive().sha256)
    assert answered(effect, FINE) == {"StatusCode": 200, "ExecutedVersion": "$LATEST", "Payload": b'{"ok": true}'}


def test_a_function_error_is_answered_200_with_its_header(world: World) -> None:
    """lambda-019."""
    world.active()
    outcome = Outcome(b'{"errorMessage": "boom"}', "Unhandled", "$LATEST", "stream")
    answer = answered(run(world), outcome)
    assert (answer["StatusCode"], answer["FunctionError"]) == (200, "Unhandled")


def test_no_payload_is_an_empty_object(world: World) -> None:
    world.active()
    assert run(world).run.payload == b"{}"
    world.call("Invoke", FunctionName="fn", InvocationType="Event")
    assert queued(world)[0].payload == b"{}"


def test_the_tail_of_the_log_is_the_last_4_kb(world: World) -> None:
    """lambda-017."""
    world.active()
    answer = answered(run(world, LogType="Tail"), FINE)
    assert base64.b64decode(answer["LogResult"]) == b"START\nEND\n"
    long = tuple(LogLine(n, f"{n:06d} " + "x" * 100) for n in range(100))
    tail = base64.b64decode(log_tail(long))
    assert len(tail) == 4096
    assert tail.endswith(b"x\n")


def test_throttling_is_429_with_its_reason(world: World) -> None:
    """rec-152."""
    world.active()
    effect = run(world)
    with pytest.raises(AwsError) as caught:
        answered(effect, Throttled("ConcurrentInvocationLimitExceeded"))
    assert (caught.value.status, caught.value.code) == (429, "TooManyRequestsException")
    assert caught.value.message == "Rate Exceeded."
    assert caught.value.fields == {"Type": "User", "Reason": "ConcurrentInvocationLimitExceeded"}


def test_reserved_concurrency_0_throttles_at_once_and_still_accepts_events(world: World) -> None:
    """async-012, async-013."""
    world.active()
    world.call("PutFunctionConcurrency", FunctionName="fn", ReservedConcurrentExecutions=0)
    throttled = asyncio.run(Concurrency(1000).enter(run(world).run))
    assert throttled == Throttled("ReservedFunctionConcurrentInvocationLimitExceeded")
    assert world.call("Invoke", FunctionName="fn", InvocationType="Event")["StatusCode"] == 202


def test_an_event_is_accepted_under_the_id_of_the_request(world: World) -> None:
    """async-001, async-026: the client context is not even looked at."""
    world.active()
    answer = world.call(
        "Invoke",
        FunctionName="fn",
        Qualifier="$LATEST",
        InvocationType="Event",
        Payload=b'{"n":1}',
        ClientContext="garbage",
        headers={"x-amzn-trace-id": "Root=1-00000000-000000000000000000000000"},
    )
    assert answer == {"StatusCode": 202, "Payload": b""}
    (event,) = queued(world)
    assert (event.id, event.function, event.payload) == (REQUEST, function("fn", "$LATEST"), b'{"n":1}')
    assert event.trace_header.startswith("Root=1-00000000-000000000000000000000000;Parent=")


def test_a_dry_run_does_nothing(world: World) -> None:
    """async-002."""
    world.active()
    assert world.call("Invoke", FunctionName="fn", InvocationType="DryRun") == {"StatusCode": 204}
    assert queued(world) == []


@pytest.mark.parametrize("kind", ["RequestResponse", "Event", "DryRun"])
def test_a_function_that_is_not_there_is_named_with_its_qualifier(world: World, kind: str) -> None:
    """async-025, rec-158, rec-153."""
    error = world.fails("Invoke", FunctionName="nope", InvocationType=kind)
    assert (error.status, error.message) == (404, f"Function not found: {function('nope', '$LATEST')}")
    world.active()
    error = world.fails("Invoke", FunctionName="fn", Qualifier="gone", InvocationType=kind)
    assert error.message == f"Function not found: {function('fn', 'gone')}"


@pytest.mark.parametrize("kind", ["RequestResponse", "Event"])
def test_a_pending_function_cannot_be_invoked(world: World, kind: str) -> None:
    world.create()
    error = world.fails("Invoke", FunctionName="fn", InvocationType=kind)
    assert (error.status, error.code) == (409, "ResourceConflictException")
    assert error.message == (
        "The operation cannot be performed at this time. The function is currently in the following state: Pending"
    )


WHERE = "\n at [Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: 1, column: "
EXPECTED = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"
NOT_JSON = {
    "rec-159": (b"n\x87r\x9e", f"Invalid UTF-8 start byte 0x87{WHERE}3]"),
    "rec-160": (
        "\x99,j".encode(),
        f"Unexpected character ((CTRL-CHAR, code 153)): expected a valid value {EXPECTED}{WHERE}1]",
    ),
    "async-022": (b"not json", f"Unrecognized token 'not': was expecting {EXPECTED}{WHERE}1]"),
}


@pytest.mark.parametrize("kind", ["RequestResponse", "Event"])
@pytest.mark.parametrize("case", NOT_JSON)
def test_a_payload_has_to_be_json(world: World, case: str, kind: str) -> None:
    world.active()
    payload, said = NOT_JSON[case]
    error = world.fails("Invoke", FunctionName="fn", Payload=payload, InvocationType=kind)
    assert (error.status, error.code) == (400, "InvalidRequestContentException")
    assert error.message == f"Could not parse request body into json: Could not parse payload into json: {said}"


@pytest.mark.parametrize("payload", [b"NaN", b"[1", b"{", b'{"a":1} x', b"[" * 100_000])
def test_what_is_nearly_json_is_refused_too(world: World, payload: bytes) -> None:
    world.active()
    assert world.fails("Invoke", FunctionName="fn", Payload=payload).code == "InvalidRequestContentException"


@pytest.mark.parametrize("payload", [b"null", b'"text"', b"1" * 5000, b" [] ", '{"ä": "\u2028"}'.encode()])
def test_any_json_is_a_payload_and_stays_as_it_is(world: World, payload: bytes) -> None:
    world.active()
    assert run(world, Payload=payload).run.payload == payload


def test_how_large_a_payload_may_be(world: World) -> None:
    """async-023, async-024."""
    world.active()

    def sized(size: int) -> bytes:
        return b'"' + b"x" * (size - 2) + b'"'

    world.call("Invoke", FunctionName="fn", InvocationType="Event", Payload=sized(1_048_576))
    error = world.fails("Invoke", FunctionName="fn", InvocationType="Event", Payload=sized(2_236_568))
    assert (error.status, error.code) == (413, "RequestEntityTooLargeException")
    assert error.message == ("2236568 byte payload is too large for the Event invocation type (limit 1048576 bytes)")
    run(world, Payload=sized(6_291_456))
    error = world.fails("Invoke", FunctionName="fn", Payload=sized(6_291_457))
    assert error.message == "Request must be smaller than 6291456 bytes for the InvokeFunction operation"


def test_the_client_context_reaches_the_handler_as_json(world: World) -> None:
    world.active()
    told = base64.b64encode(json.dumps({"custom": {"a": 1}}).encode()).decode()
    assert json.loads(run(world, ClientContext=told).run.client_context) == {"custom": {"a": 1}}


NO_CONTEXT = {
    "no base64": "garbage!",
    "no JSON": base64.b64encode(b"text").decode(),
    "no object": base64.b64encode(b"[]").decode(),
    "no text": base64.b64encode(b"\xff").decode(),
    "deeply nested": base64.b64encode(b"[" * 2600).decode(),
    "too long": base64.b64encode(b'{"a":"' + b"x" * 3000 + b'"}').decode(),
}


@pytest.mark.parametrize("case", NO_CONTEXT, ids=str)
def test_a_client_context_that_is_none_is_refused(world: World, case: str) -> None:
    world.active()
    error = world.fails("Invoke", FunctionName="fn", ClientContext=NO_CONTEXT[case])
    assert error.message == "Client context must be a valid Base64-encoded JSON object."


def test_a_version_and_an_alias_are_seen_as_they_were_invoked(world: World) -> None:
    """lambda-032, lambda-033, lambda-034."""
    world.active()
    world.call("PublishVersion", FunctionName="fn")
    world.call("CreateAlias", FunctionName="fn", Name="live", FunctionVersion="1")
    for qualifier, version in (("1", "1"), ("live", "1"), ("$LATEST", "$LATEST")):
        effect = run(world, Qualifier=qualifier)
        assert effect.run.invoked_arn == function("fn", qualifier)
        assert effect.run.environment.version == version


def test_the_older_asynchronous_call_has_its_older_limit(world: World) -> None:
    world.active()
    assert world.call("InvokeAsync", FunctionName="fn", InvokeArgs=b'{"a":1}') == {"Status": 202}
    assert queued(world)[0].payload == b'{"a":1}'
    assert world.fails("InvokeAsync", FunctionName="fn", InvokeArgs=b'"' + b"x" * 262_144 + b'"').status == 413
