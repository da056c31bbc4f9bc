"""Asynchronous settings and destinations, as recorded [LS:TestLambdaEventInvokeConfig]."""

from __future__ import annotations

from typing import Any

import pytest

from outfall.core.arn import Arn
from outfall.core.invocation import FunctionTarget, RetryPolicy
from outfall.services.lambda_.functions import LambdaFunctions
from tests.support import T0

from .world import BUCKET, POOR_ROLE, QUEUE, World, function

PUT = "PutFunctionEventInvokeConfig"
UPDATE = "UpdateFunctionEventInvokeConfig"
GET = "GetFunctionEventInvokeConfig"
DELETE = "DeleteFunctionEventInvokeConfig"


def to(kind: str, destination: str) -> dict[str, Any]:
    return {"DestinationConfig": {kind: {"Destination": destination}}}


def resolved(world: World, arn: str) -> FunctionTarget:
    def work(tx: Any) -> FunctionTarget | None:
        return LambdaFunctions().resolve(world.context(tx), Arn.parse(arn))

    target = world.store.transact(work)
    assert target is not None
    return target


def test_what_was_put_is_answered(world: World) -> None:
    """dest-020; the order of keys is AWS's."""
    world.active()
    put = world.call(PUT, FunctionName="fn", MaximumRetryAttempts=1, MaximumEventAgeInSeconds=60)
    assert put == {
        "DestinationConfig": {"OnFailure": {}, "OnSuccess": {}},
        "FunctionArn": function("fn", "$LATEST"),
        "LastModified": T0,
        "MaximumEventAgeInSeconds": 60,
        "MaximumRetryAttempts": 1,
    }
    assert list(put) == sorted(put)
    assert world.call(GET, FunctionName="fn", Qualifier="$LATEST") == put


def test_put_replaces_and_update_merges(world: World) -> None:
    """dest-038, dest-039."""
    world.active()
    world.call(PUT, FunctionName="fn", MaximumRetryAttempts=1, MaximumEventAgeInSeconds=60)
    merged = world.call(UPDATE, FunctionName="fn", MaximumRetryAttempts=2)
    assert (merged["MaximumRetryAttempts"], merged["MaximumEventAgeInSeconds"]) == (2, 60)
    replaced = world.call(PUT, FunctionName="fn", MaximumRetryAttempts=0)
    assert replaced["MaximumRetryAttempts"] == 0
    assert "MaximumEventAgeInSeconds" not in replaced


def test_an_empty_target_stays_and_an_empty_arn_removes(world: World) -> None:
    """dest-040, dest-041."""
    world.active()
    world.call(PUT, FunctionName="fn", **to("OnSuccess", QUEUE))
    kept = world.call(UPDATE, FunctionName="fn", DestinationConfig={"OnSuccess": {}})
    assert kept["DestinationConfig"]["OnSuccess"] == {"Destination": QUEUE}
    removed = world.call(UPDATE, FunctionName="fn", **to("OnSuccess", ""))
    assert removed["DestinationConfig"]["OnSuccess"] == {}


MISSING = "The function doesn't exist."


def no_config(name: str, qualifier: str = "$LATEST") -> str:
    return f"The function {function(name, qualifier)} doesn't have an EventInvokeConfig"


NOTHING = "You must specify at least one of error handling or destination setting."
REFUSED: dict[str, tuple[str, dict[str, Any], int, str]] = {
    "dest-021": (PUT, {"FunctionName": "nope", **to("OnSuccess", QUEUE)}, 404, MISSING),
    "dest-022": (PUT, {}, 400, NOTHING),
    "dest-023": (PUT, {"FunctionName": "nope"}, 400, NOTHING),
    "dest-024": (
        PUT,
        to("OnSuccess", function("doesnotexist")),
        400,
        f"The destination ARN {function('doesnotexist')} is invalid.",
    ),
    "dest-025": (
        PUT,
        to("OnSuccess", function("fn")),
        400,
        "You can't specify the function as a destination for itself.",
    ),
    "dest-026": (
        PUT,
        to("OnSuccess", "arn:aws:iam:us-east-1:111111111111:function:fn"),
        400,
        "The provided destination config DestinationConfig(onSuccess=OnSuccess("
        "destination=arn:aws:iam:us-east-1:111111111111:function:fn), onFailure=null) is invalid.",
    ),
    "dest-028": (PUT, {"Qualifier": "nope", "MaximumRetryAttempts": 1}, 404, MISSING),
    "dest-030": (GET, {}, 404, no_config("fn")),
    "dest-031": (GET, {"FunctionName": "doesnotexist"}, 404, no_config("doesnotexist")),
    "dest-032": (DELETE, {"FunctionName": "doesnotexist"}, 404, no_config("doesnotexist")),
    "rec-006": (GET, {"Qualifier": "1221"}, 404, no_config("fn", "1221")),
    "dest-034": (UPDATE, {"FunctionName": "nope", "MaximumRetryAttempts": 1}, 404, MISSING),
    "dest-035": (UPDATE, {"MaximumRetryAttempts": 1}, 404, no_config("fn")),
    "dest-042": (PUT, to("OnFailure", QUEUE + "2"), 400, f"The destination ARN {QUEUE}2 is invalid."),
    "dest-043": (PUT, to("OnFailure", QUEUE + ".fifo"), 400, f"The destination ARN {QUEUE}.fifo is invalid."),
    "dest-044": (
        PUT,
        to("OnFailure", "arn:aws:sns:us-east-1:111111111111:t.fifo"),
        400,
        "FIFO-type Amazon SNS topics aren't supported as a destination.",
    ),
    "dest-048": (PUT, to("OnSuccess", BUCKET), 400, f"The destination ARN {BUCKET} is invalid."),
}


@pytest.mark.parametrize("case", REFUSED, ids=str)
def test_what_is_refused(world: World, case: str) -> None:
    world.active()
    operation, given, status, message = REFUSED[case]
    error = world.fails(operation, **{"FunctionName": "fn", **given})
    assert (error.status, error.message) == (status, message)
    code = "InvalidParameterValueException" if status == 400 else "ResourceNotFoundException"
    assert error.code == code


SORRY = "The function execution role does not have permissions to call"
DENIED = {
    "dest-045": (BUCKET, f"{SORRY} ListBucket on S3"),
    "dest-046": (function("dest"), f"{SORRY} InvokeFunction on {function('dest')}"),
    "dest-047": (QUEUE, f"{SORRY} SendMessage on SQS"),
}


@pytest.mark.parametrize("case", DENIED, ids=str)
def test_the_role_has_to_be_allowed_to_reach_a_destination(world: World, case: str) -> None:
    world.active("dest")
    world.active(Role=POOR_ROLE)
    destination, message = DENIED[case]
    error = world.fails(PUT, FunctionName="fn", **to("OnFailure", destination))
    assert (error.status, error.message) == (400, message)
    assert world.fails(GET, FunctionName="fn").status == 404


def test_every_destination_that_is_right_is_taken(world: World) -> None:
    world.active("dest")
    world.active()
    for destination in (QUEUE, BUCKET, function("dest")):
        put = world.call(PUT, FunctionName="fn", **to("OnFailure", destination))
        assert put["DestinationConfig"]["OnFailure"] == {"Destination": destination}


@pytest.mark.parametrize(
    "arn", ["arn:aws:sns:us-east-1:111111111111:t", "arn:aws:events:us-east-1:111111111111:event-bus/b"]
)
def test_a_destination_whose_service_is_missing_here_is_not_pretended(world: World, arn: str) -> None:
    world.active()
    error = world.fails(PUT, FunctionName="fn", **to("OnFailure", arn))
    assert (error.status, error.code) == (501, "NotImplemented")
    assert arn in error.message


def test_settings_hold_for_exactly_one_qualifier(world: World) -> None:
    """dest-036, async-037: nothing is inherited, and publishing copies nothing."""
    world.active()
    world.call(PUT, FunctionName="fn", MaximumRetryAttempts=0, **to("OnFailure", QUEUE))
    world.call("PublishVersion", FunctionName="fn")
    world.call("CreateAlias", FunctionName="fn", Name="live", FunctionVersion="1")
    assert world.fails(GET, FunctionName="fn", Qualifier="1").message == no_config("fn", "1")
    world.call(PUT, FunctionName="fn:live", MaximumEventAgeInSeconds=90)
    plain, version, alias = (resolved(world, function("fn", q)) for q in ("", "1", "live"))
    assert (plain.retry, plain.on_failure) == (RetryPolicy(0, 21600), QUEUE)
    assert (version.retry, version.on_failure) == (RetryPolicy(2, 21600), "")
    assert alias.retry == RetryPolicy(2, 90)
    listed = world.call("ListFunctionEventInvokeConfigs", FunctionName="fn")["FunctionEventInvokeConfigs"]
    assert [one["FunctionArn"] for one in listed] == [function("fn", "$LATEST"), function("fn", "live")]


def test_deleting_settings_or_their_alias_brings_the_defaults_back(world: World) -> None:
    """dest-037."""
    world.active()
    world.call("PublishVersion", FunctionName="fn")
    world.call("CreateAlias", FunctionName="fn", Name="live", FunctionVersion="1")
    for qualifier in ("$LATEST", "live"):
        world.call(PUT, FunctionName="fn", Qualifier=qualifier, MaximumRetryAttempts=0)
    assert world.call(DELETE, FunctionName="fn") is None
    assert world.fails(DELETE, FunctionName="fn").message == no_config("fn")
    world.call("DeleteAlias", FunctionName="fn", Name="live")
    assert world.fails(GET, FunctionName="fn", Qualifier="live").message == no_config("fn", "live")


def test_a_version_keeps_the_dead_letter_target_it_was_published_with(world: World) -> None:
    """dlq-013."""
    other = QUEUE + "-b"
    world.queues.policies[other] = None
    world.active(DeadLetterConfig={"TargetArn": QUEUE})
    world.call("PublishVersion", FunctionName="fn")
    world.call("UpdateFunctionConfiguration", FunctionName="fn", DeadLetterConfig={"TargetArn": other})
    assert resolved(world, function("fn", "1")).dead_letter == QUEUE
    assert resolved(world, function("fn")).dead_letter == other
