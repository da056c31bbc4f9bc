"""Provisioned concurrency as configuration [LS:TestLambdaProvisionedConcurrency]."""

from __future__ import annotations

from typing import Any

import pytest

from .world import World, function

CONFLICT = "ResourceConflictException"


@pytest.fixture
def world() -> World:
    """A function with two versions, and an alias of the first."""
    world = World(account_concurrency=200)
    world.active()
    world.call("PublishVersion", FunctionName="fn")
    world.call("UpdateFunctionConfiguration", FunctionName="fn", Description="2")
    world.settle()
    world.call("PublishVersion", FunctionName="fn")
    world.call("CreateAlias", FunctionName="fn", Name="live", FunctionVersion="1")
    return world


def put(world: World, qualifier: str, wanted: int = 5) -> Any:
    return world.call("PutProvisionedConcurrencyConfig", **asked(qualifier, wanted))


def asked(qualifier: str, wanted: int = 5) -> dict[str, Any]:
    return {"FunctionName": "fn", "Qualifier": qualifier, "ProvisionedConcurrentExecutions": wanted}


def get(world: World, qualifier: str) -> Any:
    return world.call("GetProvisionedConcurrencyConfig", FunctionName="fn", Qualifier=qualifier)


def test_it_is_in_progress_first_and_ready_when_it_is_looked_at(world: World) -> None:
    at = "2027-01-15T08:00:00.000+0000"
    assert put(world, "1") == {
        "RequestedProvisionedConcurrentExecutions": 5,
        "AllocatedProvisionedConcurrentExecutions": 0,
        "Status": "IN_PROGRESS",
        "LastModified": at,
    }
    ready = {
        "RequestedProvisionedConcurrentExecutions": 5,
        "AvailableProvisionedConcurrentExecutions": 5,
        "AllocatedProvisionedConcurrentExecutions": 5,
        "Status": "READY",
        "LastModified": at,
    }
    assert get(world, "1") == ready
    listed = world.call("ListProvisionedConcurrencyConfigs", FunctionName="fn")
    assert listed == {"ProvisionedConcurrencyConfigs": [{"FunctionArn": function("fn", "1"), **ready}]}


def test_what_is_deleted_is_not_found(world: World) -> None:
    """rec-054, rec-064."""
    put(world, "live")
    world.call("DeleteProvisionedConcurrencyConfig", FunctionName="fn", Qualifier="live")
    error = world.fails("GetProvisionedConcurrencyConfig", FunctionName="fn", Qualifier="live")
    assert (error.status, error.code, error.message) == (
        404,
        "ProvisionedConcurrencyConfigNotFoundException",
        "No Provisioned Concurrency Config found for this function",
    )
    put(world, "live")
    world.call("DeleteAlias", FunctionName="fn", Name="live")
    error = world.fails("GetProvisionedConcurrencyConfig", FunctionName="fn", Qualifier="live")
    assert error.message == f"Cannot find alias arn: {function('fn', 'live')}"
    world.call("CreateAlias", FunctionName="fn", Name="live", FunctionVersion="1")
    error = world.fails("GetProvisionedConcurrencyConfig", FunctionName="fn", Qualifier="live")
    assert error.code == "ProvisionedConcurrencyConfigNotFoundException"


@pytest.mark.parametrize(
    ("operation", "named", "status", "message"),
    [
        ("Get", ("doesnotexist", "noalias"), 404, f"Cannot find alias arn: {function('doesnotexist', 'noalias')}"),
        ("Get", ("fn", "noalias"), 404, f"Cannot find alias arn: {function('fn', 'noalias')}"),
        ("Get", ("fn", "$LATEST"), 400, "The function resource provided must be an alias or a published version."),
        ("Delete", ("doesnotexist", "1"), 404, f"Function not found: {function('doesnotexist', '1')}"),
        ("Put", ("fn", "doesnotexist"), 404, f"Cannot find alias arn: {function('fn', 'doesnotexist')}"),
        (
            "Put",
            ("fn", "$LATEST"),
            400,
            "Provisioned Concurrency Configs cannot be applied to unpublished function versions.",
        ),
    ],
    ids=["rec-055", "rec-056", "rec-057", "rec-058", "rec-060", "rec-061+lambda-016"],
)
def test_only_versions_and_aliases_have_it(
    world: World, operation: str, named: tuple[str, str], status: int, message: str
) -> None:
    more = {"ProvisionedConcurrentExecutions": 1} if operation == "Put" else {}
    error = world.fails(f"{operation}ProvisionedConcurrencyConfig", FunctionName=named[0], Qualifier=named[1], **more)
    assert (error.status, error.message) == (status, message)


def test_rec_062_an_alias_of_a_provisioned_version_cannot_have_it(world: World) -> None:
    put(world, "1")
    error = world.fails("PutProvisionedConcurrencyConfig", **asked("live"))
    assert (error.code, error.message) == (
        CONFLICT,
        "Alias can't be used for Provisioned Concurrency configuration on an already Provisioned version",
    )


def test_rec_063_a_version_of_a_provisioned_alias_cannot_have_it(world: World) -> None:
    put(world, "live")
    error = world.fails("PutProvisionedConcurrencyConfig", **asked("1"))
    assert (error.code, error.message) == (CONFLICT, "Version is pointed by a Provisioned Concurrency alias")
    put(world, "2")


def test_the_account_keeps_its_minimum(world: World) -> None:
    """rec-115, rec-116: of 200."""
    assert world.fails("PutProvisionedConcurrencyConfig", **asked("1", 201)).message == (
        "Specified ConcurrentExecutions for function is greater than account's unreserved concurrency [200]."
    )
    assert world.fails("PutProvisionedConcurrencyConfig", **asked("1", 101)).message == (
        "Specified ConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its "
        "minimum value of [100]."
    )
    put(world, "1", 100)
    put(world, "1", 99)
    assert "minimum value" in world.fails("PutProvisionedConcurrencyConfig", **asked("2", 2)).message


def test_it_lies_within_the_reservation(world: World) -> None:
    """rec-155, rec-156."""
    put(world, "1", 2)
    assert world.fails("PutFunctionConcurrency", FunctionName="fn", ReservedConcurrentExecutions=1).message == (
        " ReservedConcurrentExecutions  1 should not be lower than function's total provisioned concurrency [2]."
    )
    world.call("PutFunctionConcurrency", FunctionName="fn", ReservedConcurrentExecutions=2)
    assert world.fails("PutProvisionedConcurrencyConfig", **asked("2", 1)).message == (
        "Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution for function"
    )


def test_it_goes_with_its_function(world: World) -> None:
    put(world, "1")
    world.call("DeleteFunction", FunctionName="fn")
    world.active()
    assert world.call("ListProvisionedConcurrencyConfigs", FunctionName="fn") == {"ProvisionedConcurrencyConfigs": []}
