"""The resource policy of functions, versions and aliases, as recorded [LS:TestLambdaPermissions]."""

from __future__ import annotations

import json
from typing import Any

import pytest

from outfall.authz import Ask, authorize
from outfall.core.arn import Arn
from outfall.core.ports import Tx
from outfall.core.principal import service_principal
from outfall.services.lambda_.errors import PolicyLengthExceededException
from outfall.services.lambda_.permissions import function_policy

from .world import ROLE, World, function

S3 = {"StatementId": "s3", "Action": "lambda:InvokeFunction", "Principal": "s3.amazonaws.com"}


def test_a_statement_is_answered_as_aws_writes_it(world: World) -> None:
    """lambda-011."""
    world.active()
    added = world.call(
        "AddPermission", FunctionName="fn", **S3, SourceArn="arn:aws:s3:::b", SourceAccount="111111111111"
    )
    assert added["Statement"] == (
        '{"Sid":"s3","Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},"Action":"lambda:InvokeFunction",'
        '"Resource":"arn:aws:lambda:us-east-1:111111111111:function:fn","Condition":'
        '{"StringEquals":{"AWS:SourceAccount":"111111111111"},"ArnLike":{"AWS:SourceArn":"arn:aws:s3:::b"}}}'
    )
    policy = json.loads(world.call("GetPolicy", FunctionName="fn")["Policy"])
    assert policy == {"Version": "2012-10-17", "Id": "default", "Statement": [json.loads(added["Statement"])]}


PRINCIPALS = {
    "*": "*",
    "222222222222": {"AWS": "arn:aws:iam::222222222222:root"},
    ROLE: {"AWS": ROLE},
    "arn:aws:iam::222222222222:user/u": {"AWS": "arn:aws:iam::222222222222:user/u"},
    "sns.amazonaws.com": {"Service": "sns.amazonaws.com"},
}


@pytest.mark.parametrize("given", PRINCIPALS)
def test_who_may_be_a_principal(world: World, given: str) -> None:
    world.active()
    added = world.call("AddPermission", FunctionName="fn", **{**S3, "Principal": given})
    assert json.loads(added["Statement"])["Principal"] == PRINCIPALS[given]


REFUSED: dict[str, tuple[dict[str, Any], int, str]] = {
    "rec-071": ({"Qualifier": "$LATEST"}, 400, "We currently do not support adding policies for $LATEST."),
    "rec-072": (
        {"Principal": "invalid.nonaws.com"},
        400,
        "The provided principal was invalid. Please check the principal and try again.",
    ),
    "a role that is not there": (
        {"Principal": "arn:aws:iam::111111111111:role/none"},
        400,
        "The provided principal was invalid. Please check the principal and try again.",
    ),
    "rec-074": (
        {"Qualifier": "alias-doesnotexist"},
        404,
        f"Cannot find alias arn: {function('fn', 'alias-doesnotexist')}",
    ),
    "rec-075": ({"Qualifier": "42"}, 404, f"Function not found: {function('fn', '42')}"),
    "rec-077": (
        {"Qualifier": "valid-with-$-but-doesnotexist"},
        404,
        f"Function not found: {function('fn', 'valid-with-$-but-doesnotexist')}",
    ),
    "rec-078": (
        {"StatementId": "there"},
        409,
        "The statement id (there) provided already exists. "
        "Please provide a new statement id, or remove the existing statement.",
    ),
    "rec-108": (
        {"RevisionId": "wrong"},
        412,
        "The Revision Id provided does not match the latest Revision Id. "
        "Call the GetPolicy API to retrieve the latest Revision Id",
    ),
}


@pytest.mark.parametrize("case", REFUSED, ids=str)
def test_what_is_refused(world: World, case: str) -> None:
    world.active()
    world.call("AddPermission", FunctionName="fn", **{**S3, "StatementId": "there"})
    given, status, message = REFUSED[case]
    error = world.fails("AddPermission", **{"FunctionName": "fn", **S3, **given})
    assert (error.status, error.message) == (status, message)


def test_the_policy_goes_with_its_last_statement(world: World) -> None:
    """lambda-012, rec-037, rec-073, rec-079."""
    world.active()
    assert world.fails("GetPolicy", FunctionName="fn").message == "The resource you requested does not exist."
    error = world.fails("RemovePermission", FunctionName="fn", StatementId="s3")
    assert error.message == "No policy is associated with the given resource."
    error = world.fails("RemovePermission", FunctionName="doesnotexist", StatementId="s3")
    assert error.message == f"No policy found for: {function('doesnotexist')}"
    world.call("AddPermission", FunctionName="fn", **S3)
    error = world.fails("RemovePermission", FunctionName="fn", StatementId="non-existent")
    assert error.message == "Statement non-existent is not found in resource policy."
    world.call("RemovePermission", FunctionName="fn", StatementId="s3")
    assert world.fails("GetPolicy", FunctionName="fn").status == 404


def test_the_revision_of_a_policy_guards_its_next_change(world: World) -> None:
    world.active()
    world.call("AddPermission", FunctionName="fn", **S3)
    revision = world.call("GetPolicy", FunctionName="fn")["RevisionId"]
    world.call("AddPermission", FunctionName="fn", **{**S3, "StatementId": "two"}, RevisionId=revision)
    assert world.fails("RemovePermission", FunctionName="fn", StatementId="two", RevisionId=revision).status == 412


def test_a_policy_has_a_largest_size(world: World) -> None:
    world.active()

    def add_many() -> None:
        for number in range(150):
            world.call("AddPermission", FunctionName="fn", **{**S3, "StatementId": f"{number:03d}" + "x" * 90})

    with pytest.raises(PolicyLengthExceededException):
        add_many()
    assert len(world.call("GetPolicy", FunctionName="fn")["Policy"]) <= 20_480


def test_a_policy_holds_for_exactly_the_qualifier_it_was_given_to(world: World) -> None:
    """lambda-025: S3 may invoke the function, and not its alias."""
    world.active()
    world.call("PublishVersion", FunctionName="fn")
    world.call("CreateAlias", FunctionName="fn", Name="live", FunctionVersion="1")
    world.call("AddPermission", FunctionName="fn", **S3)

    def allowed(tx: Tx, arn: str) -> bool:
        ctx = world.context(tx)
        policy = function_policy(ctx, Arn.parse(arn))
        who = service_principal("s3.amazonaws.com", "111111111111")
        return authorize(ctx, Ask(who, "lambda:InvokeFunction", arn, resource_policy=policy)).allowed

    assert world.store.transact(lambda tx: allowed(tx, function("fn")))
    assert not world.store.transact(lambda tx: allowed(tx, function("fn", "live")))
    world.call("AddPermission", FunctionName="fn", Qualifier="live", **S3)
    assert world.store.transact(lambda tx: allowed(tx, function("fn", "live")))
