"""Event source mappings through the real server: what a function gets of a queue, and what becomes of the messages.

Time stands still and is moved, so that a visibility timeout or a window ends when a test says so.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from click import ClickException

from outfall.cli.client import ask, wait_until

from .road import make_function, make_queue, make_role
from .server import SOON_S, Server

POLLS = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
VISIBILITY_S = 30

TELLS = """
import json, os, boto3

def handler(event, context):
    told = json.dumps(event["Records"])
    boto3.client("sqs").send_message(QueueUrl=os.environ["TOLD"], MessageBody=told)
    {answer}
"""


class Polled:
    """A queue, a function that is to poll it and tells what it gets on another queue, and a dead-letter queue."""

    def __init__(self, server: Server, name: str, answer: str = "return None", **settings: Any) -> None:
        self.server, self.name = server, name
        self.sqs, self.client = server.client("sqs"), server.client("lambda")
        self.url, self.arn = make_queue(server, name)
        self.dead_url, self.dead_arn = make_queue(server, f"{name}-dead")
        self.told_url, _ = make_queue(server, f"{name}-told")
        role = make_role(server, f"{name}-role", *POLLS, "sqs:SendMessage", "logs:*")
        source = TELLS.format(answer=answer)
        told = {"Variables": {"TOLD": self.told_url}}
        self.function_arn = make_function(server, name, source, role, Timeout=20, Environment=told, **settings)

    def redrive(self, receives_max: int) -> None:
        policy = {"deadLetterTargetArn": self.dead_arn, "maxReceiveCount": receives_max}
        self.sqs.set_queue_attributes(QueueUrl=self.url, Attributes={"RedrivePolicy": json.dumps(policy)})

    def map(self, **settings: Any) -> str:
        """The UUID of a mapping that has settled."""
        made = self.client.create_event_source_mapping(EventSourceArn=self.arn, FunctionName=self.name, **settings)
        self.reach(made["UUID"], "Disabled" if settings.get("Enabled") is False else "Enabled")
        return str(made["UUID"])

    def reach(self, uuid: str, state: str) -> None:
        assert wait_until(lambda: self.client.get_event_source_mapping(UUID=uuid)["State"] == state, SOON_S)

    def send(self, *bodies: str) -> list[str]:
        """The ids of messages sent in one batch."""
        entries = [{"Id": str(number), "MessageBody": body} for number, body in enumerate(bodies)]
        sent = self.sqs.send_message_batch(QueueUrl=self.url, Entries=entries)["Successful"]
        return [one["MessageId"] for one in sorted(sent, key=lambda one: int(one["Id"]))]

    def told(self, want: int = 1) -> list[list[dict[str, Any]]]:
        """The batches that the function was given."""
        return [json.loads(message["Body"]) for message in self.server.drain(self.told_url, want)]

    def left(self) -> tuple[int, int]:
        """Messages in the queue: visible, in flight."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        got = self.sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=names)["Attributes"]
        return int(got[names[0]]), int(got[names[1]])

    def comes_to(self, visible: int, in_flight: int) -> bool:
        return wait_until(lambda: self.left() == (visible, in_flight), SOON_S)

    def advance(self, seconds: float) -> None:
        """Moves the clock; what follows from it is done afterwards."""
        ask(self.server.endpoint, f"/_outfall/api/clock?advance_ms={round(seconds * 1000)}", method="POST")


def bodies(batches: list[list[dict[str, Any]]]) -> list[str]:
    return sorted(record["body"] for batch in batches for record in batch)


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose clock stands still."""
    running = Server(tmp_path_factory.mktemp("polled"), "--clock", "manual").start()
    yield running
    running.stop()


def test_a_batch_arrives_and_is_deleted(still: Server) -> None:
    road = Polled(still, "batch")
    ids = road.send("a", "b", "c")
    road.map()
    [batch] = road.told()
    assert sorted(record["messageId"] for record in batch) == sorted(ids)
    assert road.comes_to(0, 0)
    logs = still.client("logs").filter_log_events(logGroupName="/aws/lambda/batch")["events"]
    assert any(event["message"].startswith("REPORT") for event in logs)


def test_a_message_that_comes_later_is_fetched_at_once_and_one_that_is_delayed_when_it_is_due(still: Server) -> None:
    road = Polled(still, "later")
    road.map()
    road.send("now")
    assert bodies(road.told()) == ["now"]
    road.sqs.send_message(QueueUrl=road.url, MessageBody="delayed", DelaySeconds=60)
    road.advance(59)
    assert road.left() == (0, 0)
    road.advance(1)
    assert bodies(road.told()) == ["delayed"]


def test_esm_010_the_record_through_the_wire(still: Server) -> None:
    road = Polled(still, "record")
    road.map()
    road.sqs.send_message(
        QueueUrl=road.url,
        MessageBody="hi",
        MessageAttributes={"k": {"DataType": "String", "StringValue": "v"}},
        MessageSystemAttributes={"AWSTraceHeader": {"DataType": "String", "StringValue": "Root=1-0-0"}},
    )
    [[record]] = road.told()
    assert list(record["attributes"]) == [
        "ApproximateReceiveCount",
        "AWSTraceHeader",
        "SentTimestamp",
        "SenderId",
        "ApproximateFirstReceiveTimestamp",
    ]
    assert record["eventSourceARN"] == road.arn
    assert record["messageAttributes"]["k"]["stringValue"] == "v"
    assert len(record["md5OfMessageAttributes"]) == 32


def test_esm_005_what_is_reported_as_failed_comes_again_and_nothing_else(still: Server) -> None:
    failed = '[{"itemIdentifier": r["messageId"]} for r in event["Records"] if r["body"] == "bad"]'
    road = Polled(still, "partial", f'return {{"batchItemFailures": {failed}}}')
    road.send("good", "bad", "fine")
    road.map(FunctionResponseTypes=["ReportBatchItemFailures"])
    assert bodies(road.told()) == ["bad", "fine", "good"]
    assert road.comes_to(0, 1)
    road.advance(VISIBILITY_S)
    [[again]] = road.told()
    assert (again["body"], again["attributes"]["ApproximateReceiveCount"]) == ("bad", "2")


def test_esm_009_a_failing_batch_goes_to_the_dead_letter_queue_of_its_queue_not_of_the_function(still: Server) -> None:
    _, functions_own = own = make_queue(still, "dead-function")
    road = Polled(still, "redrive", 'raise Exception("boom")', DeadLetterConfig={"TargetArn": functions_own})
    road.redrive(2)
    road.send("poison")
    road.map()
    assert len(road.told()) == 1
    road.advance(VISIBILITY_S)
    assert len(road.told()) == 1
    road.advance(VISIBILITY_S)
    [dead] = still.drain(road.dead_url, 1)
    assert dead["Body"] == "poison"
    assert dead["Attributes"]["DeadLetterQueueSourceArn"] == road.arn
    assert road.comes_to(0, 0)
    assert still.drain(own[0], 1, 0.1) == []


def test_a_filter_lets_through_what_it_wants_and_deletes_the_rest(still: Server) -> None:
    road = Polled(still, "filter")
    road.send('{"kind":"order"}', '{"kind":"other"}', "no JSON")
    road.map(FilterCriteria={"Filters": [{"Pattern": '{"body":{"kind":["order"]}}'}]})
    assert bodies(road.told()) == ['{"kind":"order"}']
    assert road.comes_to(0, 0)


def test_a_window_gathers_until_it_ends(still: Server) -> None:
    road = Polled(still, "window")
    road.map(BatchSize=100, MaximumBatchingWindowInSeconds=10)
    road.send("a")
    assert road.comes_to(0, 1), "a message in a batch that is being gathered is in flight"
    road.advance(5)
    road.send("b")
    assert road.comes_to(0, 2)
    road.advance(5)
    [batch] = road.told()
    assert bodies([batch]) == ["a", "b"]


def test_a_batch_that_is_full_does_not_wait_for_its_window(still: Server) -> None:
    road = Polled(still, "full")
    road.map(BatchSize=2, MaximumBatchingWindowInSeconds=300)
    road.send("a", "b")
    [batch] = road.told()
    assert bodies([batch]) == ["a", "b"]


def test_a_disabled_mapping_takes_nothing_until_it_is_enabled(still: Server) -> None:
    road = Polled(still, "switch")
    uuid = road.map(Enabled=False)
    road.send("waits")
    road.advance(60)
    assert road.left() == (1, 0)
    road.client.update_event_source_mapping(UUID=uuid, Enabled=True)
    assert bodies(road.told()) == ["waits"]
    road.reach(uuid, "Enabled")
    road.client.update_event_source_mapping(UUID=uuid, Enabled=False)
    road.reach(uuid, "Disabled")
    road.send("waits again")
    road.advance(60)
    assert road.left() == (1, 0)
    road.client.delete_event_source_mapping(UUID=uuid)
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        wait_until(lambda: not road.client.get_event_source_mapping(UUID=uuid), SOON_S)


def test_a_throttled_function_gets_its_messages_later_and_the_dead_letter_queue_gets_none(still: Server) -> None:
    road = Polled(still, "throttled")
    road.redrive(1)
    road.client.put_function_concurrency(FunctionName="throttled", ReservedConcurrentExecutions=0)
    road.map()
    road.send("patient")
    assert road.comes_to(0, 1)
    road.advance(7)
    assert road.comes_to(0, 1)
    road.client.delete_function_concurrency(FunctionName="throttled")
    road.advance(8)
    [[record]] = road.told()
    assert record["attributes"]["ApproximateReceiveCount"] == "1"
    assert road.comes_to(0, 0)


def batches(road: Polled) -> list[dict[str, Any]]:
    """The batches of a mapping, in no order: the clock stands still."""
    found = ask(road.server.endpoint, f"/_outfall/api/events?kind=batch&function={road.name}")["events"]
    return [dict(event) for event in found]


def skip(road: Polled, batch: dict[str, Any]) -> None:
    ask(road.server.endpoint, f"/_outfall/api/events/{batch['id']}/skip-wait", method="POST")


def test_messages_that_failed_need_not_be_waited_for(still: Server) -> None:
    road = Polled(still, "impatient", 'raise Exception("boom")')
    road.redrive(3)

    def have_failed(count: int) -> bool:
        return wait_until(lambda: [one["state"] for one in batches(road)] == ["failed"] * count, SOON_S)

    road.send("bad")
    road.map()
    for attempt in (1, 2):
        [[record]] = road.told()
        assert record["attributes"]["ApproximateReceiveCount"] == str(attempt)
        assert have_failed(attempt)
        [batch] = [one for one in batches(road) if one["due_ms"] > one["updated_ms"]]
        assert batch["due_ms"] == batch["updated_ms"] + VISIBILITY_S * 1000
        skip(road, batch)
    assert len(road.told()) == 1
    assert have_failed(3)
    with pytest.raises(ClickException, match="is not waiting"):
        skip(road, batch)
    assert ask(still.endpoint, "/_outfall/api/events/skip-wait", method="POST")["skipped"] >= 1
    assert [message["Body"] for message in still.drain(road.dead_url, 1)] == ["bad"]


def test_a_throttled_batch_is_tried_at_once_when_its_wait_is_skipped(still: Server) -> None:
    road = Polled(still, "hurried")
    road.client.put_function_concurrency(FunctionName="hurried", ReservedConcurrentExecutions=0)
    road.map()
    road.send("patient")
    assert wait_until(lambda: [one["state"] for one in batches(road)] == ["waiting"], SOON_S)
    road.client.delete_function_concurrency(FunctionName="hurried")
    [batch] = batches(road)
    skip(road, batch)
    [[record]] = road.told()
    assert (record["body"], record["attributes"]["ApproximateReceiveCount"]) == ("patient", "1")
    assert road.comes_to(0, 0)


def test_a_role_that_lost_its_permission_is_not_polled_for(still: Server) -> None:
    road = Polled(still, "denied")
    uuid = road.map()
    deny = {"Effect": "Deny", "Action": "sqs:DeleteMessage", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    still.client("iam").put_role_policy(RoleName="denied-role", PolicyName="no", PolicyDocument=document)
    road.send("stays")
    road.advance(1)
    assert road.left() == (1, 0)
    assert wait_until(lambda: f"event source mapping {uuid} is not polled" in still.log(), SOON_S)
    assert "not authorized to perform: sqs:DeleteMessage" in still.log()


def test_a_fifo_queue_is_polled_in_the_order_of_its_groups(still: Server) -> None:
    road = Polled(still, "fifo")
    road.url = road.sqs.create_queue(QueueName="fifo.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    road.arn += ".fifo"
    for number in range(4):
        road.sqs.send_message(
            QueueUrl=road.url, MessageBody=str(number), MessageGroupId="g", MessageDeduplicationId=str(number)
        )
    road.map(BatchSize=2)
    first, second = road.told(2)
    assert [[record["body"] for record in batch] for batch in (first, second)] == [["0", "1"], ["2", "3"]]
    assert road.comes_to(0, 0)


def test_no_more_batches_run_at_once_than_the_mapping_allows(still: Server) -> None:
    # The first two stay long enough to be seen together.
    first = 'event["Records"][0]["body"] in ("0", "1")'
    road = Polled(still, "scaling", f"import time; time.sleep(2 if {first} else 0.1)")
    road.send(*(str(number) for number in range(8)))
    road.map(BatchSize=1, ScalingConfig={"MaximumConcurrency": 2})
    most = 0

    def emptied() -> bool:
        nonlocal most
        most = max(most, road.left()[1])
        return road.left() == (0, 0)

    assert wait_until(emptied, SOON_S, 0.02)
    assert most == 2
    assert bodies(road.told(8)) == [str(number) for number in range(8)]


def test_a_throttled_function_does_not_hold_up_another_even_where_one_environment_runs_at_once(
    new_server: Callable[..., Server],
) -> None:
    server = new_server("--clock", "manual", "--environments-max", "1").start()
    stuck, free = Polled(server, "stuck"), Polled(server, "free")
    stuck.client.put_function_concurrency(FunctionName="stuck", ReservedConcurrentExecutions=0)
    stuck.map()
    free.map()
    stuck.send("patient")
    assert stuck.comes_to(0, 1)
    free.send("a")
    assert bodies(free.told()) == ["a"]
    assert free.comes_to(0, 0)


def test_a_restart_goes_on_polling(new_server: Callable[..., Server]) -> None:
    server = new_server("--clock", "manual").start()
    road = Polled(server, "restart")
    uuid = road.map()
    server.stop()
    server.start()
    assert road.client.get_event_source_mapping(UUID=uuid)["State"] == "Enabled"
    road.send("after")
    assert bodies(road.told()) == ["after"]
    assert road.comes_to(0, 0)


def test_kill_9_in_the_middle_of_a_batch_loses_nothing(new_server: Callable[..., Server]) -> None:
    server = new_server("--clock", "manual").start()
    first = 'event["Records"][0]["attributes"]["ApproximateReceiveCount"] == "1"'
    road = Polled(server, "killed", f"import time; time.sleep(18 if {first} else 0)")
    road.map()
    ids = road.send("a", "b", "c")
    [batch] = road.told()
    server.kill()
    server.start()
    assert road.comes_to(0, 3), "they stay in flight until their visibility timeout is over"
    road.advance(VISIBILITY_S)
    [again] = road.told()
    assert {record["messageId"] for record in again} == set(ids) >= {record["messageId"] for record in batch}
    assert {record["attributes"]["ApproximateReceiveCount"] for record in again} == {"2"}
    assert road.comes_to(0, 0)
