"""Concurrency, tags and recursion: what belongs to a function as a whole, as recorded."""

from __future__ import annotations

import pytest

from .world import World, function


def test_reserved_concurrency_is_put_read_and_given_back(world: World) -> None:
    """lambda-013, lambda-014."""
    world.active()
    assert world.call("GetFunctionConcurrency", FunctionName="fn") == {}
    put = world.call("PutFunctionConcurrency", FunctionName="fn", ReservedConcurrentExecutions=0)
    assert put == {"ReservedConcurrentExecutions": 0}
    assert world.call("GetFunctionConcurrency", FunctionName="fn") == {"ReservedConcurrentExecutions": 0}
    assert world.call("DeleteFunctionConcurrency", FunctionName="fn") is None
    assert world.call("GetFunctionConcurrency", FunctionName="fn") == {}


def test_a_hundred_stay_unreserved() -> None:
    """lambda-015; a function's own reservation is not counted against it."""
    world = World(account_concurrency=110)
    world.active()
    world.active("other")
    world.call("PutFunctionConcurrency", FunctionName="fn", ReservedConcurrentExecutions=10)
    world.call("PutFunctionConcurrency", FunctionName="fn", ReservedConcurrentExecutions=9)
    error = world.fails("PutFunctionConcurrency", FunctionName="other", ReservedConcurrentExecutions=2)
    assert (error.status, error.code) == (400, "InvalidParameterValueException")
    assert error.message == (
        "Specified ReservedConcurrentExecutions for function decreases account's "
        "UnreservedConcurrentExecution below its minimum value of [100]."
    )
    world.call("PutFunctionConcurrency", FunctionName="other", ReservedConcurrentExecutions=0)


def test_concurrency_belongs_to_functions_alone(world: World) -> None:
    """rec-035, rec-036."""
    world.active()
    error = world.fails("PutFunctionConcurrency", FunctionName="doesnotexist", ReservedConcurrentExecutions=1)
    assert error.message == f"Function not found: {function('doesnotexist', '$LATEST')}"
    error = world.fails("PutFunctionConcurrency", FunctionName=function("fn", "1"), ReservedConcurrentExecutions=1)
    assert error.message == (
        "This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. "
        "Please specify either a function name or an unqualified function ARN."
    )


def test_tags_are_added_changed_and_removed(world: World) -> None:
    world.active(Tags={"a": "1"})
    world.call("TagResource", Resource=function("fn"), Tags={"a": "2", "b": "3"})
    assert world.call("ListTags", Resource=function("fn")) == {"Tags": {"a": "2", "b": "3"}}
    world.call("UntagResource", Resource=function("fn"), TagKeys=["a", "never"])
    assert world.call("ListTags", Resource=function("fn")) == {"Tags": {"b": "3"}}


@pytest.mark.parametrize(
    ("resource", "tags", "status", "message"),
    [
        (function("doesnotexist"), {"a": "b"}, 404, f"Function not found: {function('doesnotexist')}"),  # rec-049
        (
            function("fn", "v1"),  # rec-050
            {"a": "b"},
            400,
            "Tags on function aliases and versions are not supported. Please specify a function ARN.",
        ),
        (function("fn"), {}, 400, "An error occurred and the request cannot be processed."),  # rec-052
        (function("fn"), {str(n): "" for n in range(51)}, 400, "Number of tags exceeds resource tag limit."),  # rec-053
    ],
)
def test_tags_that_are_refused(world: World, resource: str, tags: dict[str, str], status: int, message: str) -> None:
    world.active()
    error = world.fails("TagResource", Resource=resource, Tags=tags)
    assert (error.status, error.message) == (status, message)


def test_recursion_is_terminated_unless_it_is_allowed(world: World) -> None:
    """async-030."""
    world.active()
    assert world.call("GetFunctionRecursionConfig", FunctionName="fn") == {"RecursiveLoop": "Terminate"}
    world.call("PutFunctionRecursionConfig", FunctionName="fn", RecursiveLoop="Allow")
    assert world.call("GetFunctionRecursionConfig", FunctionName="fn") == {"RecursiveLoop": "Allow"}


def test_when_a_runtime_is_patched_is_put_and_read_for_one_version(world: World) -> None:
    world.active()
    asked = {"UpdateRuntimeOn": "Auto", "FunctionArn": function("fn"), "RuntimeVersionArn": None}
    assert world.call("GetRuntimeManagementConfig", FunctionName="fn") == asked
    put = world.call("PutRuntimeManagementConfig", FunctionName="fn", UpdateRuntimeOn="FunctionUpdate")
    assert put == asked | {"UpdateRuntimeOn": "FunctionUpdate"}
    assert world.call("GetRuntimeManagementConfig", FunctionName="fn") == put
    error = world.fails("PutRuntimeManagementConfig", FunctionName="fn", UpdateRuntimeOn="Manual")
    assert (error.status, error.code) == (501, "NotImplemented")
    error = world.fails("GetRuntimeManagementConfig", FunctionName="fn", Qualifier="7")
    assert (error.status, error.code) == (404, "ResourceNotFoundException")


def test_no_function_has_a_code_signing_configuration(world: World) -> None:
    world.active()
    assert world.call("GetFunctionCodeSigningConfig", FunctionName="fn") == {"FunctionName": "fn"}
    error = world.fails("GetFunctionCodeSigningConfig", FunctionName="none")
    assert (error.status, error.message) == (404, f"Function not found: {function('none')}")
