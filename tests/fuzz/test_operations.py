"""Every served operation with inputs drawn from its model: nothing ends in a 500, nothing hangs, botocore reads every
answer, and what breaks a constraint of the model is refused.

`OUTFALL_FUZZ_EXAMPLES=500` asks for more than the few examples of an ordinary run.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import botocore.session
import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from outfall.host.compose import SERVICES
from outfall.testing import running

from .server import Fuzzed
from .values import breaches, values

EXAMPLES = int(os.environ.get("OUTFALL_FUZZ_EXAMPLES", "8"))
SAID_NO = ("Validation", "Invalid", "Malformed", "Missing", "NotFound", "NoSuch", "NotExist", "Limit", "Serialization")
AS_ON_AWS = {("events", "UpdateArchive"): "InternalException"}
"""Operations whose recorded answer to a name that is not there is an error of the server."""
CHECKED_ELSEWHERE = {("lambda", "UpdateFunctionConfiguration", "Runtime"), ("events", "PutEvents", "EndpointId")}
"""A runtime is looked at after the function; requests to global endpoints are signed in a way that is not served."""
SESSION = botocore.session.get_session()
MODELS = {service.name: SESSION.get_service_model(service.name) for service in SERVICES}
SERVED = [(service.name, name) for service in SERVICES for name in sorted(service.operations)]
CHECKED = ("cloudwatch", "events", "iam", "lambda", "logs", "sns", "sts")
"""Services that hold requests to their model's constraints with one sentence; S3 and SQS have rules of their own."""


@pytest.fixture(scope="module")
def fuzzed() -> Iterator[Fuzzed]:
    with running() as server:
        yield Fuzzed(server.endpoint)


def inputs(service: str, operation: str) -> st.SearchStrategy[Any]:
    shape = MODELS[service].operation_model(operation).input_shape
    return st.just({}) if shape is None else values(shape)


@pytest.mark.parametrize("service, operation", SERVED, ids=str)
def test_any_input_is_answered_as_the_model_says(fuzzed: Fuzzed, service: str, operation: str) -> None:
    fuzzed.furnish()

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=EXAMPLES < 50,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(inputs(service, operation))
    def asked(parameters: dict[str, Any]) -> None:
        answer = fuzzed.ask(service, operation, parameters)
        note(f"{parameters} -> {answer}")
        expected = AS_ON_AWS.get((service, operation))
        assert answer.status < 500 or answer.status == 501 or answer.code == expected, answer
        assert answer.status < 300 or answer.status == 304 or answer.code, "an error without a code"

    asked()


def broken() -> list[tuple[str, str, str]]:
    """Service, operation and member, for each constraint at the top of an input."""
    found = []
    for service, operation in SERVED:
        shape = MODELS[service].operation_model(operation).input_shape
        if service in CHECKED and shape is not None:
            found += [(service, operation, member) for member in breaches(shape)]
    return [one for one in found if one not in CHECKED_ELSEWHERE]


@pytest.mark.parametrize("service, operation, member", broken(), ids=str)
def test_what_breaks_a_constraint_is_refused(fuzzed: Fuzzed, service: str, operation: str, member: str) -> None:
    shape = MODELS[service].operation_model(operation).input_shape
    parameters = {name: _good(shape.members[name], name) for name in shape.required_members}
    parameters[member] = breaches(shape)[member]
    answer = fuzzed.ask(service, operation, parameters)
    assert not answer.sent or (400 <= answer.status < 500 and answer.code.startswith(SAID_NO)), (parameters, answer)


def _good(shape: Any, name: str) -> Any:
    """A value that the model allows."""
    if shape.type_name == "structure":
        return {one: _good(shape.members[one], one) for one in shape.required_members}
    if shape.type_name == "list":
        return [_good(shape.member, "")]
    if shape.type_name == "map":
        return {}
    if shape.type_name == "string":
        return shape.enum[0] if shape.enum else "a" * max(1, int(shape.metadata.get("min", 1)))
    return {"boolean": False, "blob": b"x", "timestamp": 0, "float": 1.0, "double": 1.0}.get(
        shape.type_name, int(shape.metadata.get("min", 1))
    )
