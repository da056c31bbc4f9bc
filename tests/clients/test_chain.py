"""One cause, one timeline: S3 -> SNS -> SQS -> Lambda -> EventBridge -> Lambda, made with boto3 alone."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from outfall.cli.client import ask, wait_until

from .road import GOOD, Road, make_function, make_queue, make_role
from .server import SOON_S, Server, plain_environment

TELLS = """
import boto3, json
def handler(event, context):
    detail = json.dumps({"keys": [json.loads(json.loads(r["body"])["Message"])["Records"][0]["s3"]["object"]["key"]
                                  for r in event["Records"]]})
    boto3.client("events").put_events(Entries=[{"Source": "NAME", "DetailType": "put", "Detail": detail}])
"""
PLAIN = "def handler(event, context):\n    return {}\n"


def allow(principal: str, action: str, resource: str) -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": principal}, "Action": action, "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def build(server: Server, name: str, first: str) -> dict[str, str]:
    """Everything from the bucket to the rule; `first` is the code of the function behind the queue."""
    sns, sqs, events, s3 = (server.client(one) for one in ("sns", "sqs", "events", "s3"))
    topic = sns.create_topic(Name=name)["TopicArn"]
    sns.set_topic_attributes(
        TopicArn=topic, AttributeName="Policy", AttributeValue=allow("s3.amazonaws.com", "sns:Publish", topic)
    )
    url, queue = make_queue(server, name)
    policy = allow("sns.amazonaws.com", "sqs:SendMessage", queue)
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)
    role = make_role(server, name, "sqs:*", "events:PutEvents", "logs:*")
    function = make_function(server, f"{name}-first", first.replace("NAME", name), role)
    server.client("lambda").create_event_source_mapping(EventSourceArn=queue, FunctionName=f"{name}-first")
    last = make_function(server, f"{name}-last", PLAIN, role)
    rule = events.put_rule(Name=name, EventPattern=json.dumps({"source": [name]}))["RuleArn"]
    server.client("lambda").add_permission(
        FunctionName=last, StatementId="e", Action="lambda:InvokeFunction", Principal="events.amazonaws.com"
    )
    events.put_targets(Rule=name, Targets=[{"Id": "1", "Arn": last}])
    s3.create_bucket(Bucket=name)
    s3.put_bucket_notification_configuration(
        Bucket=name,
        NotificationConfiguration={"TopicConfigurations": [{"TopicArn": topic, "Events": ["s3:ObjectCreated:*"]}]},
    )
    return {"topic": topic, "queue": queue, "url": url, "first": function, "last": last, "rule": rule}


def chain_of(server: Server, function: str) -> dict[str, Any]:
    """The chain that a function was the last of, once it has succeeded."""
    path = f"/_outfall/api/events?function={function}&state=succeeded"
    assert wait_until(lambda: ask(server.endpoint, path)["events"] != [], SOON_S), ask(
        server.endpoint, "/_outfall/api/events?limit=10"
    )
    [event] = ask(server.endpoint, path)["events"]
    told: dict[str, Any] = ask(server.endpoint, f"/_outfall/api/traces/{event['trace']}")
    return told


def said(chain: dict[str, Any]) -> list[tuple[str, ...]]:
    """The facts of a chain, each with what it is about."""
    about = ("resource", "function", "source", "target", "condition")
    return [(one["fact"], *(one[name] for name in about if one.get(name))) for one in chain["history"]]


def test_a_chain_over_five_services_is_one_timeline(server: Server) -> None:
    made = build(server, "chain-whole", TELLS)
    server.client("s3").put_object(Bucket="chain-whole", Key="beach.jpeg", Body=b"x")
    chain = chain_of(server, made["last"])
    bus = "arn:aws:events:us-east-1:000000000000:event-bus/default"
    assert said(chain) == [
        ("Published", made["topic"]),
        ("Delivered", made["topic"], made["queue"]),
        ("BatchTaken", made["first"], made["queue"]),
        ("AttemptStarted",),
        ("Published", bus),
        ("EventAccepted", made["last"]),
        *sorted_tail(chain),
    ]
    assert [(event["kind"], event["state"]) for event in chain["events"]] == [
        ("batch", "succeeded"),
        ("invocation", "succeeded"),
    ]
    assert {event["trace"] for event in chain["events"]} == {chain["trace"]}
    numbers = [(one["at_ms"], one["number"]) for one in chain["history"]]
    assert sorted(numbers) == numbers
    [first] = [one for one in chain["history"] if one["fact"] == "Published" and one["resource"] == made["topic"]]
    assert (first["sender"], first["source_arn"]) == ("s3.amazonaws.com", "arn:aws:s3:::chain-whole")


def sorted_tail(chain: dict[str, Any]) -> list[tuple[str, ...]]:
    """What is told after the last function was invoked, which runs beside the end of the first: each in its order."""
    tail = chain["history"][6:]
    batch = [one for one in tail if one["event"] == chain["events"][0]["id"]]
    last = [one for one in tail if one["event"] == chain["events"][1]["id"]]
    assert [one["fact"] for one in batch] == ["AttemptEnded", "BatchEnded"]
    assert (batch[1]["deleted"], batch[1]["returned"]) == (1, 0)
    assert [one["fact"] for one in last] == ["AttemptStarted", "AttemptEnded", "Settled"]
    return said({"history": tail})


def test_the_commands_print_a_chain(server: Server) -> None:
    made = build(server, "chain-printed", TELLS)
    server.client("s3").put_object(Bucket="chain-printed", Key="k", Body=b"x")
    event = chain_of(server, made["last"])["events"][-1]
    lines = printed(server, "events", "show", "--chain", event["id"]).splitlines()
    assert lines[0] == f"trace {event['trace']}"
    assert "chain-printed took" in lines[1]
    assert "from s3.amazonaws.com: 1 of 1 want it" in lines[1]
    assert "[chain-printed-first from chain-printed] 1 message(s) taken" in lines[3]
    assert "[chain-printed-last] settled: Success after 1 attempt(s)" in "\n".join(lines)
    assert printed(server, "events", "show", "--chain", event["trace"]).splitlines() == lines
    listed = printed(server, "events", "--trace", event["trace"]).splitlines()
    assert [line.split()[2] for line in listed] == [event["id"], lines_id(server, event["trace"])]


def lines_id(server: Server, trace: str) -> str:
    [batch] = ask(server.endpoint, f"/_outfall/api/events?trace={trace}&kind=batch")["events"]
    return str(batch["id"])


def printed(server: Server, *arguments: str, fails: bool = False) -> str:
    command = [sys.executable, "-m", "outfall", *arguments, "--endpoint", server.endpoint]
    done = subprocess.run(command, capture_output=True, text=True, env=plain_environment(), check=False)
    assert bool(done.returncode) == fails, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout


def test_a_success_destination_goes_on_in_the_same_trace(server: Server) -> None:
    """S3 -> Lambda -> EventBridge, as the function's destination -> Lambda."""
    road = Road(server, "chain-destination", GOOD)
    events, client = server.client("events"), server.client("lambda")
    bus = events.create_event_bus(Name="chain-destination")["EventBusArn"]
    role = make_role(server, "chain-puts", "events:PutEvents", "logs:*")
    client.update_function_configuration(FunctionName=road.name, Role=role)
    client.update_function_event_invoke_config(
        FunctionName=road.name, DestinationConfig={"OnSuccess": {"Destination": bus}}
    )
    last = make_function(server, "chain-destination-last", PLAIN, role)
    events.put_rule(Name="r", EventBusName="chain-destination", EventPattern='{"source":["lambda"]}')
    client.add_permission(
        FunctionName=last, StatementId="e", Action="lambda:InvokeFunction", Principal="events.amazonaws.com"
    )
    events.put_targets(Rule="r", EventBusName="chain-destination", Targets=[{"Id": "1", "Arn": last}])
    road.upload("k")
    chain = chain_of(server, last)
    facts = [fact for fact, *_ in said(chain)]
    assert facts[:6] == ["EventAccepted", "AttemptStarted", "AttemptEnded", "Settled", "Delivered", "Published"]
    assert facts[6] == "EventAccepted"
    assert facts[-1] == "Settled"


def test_messages_that_fail_are_told_with_what_returns(server: Server) -> None:
    source = """
def handler(event, context):
    bad = [r["messageId"] for r in event["Records"] if r["body"] == "bad"]
    return {"batchItemFailures": [{"itemIdentifier": one} for one in bad]}
"""
    url, queue = make_queue(server, "chain-partly")
    dead_url, dead = make_queue(server, "chain-partly-dead")
    server.client("sqs").set_queue_attributes(
        QueueUrl=url,
        Attributes={
            "RedrivePolicy": json.dumps({"deadLetterTargetArn": dead, "maxReceiveCount": 1}),
            "VisibilityTimeout": "3",
        },
    )
    role = make_role(server, "chain-partly", "sqs:*", "logs:*")
    make_function(server, "chain-partly", source, role)
    sent = server.client("sqs").send_message_batch(
        QueueUrl=url, Entries=[{"Id": one, "MessageBody": one} for one in ("good", "bad")]
    )
    server.client("lambda").create_event_source_mapping(
        EventSourceArn=queue,
        FunctionName="chain-partly",
        FunctionResponseTypes=["ReportBatchItemFailures"],
        BatchSize=2,
        MaximumBatchingWindowInSeconds=1,
    )
    path = "/_outfall/api/events?kind=batch&function=chain-partly&state=failed"
    assert wait_until(lambda: len(ask(server.endpoint, path)["events"]) == 1, SOON_S)
    [event] = ask(server.endpoint, path)["events"]
    told = ask(server.endpoint, f"/_outfall/api/events/{event['id']}")
    bad = next(one["MessageId"] for one in sent["Successful"] if one["Id"] == "bad")
    taken, end = told["history"][0], told["history"][-1]
    assert (taken["fact"], taken["count"], len(taken["messages"])) == ("BatchTaken", 2, 2)
    assert (end["fact"], end["deleted"], end["returned"], end["failed"]) == ("BatchEnded", 1, 1, [bad])
    assert "batchItemFailures" in told["response"]
    assert [message["Body"] for message in server.drain(dead_url, 1)] == ["bad"]


def test_what_a_topic_could_not_hand_over_is_found_and_sent_again(server: Server) -> None:
    """SNS drops a message for a queue that forbids it; here it is a delivery that failed."""
    sns, sqs = server.client("sns"), server.client("sqs")
    topic = sns.create_topic(Name="chain-refused")["TopicArn"]
    url, queue = make_queue(server, "chain-refused")
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue, Attributes={"RawMessageDelivery": "true"})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": allow("s3.amazonaws.com", "sqs:SendMessage", queue)})
    sns.publish(TopicArn=topic, Message="precious")
    path = "/_outfall/api/events?kind=delivery&state=failed&text=precious"
    assert wait_until(lambda: len(ask(server.endpoint, path)["events"]) == 1, SOON_S)
    [event] = ask(server.endpoint, path)["events"]
    assert (event["function"], event["sender"], event["undelivered"]) == (queue, "sns.amazonaws.com", 1)
    [lost] = ask(server.endpoint, f"/_outfall/api/events/{event['id']}")["deliveries"]
    assert (lost["role"], lost["source"], lost["reason"], lost["body"]) == ("sns", topic, "denied", "precious")
    assert "NOT delivered" in printed(server, "events", "redeliver", event["id"], fails=True)
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": allow("sns.amazonaws.com", "sqs:SendMessage", queue)})
    assert "1 of 1 delivered" in printed(server, "events", "redeliver", event["id"])
    assert [message["Body"] for message in server.drain(url, 1)] == ["precious"]
    told = ask(server.endpoint, f"/_outfall/api/events/{event['id']}")
    assert [(one["fact"], one.get("again")) for one in told["history"]] == [
        ("Undelivered", False),
        ("Undelivered", True),
        ("Delivered", True),
    ]
    assert (told["event"]["state"], told["event"]["undelivered"]) == ("succeeded", 0)


def test_a_record_that_did_not_arrive_is_sent_again_to_the_byte(server: Server) -> None:
    """Permission is asked again at that time, and of the role that the function has then."""
    road = Road(server, "chain-record", "def handler(event, context):\n    raise Exception('boom!')\n")
    client = server.client("lambda")
    powerless = make_role(server, "chain-record-powerless", "logs:*")
    dead_url, dead = make_queue(server, "chain-record-dead")
    client.update_function_configuration(FunctionName=road.name, DeadLetterConfig={"TargetArn": dead})
    client.update_function_configuration(FunctionName=road.name, Role=powerless)
    road.upload("k")
    path = f"/_outfall/api/events?function={road.name}&state=failed"
    assert wait_until(lambda: len(ask(server.endpoint, path)["events"]) == 1, SOON_S)
    [event] = ask(server.endpoint, path)["events"]
    lost = ask(server.endpoint, f"/_outfall/api/events/{event['id']}")["deliveries"]
    assert [(one["role"], one["delivered"]) for one in lost] == [("destination", False), ("dead-letter", False)]
    again = printed(server, "events", "redeliver", event["id"], fails=True)
    assert "0 of 2 delivered" in again
    assert "sqs:SendMessage" in again
    iam = server.client("iam")
    statement = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_role_policy(RoleName="chain-record-powerless", PolicyName="p2", PolicyDocument=document)
    told = json.loads(printed(server, "events", "redeliver", event["id"], "-o", "json"))
    assert (told["delivered"], told["tried"]) == (2, 2)
    [record] = server.drain(road.failure_url, 1)
    assert record["Body"] == lost[0]["body"]
    [letter] = server.drain(dead_url, 1)
    assert letter["Body"] == lost[1]["body"]
    assert letter["MessageAttributes"]["RequestID"]["StringValue"] == event["id"]
    assert "everything arrived" in redeliver_refused(server, event["id"])


def redeliver_refused(server: Server, event_id: str) -> str:
    command = [sys.executable, "-m", "outfall", "events", "redeliver", event_id, "--endpoint", server.endpoint]
    done = subprocess.run(command, capture_output=True, text=True, env=plain_environment(), check=False)
    assert done.returncode
    return done.stderr
