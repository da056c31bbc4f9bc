"""The service as a whole: its operations, their permissions, and that every answer fits the model."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel

from outfall.services.lambda_ import SERVICE

from .world import QUEUE, World

MODEL = ServiceModel(Loader().load_service_model("lambda", "service-2"))


OTHER_ACTIONS = {
    "Invoke": "InvokeFunction",
    "InvokeAsync": "InvokeFunction",
    "GetLayerVersionByArn": "GetLayerVersion",
}
"""Operations whose action has another name. https://docs.aws.amazon.com/service-authorization/latest/reference/"""


@pytest.mark.parametrize("name", SERVICE.operations)
def test_every_operation_is_in_the_model_and_takes_a_permission(name: str) -> None:
    assert name in MODEL.operation_names
    actions = [permission.action for permission in SERVICE.operations[name].permissions]
    assert actions[0] == f"lambda:{OTHER_ACTIONS.get(name, name)}"


def test_passing_a_role_takes_a_permission_of_its_own() -> None:
    for name in ("CreateFunction", "UpdateFunctionConfiguration"):
        assert "iam:PassRole" in [permission.action for permission in SERVICE.operations[name].permissions]


FN = {"FunctionName": "fn"}
CALLS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("GetFunction", FN),
    ("GetFunctionConfiguration", FN),
    ("ListFunctions", {"MaxItems": 1}),
    ("ListVersionsByFunction", FN),
    ("PublishVersion", FN),
    ("CreateAlias", {**FN, "Name": "a", "FunctionVersion": "1"}),
    ("GetAlias", {**FN, "Name": "a"}),
    ("ListAliases", FN),
    ("AddPermission", {**FN, "StatementId": "s", "Action": "lambda:*", "Principal": "*"}),
    ("GetPolicy", FN),
    ("PutFunctionConcurrency", {**FN, "ReservedConcurrentExecutions": 1}),
    ("GetFunctionConcurrency", FN),
    ("PutFunctionEventInvokeConfig", {**FN, "DestinationConfig": {"OnSuccess": {"Destination": QUEUE}}}),
    ("ListFunctionEventInvokeConfigs", FN),
    ("GetAccountSettings", {}),
    ("GetFunctionRecursionConfig", FN),
    ("Invoke", {**FN, "InvocationType": "Event"}),
    ("Invoke", {**FN, "InvocationType": "DryRun"}),
    ("UpdateFunctionConfiguration", {**FN, "Timeout": 4, "Environment": {"Variables": {"A": "b"}}}),
    ("DeleteFunction", FN),
)


def test_every_answer_has_the_members_of_its_shape_and_no_others(world: World) -> None:
    world.active(Tags={"a": "b"}, DeadLetterConfig={"TargetArn": QUEUE})
    world.active("other")
    for name, request in CALLS:
        fits(MODEL.operation_model(name).output_shape, world.call(name, **request), name)


def fits(shape: Any, value: Any, path: str) -> None:
    """Compares a value with a shape; None is a JSON null, which every member may be."""
    if value is None:
        return
    kinds = {"string": str, "integer": int, "long": int, "boolean": bool, "double": float, "blob": bytes}
    if shape.type_name == "structure":
        assert set(value) <= set(shape.members), path
        for member, inner in value.items():
            fits(shape.members[member], inner, f"{path}.{member}")
    elif shape.type_name == "list":
        for inner in value:
            fits(shape.member, inner, f"{path}[]")
    elif shape.type_name == "map":
        for inner in value.values():
            fits(shape.value, inner, f"{path}{{}}")
    else:
        assert isinstance(value, kinds.get(shape.type_name, int)), path


@pytest.mark.parametrize("marker", ["x", "e30=", "\u00e4", base64.urlsafe_b64encode(b"[" * 5000).decode()])
def test_a_marker_that_is_none_is_refused(world: World, marker: str) -> None:
    error = world.fails("ListFunctions", Marker=marker)
    assert (error.status, error.code) == (400, "InvalidParameterValueException")
