"""Versions and aliases, as recorded [LS:TestLambdaVersions, LS:TestLambdaAlias]."""

from __future__ import annotations

from typing import Any

import pytest

from outfall.core.arn import Arn
from outfall.services.lambda_.functions import LambdaFunctions

from .world import World, archive, function


@pytest.fixture
def two(world: World) -> World:
    """A function with versions 1 and 2."""
    world.active()
    world.call("PublishVersion", FunctionName="fn")
    world.call("UpdateFunctionConfiguration", FunctionName="fn", Description="second")
    world.settle()
    world.call("PublishVersion", FunctionName="fn")
    return world


def test_publishing_what_did_not_change_gives_the_same_version(world: World) -> None:
    """lambda-029."""
    world.active()
    first = world.call("PublishVersion", FunctionName="fn", Description="one")
    assert (first["Version"], first["FunctionArn"]) == ("1", function("fn", "1"))
    assert (first["State"], first["Description"]) == ("Active", "one")
    again = world.call("PublishVersion", FunctionName="fn", Description="two")
    assert again == first
    world.call("UpdateFunctionCode", FunctionName="fn", ZipFile=archive({"app.py": "2"}))
    world.settle()
    assert world.call("PublishVersion", FunctionName="fn")["Version"] == "2"


def test_a_version_does_not_change_with_latest(two: World) -> None:
    assert two.call("GetFunctionConfiguration", FunctionName="fn", Qualifier="1")["Description"] == ""
    assert two.call("GetFunctionConfiguration", FunctionName="fn:2")["Description"] == "second"


def test_publishing_with_a_creation_or_an_update_waits_for_the_code(world: World) -> None:
    made = world.create(Publish=True)
    assert (made["Version"], made["FunctionArn"], made["State"]) == ("1", function("fn", "1"), "Pending")
    world.settle()
    assert world.call("GetFunctionConfiguration", FunctionName="fn:1")["State"] == "Active"
    changed = world.call("UpdateFunctionCode", FunctionName="fn", ZipFile=archive({"app.py": "2"}), Publish=True)
    assert (changed["Version"], changed["State"], changed["LastUpdateStatus"]) == ("2", "Pending", None)
    world.settle()
    assert world.call("GetFunctionConfiguration", FunctionName="fn:2")["LastUpdateStatus"] == "Successful"


def test_a_wrong_digest_is_refused(world: World) -> None:
    """rec-013."""
    digest = world.active()["CodeSha256"]
    error = world.fails("PublishVersion", FunctionName="fn", CodeSha256="somenonexistentsha256")
    assert error.message == (
        f"CodeSHA256 (somenonexistentsha256) is different from current CodeSHA256 in $LATEST ({digest}). "
        "Please try again with the CodeSHA256 in $LATEST."
    )


def test_versions_are_listed_by_number(world: World) -> None:
    world.active()
    for number in range(11):
        world.call("UpdateFunctionConfiguration", FunctionName="fn", Description=str(number))
        world.settle()
        world.call("PublishVersion", FunctionName="fn")
    listed = world.call("ListVersionsByFunction", FunctionName="fn")["Versions"]
    assert [one["Version"] for one in listed] == ["$LATEST", *(str(number) for number in range(1, 12))]
    assert listed[0]["FunctionArn"] == function("fn", "$LATEST")


def test_a_number_is_never_used_again(two: World) -> None:
    """Not even by a function that was deleted and created anew."""
    two.call("DeleteFunction", FunctionName="fn")
    two.active()
    assert two.call("PublishVersion", FunctionName="fn")["Version"] == "3"


def test_deleting_a_version_can_be_repeated_but_not_below_an_alias(two: World) -> None:
    two.call("CreateAlias", FunctionName="fn", Name="live", FunctionVersion="2")
    error = two.fails("DeleteFunction", FunctionName="fn", Qualifier="2")
    assert (error.status, error.code) == (409, "ResourceConflictException")
    for _ in range(2):
        assert two.call("DeleteFunction", FunctionName="fn", Qualifier="1") == {"StatusCode": 204}
    assert two.fails("GetFunction", FunctionName="fn:1").status == 404


def test_an_alias_is_made_read_moved_and_deleted(two: World) -> None:
    made = two.call("CreateAlias", FunctionName="fn", Name="live", FunctionVersion="1", Description="d")
    assert made == {
        "AliasArn": function("fn", "live"),
        "Name": "live",
        "FunctionVersion": "1",
        "Description": "d",
        "RevisionId": made["RevisionId"],
    }
    assert two.call("GetAlias", FunctionName="fn", Name="live") == made
    moved = two.call("UpdateAlias", FunctionName="fn", Name="live", FunctionVersion="2", RevisionId=made["RevisionId"])
    assert (moved["FunctionVersion"], moved["Description"]) == ("2", "d")
    assert moved["RevisionId"] != made["RevisionId"]
    shown = two.call("GetFunctionConfiguration", FunctionName="fn", Qualifier="live")
    assert (shown["FunctionArn"], shown["Version"]) == (function("fn", "live"), "2")
    for _ in range(2):
        assert two.call("DeleteAlias", FunctionName="fn", Name="live") is None
    assert two.call("ListAliases", FunctionName="fn") == {"Aliases": []}


def weights(**given: float) -> dict[str, Any]:
    return {"AdditionalVersionWeights": {number.removeprefix("v"): weight for number, weight in given.items()}}


REFUSED: dict[str, tuple[str, dict[str, Any], int, str]] = {
    "rec-015": (
        "CreateAlias",
        {"RoutingConfig": weights(v1=0.1, v2=0.2)},
        400,
        "Number of items in AdditionalVersionWeights cannot be greater than 1",
    ),
    "rec-018": (
        "CreateAlias",
        {"RoutingConfig": weights(v1=0.5)},
        400,
        "Invalid function version 1. Function version 1 is already included in routing configuration.",
    ),
    "rec-019": ("CreateAlias", {"FunctionVersion": "10"}, 404, f"Function not found: {function('fn', '10')}"),
    "rec-020": (
        "CreateAlias",
        {"FunctionVersion": "$LATEST", "RoutingConfig": weights(v1=0.5)},
        400,
        "$LATEST is not supported for an alias pointing to more than 1 version",
    ),
    "rec-022": ("CreateAlias", {"FunctionName": "unknown"}, 404, f"Function not found: {function('unknown', '1')}"),
    "lambda-027": ("CreateAlias", {"Name": "there"}, 409, f"Alias already exists: {function('fn', 'there')}"),
    "lambda-028": ("GetAlias", {"Name": "nope"}, 404, f"Cannot find alias arn: {function('fn', 'nope')}"),
    "rec-143": ("UpdateAlias", {"Name": "nope"}, 404, f"Alias not found: {function('fn', 'nope')}"),
}


@pytest.mark.parametrize("case", REFUSED, ids=str)
def test_what_is_refused(two: World, case: str) -> None:
    two.call("CreateAlias", FunctionName="fn", Name="there", FunctionVersion="1")
    operation, given, status, message = REFUSED[case]
    error = two.fails(operation, **{"FunctionName": "fn", "Name": "a", "FunctionVersion": "1", **given})
    assert (error.status, error.message) == (status, message)


def test_an_alias_with_weights_divides_its_invocations(two: World) -> None:
    two.call("CreateAlias", FunctionName="fn", Name="live", FunctionVersion="1", RoutingConfig=weights(v2=0.25))
    # Counting ids draw 0.000001, 0.000002, ...: as good as always below a quarter, never above three quarters.
    assert _versions(two) == {"2"}
    two.call("UpdateAlias", FunctionName="fn", Name="live", RoutingConfig=weights(v2=0.0))
    assert _versions(two) == {"1"}
    cleared = two.call("UpdateAlias", FunctionName="fn", Name="live", RoutingConfig={})
    assert "RoutingConfig" not in cleared


def _versions(world: World) -> set[str]:
    arn = Arn.parse(function("fn", "live"))
    drawn = (world.store.transact(lambda tx: LambdaFunctions().resolve(world.context(tx), arn)) for _ in range(20))
    return {target.executed_version for target in drawn if target}
