"""Event source mappings: what can be asked for, what is refused, and the states they go through."""

from __future__ import annotations

import re
from typing import Any

import pytest

from outfall.core.arn import Arn
from outfall.core.context import Context
from outfall.core.errors import NotServed
from outfall.core.ports import Tx
from outfall.core.source import SourceFacts
from outfall.services.lambda_ import mappings
from outfall.services.lambda_.mappings import TRANSITIONS_QUEUE
from tests.support import ACCOUNT, REGION, T0

from .world import POOR_ROLE, QUEUE, ROLE, World, function, policy

FIFO = f"{QUEUE}.fifo"
OTHER = f"arn:aws:sqs:{REGION}:{ACCOUNT}:other"


class Queues:
    """Queues as sources, by what a test says of them."""

    actions: tuple[str, ...] = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")

    def __init__(self) -> None:
        self.known = {arn: SourceFacts(f"sqs/{arn}", 30, arn.endswith(".fifo")) for arn in (QUEUE, FIFO, OTHER)}
        self.policies: dict[str, str] = {}

    def facts(self, ctx: Context, arn: Arn) -> SourceFacts | None:
        return self.known.get(str(arn))

    def policy(self, ctx: Context, arn: Arn) -> str | None:
        return self.policies.get(str(arn))

    def take(self, ctx: Context, arn: Arn, limit: int) -> list[Any]:
        raise AssertionError("nothing is taken here")

    def delete(self, ctx: Context, arn: Arn, handles: Any) -> None:
        raise AssertionError("nothing is deleted here")


@pytest.fixture
def queues() -> Queues:
    return Queues()


@pytest.fixture
def mapped(queues: Queues) -> World:
    """Lambda with a function `fn` and queues to poll."""
    world = World()
    world.house["sources"] = {"sqs": queues}
    world.active()
    return world


def make(world: World, **request: Any) -> Any:
    return world.call("CreateEventSourceMapping", **{"EventSourceArn": QUEUE, "FunctionName": "fn", **request})


def refused(world: World, **request: Any) -> tuple[int, str, str]:
    given = {"EventSourceArn": QUEUE, "FunctionName": "fn", **request}
    error = world.fails("CreateEventSourceMapping", **given)
    return error.status, error.code, error.message


def follow(world: World) -> None:
    """What the host does with mappings whose state is to change."""

    def work(tx: Tx) -> None:
        for item in tx.claim(TRANSITIONS_QUEUE, now_ms=world.now, lease_ms=1000, limit=100):
            mappings.step(world.context(tx), item)

    world.store.transact(work)


def test_esm_001_a_new_mapping_has_aws_defaults_in_aws_order(mapped: World) -> None:
    made = make(mapped)
    uuid = made["UUID"]
    assert list(made.items()) == [
        ("BatchSize", 10),
        ("EventSourceArn", QUEUE),
        ("EventSourceMappingArn", f"arn:aws:lambda:{REGION}:{ACCOUNT}:event-source-mapping:{uuid}"),
        ("FunctionArn", function("fn")),
        ("FunctionResponseTypes", []),
        ("LastModified", T0),
        ("MaximumBatchingWindowInSeconds", 0),
        ("State", "Creating"),
        ("StateTransitionReason", "USER_INITIATED"),
        ("UUID", uuid),
    ]


def test_it_is_enabled_when_the_host_has_taken_it_up(mapped: World) -> None:
    uuid = make(mapped)["UUID"]
    follow(mapped)
    assert mapped.call("GetEventSourceMapping", UUID=uuid)["State"] == "Enabled"


def test_one_that_is_created_disabled_stays_so(mapped: World) -> None:
    uuid = make(mapped, Enabled=False)["UUID"]
    follow(mapped)
    assert mapped.call("GetEventSourceMapping", UUID=uuid)["State"] == "Disabled"


def test_all_settings_are_shown_again(mapped: World) -> None:
    made = make(
        mapped,
        BatchSize=1000,
        MaximumBatchingWindowInSeconds=5,
        FunctionResponseTypes=["ReportBatchItemFailures"],
        ScalingConfig={"MaximumConcurrency": 2},
        FilterCriteria={"Filters": [{"Pattern": '{"body":{"a":[1]}}'}]},
    )
    assert (made["BatchSize"], made["MaximumBatchingWindowInSeconds"]) == (1000, 5)
    assert made["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert made["ScalingConfig"] == {"MaximumConcurrency": 2}
    assert made["FilterCriteria"] == {"Filters": [{"Pattern": '{"body":{"a":[1]}}'}]}


def test_esm_002_a_queue_and_a_function_are_mapped_once(mapped: World) -> None:
    uuid = make(mapped)["UUID"]
    status, code, message = refused(mapped)
    assert (status, code) == (409, "ResourceConflictException")
    assert message == (
        f'An event source mapping with SQS arn (" {QUEUE} ") and function (" fn ") already exists. '
        f"Please update or delete the existing mapping with UUID {uuid}"
    )
    assert re.fullmatch(
        r'An event source mapping with SQS arn \(" .* "\) and function \(" .* "\) already exists\. '
        r"Please update or delete the existing mapping with UUID .*",
        message,
    )


def test_esm_003_the_role_has_to_be_allowed_to_receive(mapped: World) -> None:
    mapped.active("poor", Role=POOR_ROLE)
    assert refused(mapped, FunctionName="poor") == (
        400,
        "InvalidParameterValueException",
        "The function execution role does not have permissions to call ReceiveMessage on SQS",
    )


@pytest.mark.parametrize("missing", ["DeleteMessage", "GetQueueAttributes"])
def test_and_to_do_the_rest_of_polling(mapped: World, missing: str) -> None:
    allowed = {"ReceiveMessage", "DeleteMessage", "GetQueueAttributes"} - {missing}
    mapped.identities.policies[ROLE] = (policy(*(f"sqs:{action}" for action in sorted(allowed))),)
    assert refused(mapped)[2].endswith(f"call {missing} on SQS")


def test_a_queue_policy_that_denies_the_role_is_heeded(mapped: World, queues: Queues) -> None:
    queues.policies[QUEUE] = (
        '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*",'
        '"Action":"sqs:ReceiveMessage","Resource":"*"}]}'
    )
    assert refused(mapped)[2].endswith("call ReceiveMessage on SQS")


def test_esm_004_the_queue_has_to_be_there(mapped: World) -> None:
    assert refused(mapped, EventSourceArn=f"{QUEUE}-none") == (
        400,
        "InvalidParameterValueException",
        "Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. "
        "SQS Error Message: The specified queue does not exist.",
    )


WINDOW_NEEDED = "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10"


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        pytest.param({"BatchSize": 11}, WINDOW_NEEDED, id="esm-008"),
        (
            {"EventSourceArn": FIFO, "MaximumBatchingWindowInSeconds": 1},
            "Batching window is not supported for FIFO queues",
        ),
        ({"EventSourceArn": FIFO, "BatchSize": 11}, "BatchSize must be less than or equal to 10 for FIFO queues"),
        ({"FunctionName": "none"}, "Function does not exist"),
        ({"FunctionName": "fn:none"}, "Function does not exist"),
        ({"EventSourceArn": None}, "Unrecognized event source."),
        ({"EventSourceArn": "arn:aws:sns:us-east-1:111111111111:t"}, "Unrecognized event source."),
        ({"FilterCriteria": {"Filters": [{"Pattern": "{"}]}}, "Invalid filter pattern definition."),
        ({"FilterCriteria": {"Filters": [{"Pattern": '{"body":"x"}'}]}}, "Invalid filter pattern definition."),
        ({"FilterCriteria": {"Filters": [{}]}}, "Invalid filter pattern definition."),
        (
            {"DestinationConfig": {"OnFailure": {"Destination": QUEUE}}},
            "Unsupported DestinationConfig parameter for given event source mapping type.",
        ),
        ({"StartingPosition": "LATEST"}, "StartingPosition is not valid for SQS event sources."),
    ],
)
def test_what_is_refused(mapped: World, request_: dict[str, Any], message: str) -> None:
    assert refused(mapped, **request_) == (400, "InvalidParameterValueException", message)


def test_the_visibility_timeout_has_to_outlast_the_function(mapped: World) -> None:
    mapped.active("slow", Timeout=60)
    message = "Queue visibility timeout: 30 seconds is less than Function timeout: 60 seconds"
    assert refused(mapped, FunctionName="slow") == (400, "InvalidParameterValueException", message)


@pytest.mark.parametrize(
    "setting",
    [
        {"ProvisionedPollerConfig": {"MinimumPollers": 1}},
        {"KMSKeyArn": "arn:aws:kms:us-east-1:111111111111:key/k"},
        {"MetricsConfig": {"Metrics": ["EventCount"]}},
        {"EventSourceArn": "arn:aws:kinesis:us-east-1:111111111111:stream/s"},
    ],
)
def test_what_is_not_served_says_so(mapped: World, setting: dict[str, Any]) -> None:
    given = {"EventSourceArn": QUEUE, "FunctionName": "fn", **setting}
    assert isinstance(mapped.fails("CreateEventSourceMapping", **given), NotServed)


def test_an_update_changes_what_it_names_and_keeps_the_rest(mapped: World) -> None:
    uuid = make(mapped, BatchSize=5, ScalingConfig={"MaximumConcurrency": 3})["UUID"]
    follow(mapped)
    mapped.now += 1000
    changed = mapped.call("UpdateEventSourceMapping", UUID=uuid, MaximumBatchingWindowInSeconds=2)
    assert (changed["State"], changed["LastModified"]) == ("Updating", T0 + 1000)
    assert (changed["BatchSize"], changed["MaximumBatchingWindowInSeconds"]) == (5, 2)
    assert changed["ScalingConfig"] == {"MaximumConcurrency": 3}
    follow(mapped)
    assert mapped.call("UpdateEventSourceMapping", UUID=uuid, ScalingConfig={}).get("ScalingConfig") is None


def test_an_update_is_judged_like_a_creation(mapped: World) -> None:
    uuid = make(mapped)["UUID"]
    follow(mapped)
    error = mapped.fails("UpdateEventSourceMapping", UUID=uuid, BatchSize=11)
    assert error.message == WINDOW_NEEDED
    assert mapped.fails("UpdateEventSourceMapping", UUID=uuid, FunctionName="none").message == "Function does not exist"


def test_disabling_and_enabling(mapped: World) -> None:
    uuid = make(mapped)["UUID"]
    follow(mapped)
    assert mapped.call("UpdateEventSourceMapping", UUID=uuid, Enabled=False)["State"] == "Disabling"
    follow(mapped)
    assert mapped.call("GetEventSourceMapping", UUID=uuid)["State"] == "Disabled"
    assert mapped.call("UpdateEventSourceMapping", UUID=uuid, Enabled=True)["State"] == "Updating"
    follow(mapped)
    assert mapped.call("GetEventSourceMapping", UUID=uuid)["State"] == "Enabled"


def test_while_a_change_is_under_way_there_is_no_other(mapped: World) -> None:
    uuid = make(mapped)["UUID"]
    for operation, deed in (("UpdateEventSourceMapping", "update"), ("DeleteEventSourceMapping", "delete")):
        error = mapped.fails(operation, UUID=uuid)
        told = f"Cannot {deed} the event source mapping because it is in use."
        assert (error.status, error.code, error.message) == (400, "ResourceInUseException", told)


def test_a_deleted_mapping_goes_through_deleting(mapped: World) -> None:
    uuid = make(mapped)["UUID"]
    follow(mapped)
    assert mapped.call("DeleteEventSourceMapping", UUID=uuid)["State"] == "Deleting"
    follow(mapped)
    for operation in ("GetEventSourceMapping", "UpdateEventSourceMapping", "DeleteEventSourceMapping"):
        error = mapped.fails(operation, UUID=uuid)
        assert (error.status, error.code) == (404, "ResourceNotFoundException")
        assert error.message == "The resource you requested does not exist."


def test_lists_are_of_all_or_of_a_queue_or_of_a_function(mapped: World) -> None:
    mapped.active("second")
    a = make(mapped)["UUID"]
    b = make(mapped, FunctionName="second")["UUID"]
    c = make(mapped, EventSourceArn=OTHER)["UUID"]

    def listed(**request: Any) -> set[str]:
        return {one["UUID"] for one in mapped.call("ListEventSourceMappings", **request)["EventSourceMappings"]}

    assert listed() == {a, b, c}
    assert listed(EventSourceArn=QUEUE) == {a, b}
    assert listed(FunctionName="fn") == {a, c}
    assert listed(FunctionName="fn", EventSourceArn=QUEUE) == {a}
    assert listed(FunctionName="none") == set()


def test_lists_come_in_pages(mapped: World) -> None:
    make(mapped)
    make(mapped, EventSourceArn=OTHER)
    first = mapped.call("ListEventSourceMappings", MaxItems=1)
    second = mapped.call("ListEventSourceMappings", MaxItems=1, Marker=first["NextMarker"])
    uuids = [page["EventSourceMappings"][0]["UUID"] for page in (first, second)]
    assert len(set(uuids)) == 2
    assert "NextMarker" not in second


def test_a_mapping_has_tags(mapped: World) -> None:
    made = make(mapped, Tags={"team": "a"})
    arn = made["EventSourceMappingArn"]
    mapped.call("TagResource", Resource=arn, Tags={"stage": "b"})
    assert mapped.call("ListTags", Resource=arn) == {"Tags": {"team": "a", "stage": "b"}}
    mapped.call("UntagResource", Resource=arn, TagKeys=["team"])
    assert mapped.call("ListTags", Resource=arn) == {"Tags": {"stage": "b"}}
    assert mapped.fails("ListTags", Resource=arn[:-1] + "x").code == "ResourceNotFoundException"


def test_a_version_or_alias_is_mapped_as_it_is_named(mapped: World) -> None:
    mapped.call("PublishVersion", FunctionName="fn")
    assert make(mapped, FunctionName="fn:1")["FunctionArn"] == function("fn", "1")
