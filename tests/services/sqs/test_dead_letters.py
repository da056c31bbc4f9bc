"""Dead-letter queues: policies, the move on the receive after the last, and the way back."""

from __future__ import annotations

import base64
import json

import pytest

from outfall.services.sqs import moves


def policy(arn: str, count: object = 1) -> str:
    return json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": count})


@pytest.fixture
def dead(sqs) -> str:
    return sqs.queue("dead")


@pytest.fixture
def source(sqs, dead) -> str:
    return sqs.queue("source", RedrivePolicy=policy(sqs.arn("dead")), VisibilityTimeout="10")


def fail(sqs, source: str, body: str = "hello", **more: object) -> str:
    """Sends a message to `source` and has it redriven; its id."""
    message_id = sqs.send(source, body, **more)["MessageId"]
    sqs.receive(source)
    sqs.later(seconds=10)
    assert sqs.receive(source) == []
    return message_id


def test_a_message_moves_on_the_receive_after_the_last(sqs, source, dead):  # sqs-024
    sent_ms = sqs.now
    attributes = {"a": {"DataType": "String", "StringValue": "x"}}
    trace = {"AWSTraceHeader": {"DataType": "String", "StringValue": "Root=1"}}
    message_id = sqs.send(source, MessageAttributes=attributes, MessageSystemAttributes=trace)["MessageId"]
    sqs.receive(source)
    sqs.later(seconds=10)
    assert sqs.receive(dead) == []
    assert sqs.receive(source) == []
    (message,) = sqs.receive(dead)
    assert message["MessageId"] == message_id
    assert message["MessageAttributes"] == attributes
    assert message["Attributes"] == {
        "SenderId": "111111111111",
        "ApproximateFirstReceiveTimestamp": str(sent_ms),
        "ApproximateReceiveCount": "2",
        "SentTimestamp": str(sent_ms),
        "AWSTraceHeader": "Root=1",
        "DeadLetterQueueSourceArn": sqs.arn("source"),
    }
    assert sqs.attributes(source)["ApproximateNumberOfMessages"] == "0"


def test_age_goes_on_in_the_dead_letter_queue(sqs, source, dead):
    fail(sqs, source)
    sqs.later(seconds=345_590)
    sqs("SetQueueAttributes", QueueUrl=dead, Attributes={"VisibilityTimeout": "0"})
    assert len(sqs.receive(dead)) == 1
    sqs.later(seconds=0.001)
    assert sqs.receive(dead) == []


def test_one_receive_moves_the_spent_and_brings_the_fresh(sqs, source, dead):
    for number in range(12):
        sqs.send(source, f"spent {number}")
    sqs.receive(source)
    sqs.receive(source)
    sqs.later(seconds=10)
    sqs.send(source, "fresh")
    assert [one["Body"] for one in sqs.receive(source)] == ["fresh"]
    assert sqs.attributes(dead)["ApproximateNumberOfMessages"] == "12"


def test_a_message_stays_when_its_dead_letter_queue_is_gone(sqs, source, dead):
    sqs("DeleteQueue", QueueUrl=dead)
    sqs.send(source)
    for count in "1", "2", "3":
        assert sqs.receive(source)[0]["Attributes"]["ApproximateReceiveCount"] == count
        sqs.later(seconds=10)


@pytest.mark.parametrize(
    "text, reason",
    [
        ("{}", "Redrive policy does not contain mandatory attribute: maxReceiveCount."),
        ('{"maxReceiveCount":5}', "Redrive policy does not contain mandatory attribute: deadLetterTargetArn."),
        (policy("dummy", 42), "Invalid value for deadLetterTargetArn."),
        (
            policy("arn:aws:sns:us-east-1:111111111111:t"),
            "Only SQS queues are valid resources for deadLetterTargetArn.",
        ),
        (
            '{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:111111111111:dead","maxReceiveCount":5,"more":1}',
            "Only following attributes are supported: [maxReceiveCount, deadLetterTargetArn].",
        ),
        (policy("arn:aws:sqs:us-east-1:111111111111:none"), "Dead letter target does not exist."),
        (
            policy("arn:aws:sqs:us-east-1:111111111111:d.fifo"),
            "Dead-letter queue must be same type of queue as the source..",
        ),
        (
            policy("arn:aws:sqs:us-east-1:111111111111:dead", 0),
            "Invalid value for maxReceiveCount: 0, valid values are from 1 to 1000 both inclusive.",
        ),
        (
            policy("arn:aws:sqs:us-east-1:111111111111:dead", "1001"),
            "Invalid value for maxReceiveCount: 1001, valid values are from 1 to 1000 both inclusive.",
        ),
    ],
)
def test_redrive_policies_that_cannot_be(sqs, url, dead, text, reason):
    sqs.queue("d.fifo", FifoQueue="true")
    message = f"Value {text} for parameter RedrivePolicy is invalid. Reason: {reason}"
    refused = sqs.refused("SetQueueAttributes", QueueUrl=url, Attributes={"RedrivePolicy": text})
    assert refused == (400, "InvalidParameterValueException", "InvalidParameterValue", message)


@pytest.mark.parametrize("text", ["nonsense", "[]", "4"])
def test_a_redrive_policy_that_is_no_json_map(sqs, url, text):
    message = "Invalid value for the parameter RedrivePolicy. Reason: Redrive policy is not a valid JSON map."
    refused = sqs.refused("SetQueueAttributes", QueueUrl=url, Attributes={"RedrivePolicy": text})
    assert refused == (400, "InvalidAttributeValue", "InvalidAttributeValue", message)


def test_a_redrive_policy_is_given_back_in_its_one_form(sqs, url, dead):
    arn = sqs.arn("dead")
    text = f'{{ "maxReceiveCount": "3", "deadLetterTargetArn": "{arn}" }}'
    sqs("SetQueueAttributes", QueueUrl=url, Attributes={"RedrivePolicy": text})
    assert sqs.attributes(url)["RedrivePolicy"] == f'{{"deadLetterTargetArn":"{arn}","maxReceiveCount":3}}'


FORMAT = "Amazon SQS can't create the redrive allow policy, as it\u2019s in an unsupported format."


@pytest.mark.parametrize(
    "text",
    [
        "nonsense",
        "[]",
        "{}",
        '{"redrivePermission":"some"}',
        '{"redrivePermission":"allowAll","more":1}',
        '{"redrivePermission":"byQueue","sourceQueueArns":"arn:aws:sqs"}',
        '{"redrivePermission":"byQueue","sourceQueueArns":[{}]}',
    ],
)
def test_redrive_allow_policies_without_the_form_of_one(sqs, url, text):
    message = f"Invalid value for the parameter RedriveAllowPolicy. Reason: {FORMAT}"
    refused = sqs.refused("SetQueueAttributes", QueueUrl=url, Attributes={"RedriveAllowPolicy": text})
    assert refused == (400, "InvalidAttributeValue", "InvalidAttributeValue", message)


@pytest.mark.parametrize(
    "text, reason",
    [
        (
            '{"redrivePermission":"byQueue"}',
            "When you specify the byQueue permission type, you must also specify one or more sourceQueueArns values.",
        ),
        (
            '{"redrivePermission":"denyAll","sourceQueueArns":["a"]}',
            "To specify one or more source queue ARNs, you must set redrivePermission to byQueue.",
        ),
        (
            '{"redrivePermission":"byQueue","sourceQueueArns":["1","2","3","4","5","6","7","8","9","10","11"]}',
            "The maximum number of source queue ARNs you can specify is 10.",
        ),
    ],
)
def test_redrive_allow_policies_that_cannot_be(sqs, url, text, reason):
    why = f"Amazon SQS can't create the redrive allow policy. {reason}"
    message = f"Value {text} for parameter RedriveAllowPolicy is invalid. Reason: {why}"
    refused = sqs.refused("SetQueueAttributes", QueueUrl=url, Attributes={"RedriveAllowPolicy": text})
    assert refused == (400, "InvalidParameterValueException", "InvalidParameterValue", message)


def test_a_source_that_was_allowed_once_stays_so(sqs, source, dead):
    sqs("SetQueueAttributes", QueueUrl=dead, Attributes={"RedriveAllowPolicy": '{"redrivePermission":"denyAll"}'})
    sqs.send(source)
    for _ in range(3):
        sqs.receive(source)
        sqs.later(seconds=10)
    assert len(sqs.receive(dead)) == 1


def test_an_empty_redrive_policy_removes_it(sqs, source, dead):
    assert sqs("ListDeadLetterSourceQueues", QueueUrl=dead) == {"queueUrls": [source]}
    sqs("SetQueueAttributes", QueueUrl=source, Attributes={"RedrivePolicy": ""})
    assert "RedrivePolicy" not in sqs.attributes(source)
    assert sqs("ListDeadLetterSourceQueues", QueueUrl=dead) == {}


@pytest.mark.parametrize(
    "allow, allowed",
    [
        ({"redrivePermission": "allowAll"}, True),
        ({"redrivePermission": "denyAll"}, False),
        ({"redrivePermission": "byQueue", "sourceQueueArns": ["arn:aws:sqs:us-east-1:111111111111:q"]}, True),
        ({"redrivePermission": "byQueue", "sourceQueueArns": ["arn:aws:sqs:us-east-1:111111111111:x"]}, False),
    ],
)
def test_who_may_be_a_source(sqs, url, dead, allow, allowed):
    sqs("SetQueueAttributes", QueueUrl=dead, Attributes={"RedriveAllowPolicy": json.dumps(allow)})
    change = {"QueueUrl": url, "Attributes": {"RedrivePolicy": policy(sqs.arn("dead"))}}
    if allowed:
        assert sqs("SetQueueAttributes", **change) is None
    else:
        assert sqs.refused("SetQueueAttributes", **change)[1] == "InvalidParameterValueException"


def step_moves(sqs) -> int:
    """What the host's worker does with due steps of move tasks; how many there were."""

    def steps(ctx):
        items = ctx.tx.claim(moves.MOVES_QUEUE, now_ms=ctx.now, lease_ms=60_000, limit=10)
        for item in items:
            moves.step_move(ctx, item)
        return len(items)

    return sqs.within(steps)


def listed(sqs, **more: object) -> list[dict[str, object]]:
    return sqs("ListMessageMoveTasks", SourceArn=sqs.arn("dead"), **more)["Results"]


def test_a_move_task_brings_messages_back_as_new_ones(sqs, source, dead):
    message_id = fail(sqs, source)
    started_ms = sqs.now
    assert list(sqs("StartMessageMoveTask", SourceArn=sqs.arn("dead"))) == ["TaskHandle"]
    (message,) = sqs.receive(source)
    assert message["MessageId"] != message_id
    assert message["Attributes"]["ApproximateReceiveCount"] == "1"
    assert "DeadLetterQueueSourceArn" not in message["Attributes"]
    assert listed(sqs) == [
        {
            "Status": "COMPLETED",
            "SourceArn": sqs.arn("dead"),
            "ApproximateNumberOfMessagesMoved": 1,
            "ApproximateNumberOfMessagesToMove": 1,
            "StartedTimestamp": started_ms,
        }
    ]


def test_a_move_task_with_a_rate_moves_so_many_a_second(sqs, source, dead):
    other = sqs.queue("other")
    for number in range(5):
        sqs.send(dead, str(number))
    start = {"SourceArn": sqs.arn("dead"), "DestinationArn": sqs.arn("other"), "MaxNumberOfMessagesPerSecond": 2}
    handle = sqs("StartMessageMoveTask", **start)["TaskHandle"]
    (task,) = listed(sqs)
    assert (task["Status"], task["TaskHandle"], task["DestinationArn"]) == ("RUNNING", handle, sqs.arn("other"))
    again = sqs.refused("StartMessageMoveTask", **start)
    assert again[3] == (  # rec-204
        "There is already a task running. Only one active task is allowed for a source queue arn at a given time."
    )
    assert step_moves(sqs) == 0
    for moved in "4", "5":
        sqs.later(seconds=1)
        assert step_moves(sqs) == 1
        assert sqs.attributes(other)["ApproximateNumberOfMessages"] == moved
    sqs.later(seconds=1)
    assert step_moves(sqs) == 0
    assert listed(sqs)[0]["Status"] == "COMPLETED"


def test_a_cancelled_move_task_stops(sqs, source, dead):
    sqs.queue("other")
    for _ in range(3):
        sqs.send(dead)
    start = {"SourceArn": sqs.arn("dead"), "DestinationArn": sqs.arn("other"), "MaxNumberOfMessagesPerSecond": 1}
    handle = sqs("StartMessageMoveTask", **start)["TaskHandle"]
    assert sqs("CancelMessageMoveTask", TaskHandle=handle) == {"ApproximateNumberOfMessagesMoved": 1}
    sqs.later(seconds=1)
    step_moves(sqs)
    assert sqs.attributes(dead)["ApproximateNumberOfMessages"] == "2"
    assert listed(sqs)[0]["Status"] == "CANCELLED"
    assert "TaskHandle" not in listed(sqs)[0]


def test_a_move_task_fails_when_the_source_queue_is_gone(sqs, source, dead):
    sqs.queue("second", RedrivePolicy=policy(sqs.arn("dead")))
    fail(sqs, source)
    sqs("DeleteQueue", QueueUrl=source)
    sqs("StartMessageMoveTask", SourceArn=sqs.arn("dead"))
    (task,) = listed(sqs)
    assert (task["Status"], task["FailureReason"]) == ("FAILED", "AWS.SimpleQueueService.NonExistentQueue")
    assert sqs.attributes(dead)["ApproximateNumberOfMessages"] == "1"


NONE = "arn:aws:sqs:us-east-1:111111111111:none"


def task_handle(source: str) -> str:
    return base64.b64encode(json.dumps({"taskId": "t", "sourceArn": source}).encode()).decode()


@pytest.mark.parametrize(
    "operation, given, status, code, message",
    [
        pytest.param(
            "StartMessageMoveTask",
            {"SourceArn": "arn:aws:sqs:us-east-1:111111111111:source"},
            400,
            "InvalidParameterValue",
            "Source queue must be configured as a Dead Letter Queue.",
            id="sqs-030,rec-199",
        ),
        pytest.param(
            "StartMessageMoveTask",
            {"SourceArn": "arn:aws:sqs:us-east-1:111111111111:dead", "DestinationArn": NONE},
            404,
            "ResourceNotFoundException",
            "The resource that you specified for the DestinationArn parameter doesn't exist.",
            id="rec-203",
        ),
        pytest.param(
            "CancelMessageMoveTask",
            {"TaskHandle": "foobared"},
            400,
            "InvalidParameterValue",
            "Value for parameter TaskHandle is invalid.",
            id="rec-200",
        ),
        pytest.param(
            "CancelMessageMoveTask",
            {"TaskHandle": task_handle(NONE)},
            404,
            "ResourceNotFoundException",
            "The resource that you specified for the SourceArn parameter doesn't exist.",
            id="rec-201",
        ),
        pytest.param(
            "CancelMessageMoveTask",
            {"TaskHandle": task_handle("arn:aws:sqs:us-east-1:111111111111:dead")},
            404,
            "ResourceNotFoundException",
            "Task does not exist.",
            id="rec-202",
        ),
    ],
)
def test_move_tasks_refused(sqs, source, dead, operation, given, status, code, message):
    refused = sqs.refused(operation, **given)
    assert (refused[0], *refused[2:]) == (status, code, message)
