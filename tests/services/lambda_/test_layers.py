"""Layers: their versions, their policies, and the functions that use them [LS:TestLambdaLayer]."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import replace

from outfall.core.arn import Arn
from outfall.core.body import Segment
from outfall.core.errors import AwsError
from outfall.core.invocation import EnvironmentSpec
from outfall.core.ports import Tx
from outfall.services.lambda_.code import UNZIPPED_SIZE_MAX, UploadedCode
from outfall.services.lambda_.functions import LambdaFunctions
from outfall.services.lambda_.model import CODE
from outfall.services.lambda_.permissions import function_policy
from tests.support import OTHER_ACCOUNT

from .world import World, archive, function

LAYER = "arn:aws:lambda:us-east-1:111111111111:layer:l"


def publish(world: World, name: str = "l", text: str = "x = 1", **more: Any) -> Any:
    content = more.pop("archive", archive({"python/lib.py": text}))
    return world.call("PublishLayerVersion", LayerName=name, Content={"ZipFile": content}, **more)


def kept(world: World) -> set[str]:
    """Digests of the archives that are kept."""
    return world.store.transact(lambda tx: {key[0] for key, _ in tx.scan(CODE)})


def spec(world: World, name: str = "fn") -> EnvironmentSpec:
    def work(tx: Tx) -> EnvironmentSpec:
        target = LambdaFunctions().resolve(world.context(tx), Arn.parse(function(name)))
        assert target is not None
        return target.environment

    return world.store.transact(work)


def test_a_published_version_tells_what_it_is(world: World) -> None:
    told = publish(world, Description="d", CompatibleRuntimes=["python3.12"], CompatibleArchitectures=["x86_64"])
    assert told["Content"]["Location"].endswith(archive({"python/lib.py": "x = 1"}).sha256)
    assert told["Content"]["CodeSize"] == archive({"python/lib.py": "x = 1"}).size
    del told["Content"]
    assert told == {
        "LayerArn": LAYER,
        "LayerVersionArn": f"{LAYER}:1",
        "Version": 1,
        "Description": "d",
        "CreatedDate": "2027-01-15T08:00:00.000+0000",
        "CompatibleArchitectures": ["x86_64"],
        "CompatibleRuntimes": ["python3.12"],
    }
    got = world.call("GetLayerVersion", LayerName="l", VersionNumber=1)
    assert got == world.call("GetLayerVersionByArn", Arn=f"{LAYER}:1")
    assert got["LayerVersionArn"] == f"{LAYER}:1"


def test_version_numbers_are_never_given_twice(world: World) -> None:
    publish(world)
    world.call("DeleteLayerVersion", LayerName=LAYER, VersionNumber=1)
    world.call("DeleteLayerVersion", LayerName="l", VersionNumber=1)
    assert publish(world)["Version"] == 2


def test_lists_begin_with_the_newest_version_and_can_be_filtered(world: World) -> None:
    for runtime in ("python3.12", "nodejs22.x", "python3.12"):
        publish(world, CompatibleRuntimes=[runtime])
    publish(world, name="other")

    def versions(**request: Any) -> list[int]:
        return [one["Version"] for one in world.call("ListLayerVersions", LayerName="l", **request)["LayerVersions"]]

    assert versions() == [3, 2, 1]
    assert versions(CompatibleRuntime="python3.12") == [3, 1]
    first = world.call("ListLayerVersions", LayerName="l", MaxItems=2)
    assert versions(Marker=first["NextMarker"]) == [1]
    layers = world.call("ListLayers")["Layers"]
    assert [(one["LayerName"], one["LatestMatchingVersion"]["Version"]) for one in layers] == [("l", 3), ("other", 1)]
    (only,) = world.call("ListLayers", CompatibleRuntime="nodejs22.x")["Layers"]
    assert only["LatestMatchingVersion"]["Version"] == 2
    assert world.call("ListLayerVersions", LayerName="nope") == {"LayerVersions": []}


@pytest.mark.parametrize(
    ("operation", "request_", "status", "message"),
    [
        ("GetLayerVersion", {"LayerName": "l", "VersionNumber": -1}, 400, "Layer Version Cannot be less than 1"),
        ("GetLayerVersion", {"LayerName": "l", "VersionNumber": 9}, 404, "The resource you requested does not exist."),
        ("DeleteLayerVersion", {"LayerName": "l", "VersionNumber": -1}, 400, "Layer Version Cannot be less than 1"),
        (
            "GetLayerVersionPolicy",
            {"LayerName": "l", "VersionNumber": 2},
            404,
            f"Layer version {LAYER}:2 does not exist.",
        ),
        (
            "GetLayerVersionPolicy",
            {"LayerName": "l", "VersionNumber": 1},
            404,
            "No policy is associated with the given resource.",
        ),
    ],
    ids=["rec-089", "missing", "delete", "rec-097", "no-policy"],
)
def test_versions_that_are_not_there(
    world: World, operation: str, request_: dict[str, Any], status: int, message: str
) -> None:
    publish(world)
    error = world.fails(operation, **request_)
    assert (error.status, error.message) == (status, message)


def test_rec_087_an_unknown_runtime_is_refused(world: World) -> None:
    """rec-087, rec-091: the order of the set varies on AWS."""
    error = world.fails("ListLayers", CompatibleRuntime="runtimedoesnotexist")
    assert error.code == "ValidationException"
    assert error.message.startswith(
        "1 validation error detected: Value 'runtimedoesnotexist' at 'compatibleRuntime' failed to satisfy constraint: "
        "Member must satisfy enum value set: ["
    )
    bad = {"LayerName": "l", "Content": {"ZipFile": archive()}, "CompatibleRuntimes": ["invalidruntime", "nodejs20.x"]}
    assert (
        "Value '[invalidruntime, nodejs20.x]' at 'compatibleRuntimes'"
        in world.fails("PublishLayerVersion", **bad).message
    )


ALLOW: dict[str, Any] = {
    "LayerName": "l",
    "VersionNumber": 1,
    "StatementId": "s1",
    "Action": "lambda:GetLayerVersion",
    "Principal": "*",
}


def test_a_layer_has_a_policy_of_its_own(world: World) -> None:
    publish(world)
    added = world.call("AddLayerVersionPermission", **ALLOW, OrganizationId="o-1234567890")
    assert json.loads(added["Statement"]) == {
        "Sid": "s1",
        "Effect": "Allow",
        "Principal": "*",
        "Action": "lambda:GetLayerVersion",
        "Resource": f"{LAYER}:1",
        "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1234567890"}},
    }
    got = world.call("GetLayerVersionPolicy", LayerName="l", VersionNumber=1)
    assert got["RevisionId"] == added["RevisionId"]
    assert world.store.transact(lambda tx: function_policy(world.context(tx), Arn.parse(f"{LAYER}:1"))) == got["Policy"]
    assert world.fails("AddLayerVersionPermission", **ALLOW).message == (  # rec-094
        "The statement id (s1) provided already exists. "
        "Please provide a new statement id, or remove the existing statement."
    )
    wrong = world.fails("AddLayerVersionPermission", **{**ALLOW, "StatementId": "s2", "RevisionId": "wrong"})  # rec-095
    assert (wrong.status, wrong.message) == (
        412,
        "The Revision Id provided does not match the latest Revision Id. "
        "Call the GetLayerPolicy API to retrieve the latest Revision Id",
    )
    gone = world.fails("AddLayerVersionPermission", **{**ALLOW, "LayerName": "l-doesnotexist"})  # rec-096
    assert (gone.status, gone.message) == (404, f"Layer version {LAYER}-doesnotexist:1 does not exist.")
    remove = {"LayerName": "l", "VersionNumber": 1}
    unknown = world.fails("RemoveLayerVersionPermission", **remove, StatementId="doesnotexist")  # rec-098
    assert (unknown.status, unknown.message) == (404, "Statement doesnotexist is not found in resource policy.")
    world.call("RemoveLayerVersionPermission", **remove, StatementId="s1")
    assert world.fails("GetLayerVersionPolicy", **remove).status == 404


def test_a_function_runs_with_its_layers_in_order(world: World) -> None:
    for name in ("a", "b"):
        publish(world, name=name, text=name)
    arns = [f"{LAYER[:-1]}{name}:1" for name in ("a", "b")]
    told = world.active(Layers=arns)
    assert [one["Arn"] for one in told["Layers"]] == arns
    assert told["Layers"][0]["CodeSize"] == archive({"python/lib.py": "a"}).size
    digests = [archive({"python/lib.py": name}).sha256 for name in ("a", "b")]
    assert [package.sha256 for package in spec(world).layers] == digests
    world.call("UpdateFunctionConfiguration", FunctionName="fn", Description="kept")
    world.settle()
    assert len(spec(world).layers) == 2
    world.call("UpdateFunctionConfiguration", FunctionName="fn", Layers=[])
    world.settle()
    assert world.call("GetFunctionConfiguration", FunctionName="fn")["Layers"] is None


def test_a_deleted_layer_stays_with_the_functions_that_use_it(world: World) -> None:
    publish(world)
    digest = archive({"python/lib.py": "x = 1"}).sha256
    world.active(Layers=[f"{LAYER}:1"])
    world.call("PublishVersion", FunctionName="fn")
    world.call("DeleteLayerVersion", LayerName="l", VersionNumber=1)
    world.call("UpdateFunctionConfiguration", FunctionName="fn", Layers=[])
    world.settle()
    assert digest in kept(world)
    world.call("DeleteFunction", FunctionName="fn")
    assert kept(world) == set()


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        (
            [f"{LAYER}:1", f"{LAYER}:2"],
            "Two different versions of the same layer are not allowed to be referenced in the same function. "
            f"{LAYER}:1 and {LAYER}:2 are versions of the same layer.",
        ),
        (
            [f"{LAYER}:1", f"{LAYER}:1"],
            "Two different versions of the same layer are not allowed to be referenced in the same function. "
            f"{LAYER}:1 and {LAYER}:1 are versions of the same layer.",
        ),
        ([f"{LAYER[:-1]}doesnotexist:1"], f"Layer version {LAYER[:-1]}doesnotexist:1 does not exist."),
        ([f"{LAYER}:9"], f"Layer version {LAYER}:9 does not exist."),
        (
            ["arn:aws:lambda:eu-west-1:111111111111:layer:l:1"],
            "Layers are not in the same region as the function. Layers are expected to be in region us-east-1.",
        ),
        ([f"{LAYER}{n}:1" for n in range(6)], "Cannot reference more than 5 layers."),
        (["arn::lambda:us-east-1:111111111111:layer:l:1"], "arn::lambda:us-east-1:111111111111:layer:l:1 is not the "),
    ],
    ids=["rec-099", "rec-100", "rec-101", "rec-102", "rec-104", "rec-109", "no-partition"],
)
def test_layers_that_a_function_cannot_have(world: World, layers: list[str], message: str) -> None:
    publish(world)
    publish(world)
    error = world.fails(
        "CreateFunction",
        FunctionName="fn",
        Runtime="python3.12",
        Handler="a.b",
        Role="arn:aws:iam::111111111111:role/fn-role",
        Code={"ZipFile": archive()},
        Layers=layers,
    )
    assert error.code == "InvalidParameterValueException"
    assert error.message.startswith(message)


def test_code_and_layers_have_one_limit(world: World) -> None:
    half = UNZIPPED_SIZE_MAX // 2

    def large(digest: str) -> UploadedCode:
        return replace(archive(), sha256=digest * 64, unzipped_size=half, segments=(Segment(1, data=b"x"),))

    publish(world, name="a", archive=large("a"))
    publish(world, name="b", archive=large("b"))
    layers = [f"{LAYER[:-1]}{name}:1" for name in ("a", "b")]
    world.active()
    total = UNZIPPED_SIZE_MAX + archive().unzipped_size
    assert world.fails("UpdateFunctionConfiguration", FunctionName="fn", Layers=layers).message == (
        "Function code combined with layers exceeds the maximum allowed size of 262144000 bytes. "
        f"The actual size is {total} bytes."
    )
    world.call("UpdateFunctionConfiguration", FunctionName="fn", Layers=layers[:1])
    world.settle()
    tight = replace(large("c"), unzipped_size=half + 1)
    assert world.fails("UpdateFunctionCode", FunctionName="fn", ZipFile=tight).message.endswith(
        f"The actual size is {UNZIPPED_SIZE_MAX + 1} bytes."
    )


def test_a_layer_of_another_account_takes_its_permission(world: World) -> None:
    stranger = f"arn:aws:lambda:us-east-1:{OTHER_ACCOUNT}:layer:l:1"
    with pytest.raises(AwsError) as caught:
        world.create(Layers=[stranger])
    assert caught.value.code == "AccessDeniedException"
    assert "lambda:GetLayerVersion" in caught.value.message
