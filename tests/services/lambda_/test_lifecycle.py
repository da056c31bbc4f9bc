"""Functions: created, prepared, changed, read and deleted, as recorded."""

from __future__ import annotations

import json
from typing import Any

import pytest

from outfall.core.body import GARBAGE_QUEUE, REFERENCES, Segment
from outfall.services.lambda_ import render
from outfall.services.lambda_.code import UploadedCode

from .world import BUCKET, POOR_ROLE, QUEUE, ROLE, UNTRUSTING_ROLE, World, archive, function

KEYS = (
    "Description TracingConfig VpcConfig DurableConfig SigningJobArn SnapStart RevisionId LastModified FunctionName "
    "Runtime Version PackageType LastUpdateStatus Layers TenancyConfig FunctionArn KMSKeyArn MemorySize "
    "ImageConfigResponse LastUpdateStatusReason CapacityProviderConfig DeadLetterConfig Timeout ConfigSha256 Handler "
    "CodeSha256 Role SigningProfileVersionArn MasterArn RuntimeVersionConfig CodeSize State StateReason LoggingConfig "
    "Environment EphemeralStorage StateReasonCode LastUpdateStatusReasonCode Architectures"
)


def test_a_new_function_is_pending_with_aws_defaults(world: World) -> None:
    """lambda-003, and the order of keys of [SD:event_invocation]."""
    made = world.create()
    assert " ".join(made) == KEYS
    assert made["State"] == "Pending"
    assert made["StateReason"] == "The function is being created."
    assert made["StateReasonCode"] == "Creating"
    assert made["LastUpdateStatus"] is None
    assert made["FunctionArn"] == function("fn")
    assert made["LastModified"] == "2027-01-15T08:00:00.000+0000"
    assert (made["Timeout"], made["MemorySize"], made["Version"]) == (3, 128, "$LATEST")
    assert made["LoggingConfig"]["LogGroup"] == "/aws/lambda/fn"
    assert made["Environment"] is None


def test_it_becomes_active_once_its_code_is_prepared(world: World) -> None:
    """lambda-004; the RevisionId changes with the state."""
    made = world.create()
    world.settle()
    now = world.call("GetFunctionConfiguration", FunctionName="fn")
    assert (now["State"], now["LastUpdateStatus"], now["StateReason"]) == ("Active", "Successful", None)
    assert now["RevisionId"] != made["RevisionId"]


def test_code_that_cannot_be_prepared_makes_it_failed(world: World) -> None:
    world.create()
    world.settle("the archive is damaged")
    now = world.call("GetFunctionConfiguration", FunctionName="fn")
    assert (now["State"], now["StateReason"]) == ("Failed", "the archive is damaged")
    assert "state: Failed" in world.fails("Invoke", FunctionName="fn").message


def test_an_update_is_in_progress_until_it_is_prepared(world: World) -> None:
    """lambda-005, lambda-006, rec-126."""
    world.active()
    changed = world.call("UpdateFunctionConfiguration", FunctionName="fn", Timeout=5)
    assert changed["Timeout"] == 5
    assert changed["State"] == "Active"
    assert changed["LastUpdateStatus"] == "InProgress"
    assert changed["LastUpdateStatusReason"] == "The function is being created."
    assert changed["LastUpdateStatusReasonCode"] == "Creating"
    error = world.fails("UpdateFunctionConfiguration", FunctionName="fn", Timeout=6)
    assert (error.code, error.status) == ("ResourceConflictException", 409)
    assert error.message == (
        "The operation cannot be performed at this time. "
        "An update is in progress for resource: arn:aws:lambda:us-east-1:111111111111:function:fn"
    )
    world.settle()
    assert world.call("GetFunctionConfiguration", FunctionName="fn")["LastUpdateStatus"] == "Successful"


def test_preparing_an_older_state_changes_nothing(world: World) -> None:
    world.create()
    world.call("DeleteFunction", FunctionName="fn")
    world.create()
    before = world.call("GetFunctionConfiguration", FunctionName="fn")
    world.settle()  # both items: only the one of the present function counts
    after = world.call("GetFunctionConfiguration", FunctionName="fn")
    assert (before["State"], after["State"]) == ("Pending", "Active")


BAD_CREATES: dict[str, tuple[dict[str, Any], int, str, str]] = {
    "lambda-001": (
        {"Role": UNTRUSTING_ROLE},
        400,
        "InvalidParameterValueException",
        "The role defined for the function cannot be assumed by Lambda.",
    ),
    "lambda-001 no role": (
        {"Role": "arn:aws:iam::111111111111:role/none"},
        400,
        "InvalidParameterValueException",
        "The role defined for the function cannot be assumed by Lambda.",
    ),
    "rec-085": (
        {"Code": {"ZipFile": UploadedCode("00", 3, (), "Could not unzip uploaded file.")}},
        400,
        "InvalidParameterValueException",
        "Could not unzip uploaded file.",
    ),
    "rec-118": (
        {"Code": {"ZipFile": UploadedCode("00", 52_428_801, ())}},
        413,
        "RequestEntityTooLargeException",
        "Zipped size must be smaller than 52428800 bytes",
    ),
    "rec-120": (
        {"FunctionName": "a" * 65},
        400,
        "InvalidParameterValueException",
        f"1 validation error detected: Value '{'a' * 65}' at 'functionName' failed to satisfy constraint: "
        "Member must have length less than or equal to 64",
    ),
    "rec-122": (
        {"FunctionName": "arn:aws:lambda:ap-southeast-1:111111111111:function:fn"},
        404,
        "ResourceNotFoundException",
        "Functions from 'ap-southeast-1' are not reachable in this region ('us-east-1')",
    ),
    "rec-127": (
        {"Runtime": "java8"},
        400,
        "InvalidParameterValueException",
        "The runtime parameter of java8 is no longer supported for creating or updating AWS Lambda functions. "
        "We recommend you use a supported runtime while creating or updating functions.",
    ),
    "dlq-006": (
        {"Role": POOR_ROLE, "DeadLetterConfig": {"TargetArn": QUEUE}},
        400,
        "InvalidParameterValueException",
        "The provided execution role does not have permissions to call SendMessage on SQS",
    ),
    "dlq-008": (
        {"DeadLetterConfig": {"TargetArn": QUEUE + "-gone"}},
        400,
        "InvalidParameterValueException",
        "Error occurred while SendMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. "
        "SQS Error Message: The specified queue does not exist.",
    ),
    "dlq-009": (
        {"DeadLetterConfig": {"TargetArn": BUCKET}},
        400,
        "InvalidParameterValueException",
        "Invalid dead letter queue ARN: Only Amazon SQS queues and Amazon SNS topics are supported.",
    ),
    "dlq-010": (
        {"DeadLetterConfig": {"TargetArn": QUEUE + ".fifo"}},
        400,
        "InvalidParameterValueException",
        "Invalid dead letter queue ARN: FIFO SQS queue is not supported for dead letter configuration",
    ),
    "dlq other region": (
        {"DeadLetterConfig": {"TargetArn": "arn:aws:sqs:eu-west-1:111111111111:q"}},
        400,
        "InvalidParameterValueException",
        "Invalid dead letter queue ARN: The resource specified by the TargetArn must be in the same region as the "
        "Lambda function it's associated with.",
    ),
    "reserved variable": (
        {"Environment": {"Variables": {"AWS_REGION": "x"}}},
        400,
        "InvalidParameterValueException",
        "Lambda was unable to configure your environment variables because the environment variables you have provided "
        "contains reserved keys that are currently not supported for modification. "
        "Reserved keys used in this request: AWS_REGION",
    ),
    "rec-040 lambda-026": (
        {"Environment": {"Variables": {"LARGE_VAR": "x" * 5000}}},
        400,
        "InvalidParameterValueException",
        "Lambda was unable to configure your environment variables because the environment variables you have provided "
        f'exceeded the 4KB limit. String measured: {{"LARGE_VAR":"{"x" * 5000}"}}',
    ),
    "rec-053": (
        {"Tags": {f"k{n}": "v" for n in range(51)}},
        400,
        "InvalidParameterValueException",
        "Number of tags exceeds resource tag limit.",
    ),
}


@pytest.mark.parametrize("case", BAD_CREATES, ids=str)
def test_what_create_refuses(world: World, case: str) -> None:
    given, status, code, message = BAD_CREATES[case]
    request = {"FunctionName": "fn", "Runtime": "python3.12", "Handler": "a.b", "Role": ROLE}
    request |= {"Code": {"ZipFile": archive()}}
    error = world.fails("CreateFunction", **{**request, **given})
    assert (error.status, error.code, error.message) == (status, code, message)
    assert error.fields == {"Type": "User"}
    assert world.call("ListFunctions") == {"Functions": []}


@pytest.mark.parametrize("runtime", ["non-existent-runtime", "PYTHON3.9"])
def test_an_unknown_runtime_is_told_from_the_known_ones(world: World, runtime: str) -> None:
    """rec-081, rec-082; AWS's order of the runtimes varies."""
    error = world.fails(
        "CreateFunction", FunctionName="fn", Runtime=runtime, Handler="a.b", Role=ROLE, Code={"ZipFile": archive()}
    )
    assert error.message.startswith(
        f"Value {runtime} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: ["
    )
    assert error.message.endswith("] or be a valid ARN")


CODE = {"ZipFile": archive()}


@pytest.mark.parametrize(
    ("member", "asked"),
    [
        ("Runtime", "java21"),
        ("PackageType", "Image"),
        ("VpcConfig", {"SubnetIds": ["subnet-1"]}),
        ("SnapStart", {"ApplyOn": "PublishedVersions"}),
        ("FileSystemConfigs", [{"Arn": "a"}]),
        ("KMSKeyArn", "arn:aws:kms:us-east-1:111111111111:key/k"),
        ("PublishTo", "LATEST_PUBLISHED"),
        ("Code", {"ImageUri": "repository:tag"}),
        ("Code", {**CODE, "SourceKMSKeyArn": "arn:aws:kms:us-east-1:111111111111:key/k"}),
        ("Code", {**CODE, "S3ObjectStorageMode": "REFERENCE"}),
    ],
)
def test_what_is_not_served_is_said_and_nothing_is_created(world: World, member: str, asked: Any) -> None:
    request = {"FunctionName": "fn", "Runtime": "python3.12", "Handler": "a.b", "Role": ROLE, "Code": CODE}
    error = world.fails("CreateFunction", **{**request, member: asked})
    assert (error.status, error.code) == (501, "NotImplemented")
    assert world.call("ListFunctions") == {"Functions": []}


@pytest.mark.parametrize(
    ("operation", "member", "asked"),
    [
        ("PublishVersion", "PublishTo", "LATEST_PUBLISHED"),
        ("UpdateFunctionCode", "SourceKMSKeyArn", "arn:aws:kms:us-east-1:111111111111:key/k"),
        ("Invoke", "TenantId", "blue"),
        ("Invoke", "DurableExecutionName", "once"),
    ],
)
def test_what_is_not_served_is_said_of_a_function_that_is_there(
    world: World, operation: str, member: str, asked: str
) -> None:
    world.active()
    error = world.fails(operation, FunctionName="fn", **{member: asked})
    assert (error.status, error.code) == (501, "NotImplemented")


def test_no_function_is_a_copy_from_another_region(world: World) -> None:
    world.active()
    listed = world.call("ListFunctions", FunctionVersion="ALL", MasterRegion="ALL")
    assert listed == {"Functions": []}


def test_a_name_is_taken_once(world: World) -> None:
    """lambda-008."""
    world.active()
    error = world.fails(
        "CreateFunction", FunctionName="fn", Runtime="python3.12", Handler="a.b", Role=ROLE, Code={"ZipFile": archive()}
    )
    assert (error.status, error.message) == (409, "Function already exist: fn")


@pytest.mark.parametrize(
    ("name", "qualifier", "arn"),
    [
        ("nope", None, function("nope")),  # lambda-007
        ("nope", "$LATEST", function("nope", "$LATEST")),  # rec-004
        ("fn", "1221", function("fn", "1221")),  # rec-005
        ("fn:1221", None, function("fn", "1221")),
        ("fn", "aliasdoesnotexist", function("fn", "aliasdoesnotexist")),  # rec-014
    ],
)
def test_what_is_not_there_is_told_by_its_arn(world: World, name: str, qualifier: str | None, arn: str) -> None:
    world.active()
    error = world.fails("GetFunction", FunctionName=name, Qualifier=qualifier)
    assert (error.status, error.message) == (404, f"Function not found: {arn}")


@pytest.mark.parametrize("name", ["fn", "111111111111:function:fn", "function:fn", function("fn"), "111111111111:fn"])
def test_a_function_can_be_named_in_all_of_awss_ways(world: World, name: str) -> None:
    world.active()
    assert world.call("GetFunction", FunctionName=name)["Configuration"]["FunctionName"] == "fn"


@pytest.mark.parametrize("operation", ["GetFunction", "DeleteFunction", "Invoke", "GetFunctionEventInvokeConfig"])
def test_two_qualifiers_have_to_agree(world: World, operation: str) -> None:
    """rec-002, dest-029."""
    world.active()
    error = world.fails(operation, FunctionName="fn:1", Qualifier="2")
    assert error.message == "The derived qualifier from the function name does not match the specified qualifier."


def test_get_function_shows_code_tags_and_concurrency(world: World) -> None:
    world.active(Tags={"team": "a"})
    world.call("PutFunctionConcurrency", FunctionName="fn", ReservedConcurrentExecutions=5)
    got = world.call("GetFunction", FunctionName="fn")
    assert got["Code"] == {
        "RepositoryType": "S3",
        "Location": f"http://localhost:4566/_outfall/code/{archive().sha256}",
    }
    assert got["Tags"] == {"team": "a"}
    assert got["Concurrency"] == {"ReservedConcurrentExecutions": 5}


def test_a_wrong_revision_is_refused(world: World) -> None:
    """lambda-009, rec-012."""
    world.active()
    for operation in ("UpdateFunctionConfiguration", "UpdateFunctionCode", "PublishVersion"):
        error = world.fails(operation, FunctionName="fn", RevisionId="wrong", ZipFile=archive())
        assert (error.status, error.message) == (
            412,
            "The Revision Id provided does not match the latest Revision Id. "
            "Call the GetFunction/GetAlias API to retrieve the latest Revision Id",
        )


def test_settings_that_are_left_out_stay(world: World) -> None:
    world.active(Environment={"Variables": {"A": "1"}}, Description="first", MemorySize=256)
    changed = world.call("UpdateFunctionConfiguration", FunctionName="fn", Description="second")
    assert (changed["Description"], changed["MemorySize"]) == ("second", 256)
    assert changed["Environment"] == {"Variables": {"A": "1"}}


def test_json_logging_has_levels_and_text_has_none(world: World) -> None:
    world.active(LoggingConfig={"LogFormat": "JSON", "LogGroup": "/mine"})
    config = world.call("GetFunctionConfiguration", FunctionName="fn")["LoggingConfig"]
    assert config == {
        "LogFormat": "JSON",
        "ApplicationLogLevel": "INFO",
        "LogGroup": "/mine",
        "SystemLogLevel": "INFO",
    }
    text = world.call("UpdateFunctionConfiguration", FunctionName="fn", LoggingConfig={"LogFormat": "Text"})
    assert text["LoggingConfig"] == {
        "LogFormat": "Text",
        "ApplicationLogLevel": None,
        "LogGroup": "/mine",
        "SystemLogLevel": None,
    }


def test_the_dead_letter_target_is_kept_by_an_empty_config_and_removed_by_an_empty_arn(world: World) -> None:
    """dlq-011, dlq-012."""
    assert world.active(DeadLetterConfig={"TargetArn": QUEUE})["DeadLetterConfig"] == {"TargetArn": QUEUE}
    kept = world.call("UpdateFunctionConfiguration", FunctionName="fn", DeadLetterConfig={})
    assert kept["DeadLetterConfig"] == {"TargetArn": QUEUE}
    world.settle()
    removed = world.call("UpdateFunctionConfiguration", FunctionName="fn", DeadLetterConfig={"TargetArn": ""})
    assert removed["DeadLetterConfig"] is None


def test_new_code_has_a_new_digest_and_a_dry_run_changes_nothing(world: World) -> None:
    before = world.active()
    other = archive({"app.py": "other"})
    dry = world.call("UpdateFunctionCode", FunctionName="fn", ZipFile=other, DryRun=True)
    assert dry["CodeSha256"] != before["CodeSha256"]
    assert world.call("GetFunctionConfiguration", FunctionName="fn") == before
    changed = world.call("UpdateFunctionCode", FunctionName="fn", ZipFile=other)
    assert (changed["CodeSha256"], changed["CodeSize"]) == (dry["CodeSha256"], other.size)
    assert changed["LastUpdateStatus"] == "InProgress"


def test_image_code_for_a_zip_function_is_refused(world: World) -> None:
    """rec-106."""
    world.active()
    error = world.fails("UpdateFunctionCode", FunctionName="fn", ImageUri="x:y")
    assert error.message == "Please don't provide ImageUri when updating a function with packageType Zip."


def test_code_is_kept_as_long_as_a_version_uses_it(world: World) -> None:
    def stored(blob: str) -> UploadedCode:
        return UploadedCode("ab" * 32, 10, (Segment(10, blob=blob),))

    world.active(Code={"ZipFile": stored("blob-1")})
    world.call("PublishVersion", FunctionName="fn")
    world.active("other", Code={"ZipFile": stored("blob-2")})  # the same code again: its bytes are not kept twice
    assert _garbage(world) == ["blob-2"]
    world.call("UpdateFunctionCode", FunctionName="fn", ZipFile=archive())
    world.call("DeleteFunction", FunctionName="other")
    assert _garbage(world) == ["blob-2"]
    world.call("DeleteFunction", FunctionName="fn")
    assert _garbage(world) == ["blob-2", "blob-1"]
    assert world.store.transact(lambda tx: list(tx.scan(REFERENCES))) == []


def _garbage(world: World) -> list[str]:
    return world.store.transact(lambda tx: [item.payload.decode() for item in tx.peek(GARBAGE_QUEUE)])


def test_deleting_a_function_takes_everything_along(world: World) -> None:
    """rec-001, rec-008; a queued event stays, see the tests of the road."""
    world.active()
    world.call("PublishVersion", FunctionName="fn")
    world.call("CreateAlias", FunctionName="fn", Name="live", FunctionVersion="1")
    world.call("PutFunctionEventInvokeConfig", FunctionName="fn", MaximumRetryAttempts=0)
    world.call(
        "AddPermission",
        FunctionName="fn",
        StatementId="s",
        Action="lambda:InvokeFunction",
        Principal="s3.amazonaws.com",
    )
    assert world.call("DeleteFunction", FunctionName="fn") == {"StatusCode": 204}
    error = world.fails("DeleteFunction", FunctionName="fn")
    assert error.message == f"Function not found: {function('fn')}"
    world.active()
    assert world.call("ListAliases", FunctionName="fn") == {"Aliases": []}
    assert world.call("ListFunctionEventInvokeConfigs", FunctionName="fn") == {"FunctionEventInvokeConfigs": []}
    assert world.fails("GetPolicy", FunctionName="fn").status == 404


def test_latest_cannot_be_deleted_alone(world: World) -> None:
    """rec-003."""
    world.active()
    error = world.fails("DeleteFunction", FunctionName="fn", Qualifier="$LATEST")
    assert error.message == "$LATEST version cannot be deleted without deleting the function."


def test_functions_are_listed_by_name_in_pages_without_their_states(world: World) -> None:
    for name in ("b", "a", "c"):
        world.active(name)
    first = world.call("ListFunctions", MaxItems=2)
    assert [one["FunctionName"] for one in first["Functions"]] == ["a", "b"]
    assert first["Functions"][0]["State"] is None
    second = world.call("ListFunctions", Marker=first["NextMarker"])
    assert [one["FunctionName"] for one in second["Functions"]] == ["c"]
    assert "NextMarker" not in second
    everything = world.call("ListFunctions", FunctionVersion="ALL")
    assert [one["FunctionArn"] for one in everything["Functions"]] == [function(n, "$LATEST") for n in "abc"]


def test_account_settings_tell_what_is_left(world: World) -> None:
    world.active()
    world.call("PutFunctionConcurrency", FunctionName="fn", ReservedConcurrentExecutions=10)
    settings = world.call("GetAccountSettings")
    assert settings["AccountLimit"]["ConcurrentExecutions"] == 1000
    assert settings["AccountLimit"]["UnreservedConcurrentExecutions"] == 990
    assert settings["AccountUsage"]["FunctionCount"] == 1


def test_a_runtime_version_arn_looks_like_awss(world: World) -> None:
    made = world.create()
    assert json.dumps(made["RuntimeVersionConfig"]["Error"]) == "null"
    arn = made["RuntimeVersionConfig"]["RuntimeVersionArn"]
    assert arn.startswith("arn:aws:lambda:us-east-1::runtime:")
    assert len(arn.rsplit(":", 1)[1]) == 64


def test_modified_prints_milliseconds_and_no_colon() -> None:
    assert render.modified(1_789_400_777_003) == "2026-09-14T15:46:17.003+0000"
