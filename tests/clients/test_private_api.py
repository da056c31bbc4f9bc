"""The private API: that it is as its own description says, whatever it is asked; and what one does with it."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import hypothesis
import pytest
import schemathesis
from schemathesis import checks
from schemathesis.specs.openapi import checks as openapi_checks

import outfall.host
from outfall.cli.client import ask, wait_until

from .road import BAD, GOOD, Road, make_queue, make_role
from .server import SOON_S, Server

DESCRIPTION = Path(outfall.host.__file__).with_name("openapi.json")
ENDLESS_OR_FATAL = ("stream", "reset", "stop")
HELD_AGAINST = [
    checks.not_a_server_error,
    openapi_checks.status_code_conformance,
    openapi_checks.content_type_conformance,
    openapi_checks.response_schema_conformance,
    openapi_checks.unsupported_method,
]

schema = schemathesis.openapi.from_path(DESCRIPTION)
described = schema.exclude(operation_id=list(ENDLESS_OR_FATAL))


@described.parametrize()
@hypothesis.settings(max_examples=10, derandomize=True, deadline=None, database=None)
def test_every_answer_is_as_described(case: Any, server: Server) -> None:
    case.call_and_validate(base_url=server.endpoint, checks=HELD_AGAINST)


def told(server: Server, path: str, *, query: dict[str, Any] | None = None, **named: str) -> dict[str, Any]:
    """The answer to a GET, held against the description on the way."""
    case = schema[path]["GET"].Case(path_parameters=named, query=query or {})
    answer: dict[str, Any] = case.call_and_validate(base_url=server.endpoint, checks=HELD_AGAINST).json()
    return answer


def events(server: Server, **query: Any) -> dict[str, Any]:
    return told(server, "/_outfall/api/events", query=query)


def detail(server: Server, event_id: str) -> dict[str, Any]:
    return told(server, "/_outfall/api/events/{event}", event=event_id)


def ended(server: Server, count: int, **query: Any) -> list[dict[str, Any]]:
    """Events that have succeeded or failed, once there are so many."""

    def found() -> list[dict[str, Any]]:
        return [one for one in events(server, **query)["events"] if one["state"] in ("succeeded", "failed")]

    assert wait_until(lambda: len(found()) == count, SOON_S)
    return found()


def test_events_are_found_by_what_they_are_and_what_is_in_them(server: Server) -> None:
    good, bad = Road(server, "find-good", GOOD), Road(server, "find-bad", BAD)
    good.upload("holiday/beach ü.jpeg")
    bad.upload("holiday/snow.jpeg")
    [beach] = ended(server, 1, function="find-good")
    [snow] = ended(server, 1, function=bad.function_arn)

    def ids(**query: Any) -> list[str]:
        return [event["id"] for event in events(server, **query)["events"]]

    assert ids(key="beach ü") == [beach["id"]]
    assert ids(key="holiday/") == [snow["id"], beach["id"]], "the newest first"
    assert ids(key="holiday/", state="failed") == [snow["id"]]
    assert ids(text="SNOW.JPEG") == [snow["id"]]
    assert ids(text=snow["id"]) == [snow["id"]]
    assert ids(key="holiday/", sender="s3.amazonaws.com", function="find-good") == [beach["id"]]
    assert ids(key="holiday/", sender="sns.amazonaws.com") == []
    assert ids(key="beach+%C3%BC") == [], "keys are what they were when the object was put"


def test_a_cursor_stays_where_it_is_while_events_come(server: Server) -> None:
    road = Road(server, "cursor", GOOD)
    for name in ("1", "2", "3"):
        road.upload(f"cursor-{name}")
    ended(server, 3, function="cursor")
    everything = [event["id"] for event in events(server, function="cursor")["events"]]
    first = events(server, function="cursor", limit=2)
    road.upload("cursor-4")
    ended(server, 4, function="cursor")
    second = events(server, function="cursor", limit=2, cursor=first["cursor"])
    assert [event["id"] for event in first["events"] + second["events"]] == everything
    assert (len(second["events"]), second["cursor"]) == (1, "")


def test_one_event_is_told_whole(server: Server) -> None:
    road = Road(server, "whole", BAD)
    road.upload("k")
    [event] = ended(server, 1, function="whole")
    shown = detail(server, event["id"])
    [message] = server.drain(road.failure_url, 1)
    assert shown["record"] == message["Body"]
    assert json.loads(shown["payload"]) == json.loads(message["Body"])["requestPayload"]
    assert json.loads(shown["response"])["errorMessage"] == "boom!"
    [delivery] = shown["deliveries"]
    assert (delivery["delivered"], delivery["target"]) == (True, road.failure_arn)
    assert delivery["receipt"] == message["MessageId"]
    assert "sqs:SendMessage" in json.loads(delivery["statement"])["Action"]


def test_what_an_undelivered_record_lacked_can_be_pasted(server: Server) -> None:
    road = Road(server, "lacking", GOOD)
    role = make_role(server, "lacking-rights", "logs:*")
    server.client("lambda").update_function_configuration(FunctionName="lacking", Role=role)
    road.upload("k")
    [event] = ended(server, 1, function="lacking")
    [delivery] = detail(server, event["id"])["deliveries"]
    assert (delivery["delivered"], delivery["reason"], event["undelivered"]) == (False, "denied", 1)
    assert "not authorized to perform: sqs:SendMessage" in delivery["explanation"]
    assert json.loads(delivery["body"])["requestContext"]["condition"] == "Success"
    policy = f'{{"Version": "2012-10-17", "Statement": [{delivery["missing"]}]}}'
    server.client("iam").put_role_policy(RoleName="lacking-rights", PolicyName="pasted", PolicyDocument=policy)
    road.upload("again")
    assert len(server.drain(road.success_url, 1)) == 1


def test_large_payloads_of_what_succeeded_are_not_kept(server: Server) -> None:
    Road(server, "large", GOOD)
    payload = json.dumps({"padding": "x" * 70_000}).encode()
    server.client("lambda").invoke(FunctionName="large", InvocationType="Event", Payload=payload)
    [event] = ended(server, 1, function="large")
    assert event["state"] == "succeeded"
    assert [detail(server, event["id"])[name] for name in ("payload", "response", "record")] == [None] * 3


def test_peeking_changes_nothing(server: Server) -> None:
    sqs = server.client("sqs")
    url, _ = make_queue(server, "peeked")
    sqs.send_message(QueueUrl=url, MessageBody="taken")
    sqs.receive_message(QueueUrl=url, VisibilityTimeout=600)
    sqs.send_message(QueueUrl=url, MessageBody="late", DelaySeconds=600)
    attribute = {"DataType": "Binary", "BinaryValue": b"\xff"}
    sqs.send_message(QueueUrl=url, MessageBody="there", MessageAttributes={"a": attribute})

    def peek(queue: str = "peeked", **query: Any) -> dict[str, Any]:
        path = "/_outfall/api/sqs/{account}/{region}/{queue}/peek"
        return told(server, path, query=query, account="000000000000", region="us-east-1", queue=queue)

    first, again = peek()["messages"], peek()["messages"]
    assert [(one["body"], one["state"]) for one in first] == [
        ("taken", "in flight"),
        ("late", "delayed"),
        ("there", "visible"),
    ]
    assert first == again
    assert [one["attributes"]["ApproximateReceiveCount"] for one in first] == ["1", "0", "0"]
    assert first[2]["message_attributes"] == {"a": {"DataType": "Binary", "BinaryValue": "/w=="}}
    page = peek(limit=2)
    assert [one["body"] for one in peek(after=page["after"])["messages"]] == ["there"]
    [received] = sqs.receive_message(QueueUrl=url, AttributeNames=["All"])["Messages"]
    assert (received["Body"], received["Attributes"]["ApproximateReceiveCount"]) == ("there", "1")
    assert "no queue nowhere" in peek("nowhere")["message"]


class Stream:
    """A client of the stream, which reads as much as it is asked to."""

    def __init__(self, server: Server, query: str = "", **headers: str) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
        self.connection.request("GET", f"/_outfall/api/stream{query}", headers=headers)
        self.response = self.connection.getresponse()
        assert self.response.getheader("content-type") == "text/event-stream; charset=utf-8"
        assert self.response.readline() == b"retry: 1000\n", "the stream has begun"

    def facts(self) -> Iterator[dict[str, Any]]:
        number = 0
        for line in self.response:
            name, _, value = line.rstrip(b"\n").partition(b": ")
            if name == b"id":
                number = int(value)
            elif name == b"data":
                fact: dict[str, Any] = json.loads(value)
                assert fact["number"] == number
                yield fact

    def until(self, name: str, event: str) -> list[dict[str, Any]]:
        """The facts of an event, to the one of that name; what else happens here is passed over."""
        read: list[dict[str, Any]] = []
        for fact in self.facts():
            if fact["event"] == event:
                read.append(fact)
                if fact["fact"] == name:
                    return read
        raise AssertionError("the stream has ended")


def test_the_stream_tells_what_happens_and_goes_on_where_it_was_left(server: Server) -> None:
    road = Road(server, "streamed", GOOD)
    streams = [Stream(server) for _ in range(5)]
    road.upload("k")
    [event] = ended(server, 1, function="streamed")
    read = streams[0].until("Delivered", event["id"])
    assert [fact["fact"] for fact in read] == [
        "EventAccepted",
        "AttemptStarted",
        "AttemptEnded",
        "Settled",
        "Delivered",
    ]
    assert all(one.until("Delivered", event["id"]) == read for one in streams[1:])
    resumed = Stream(server, "?after=0", **{"Last-Event-ID": str(read[1]["number"])})
    assert resumed.until("Delivered", event["id"]) == read[2:]
    assert Stream(server, f"?after={read[0]['number'] - 1}").until("Delivered", event["id"]) == read
    assert events(server)["last"] >= read[-1]["number"]


def test_a_server_that_stops_ends_its_streams_and_does_not_wait_for_them(new_server: Any) -> None:
    server = new_server("--time-scale", "0").start()
    stream = Stream(server)
    server.stop()
    assert list(stream.facts()) == [], "it ended as a body should, not in the middle"
    assert server.process.returncode == 0


BAD_INPUT = (
    ("GET", "events?limit=0", 400),
    ("GET", "events?limit=501", 400),
    ("GET", "events?limit=" + "9" * 5000, 400),
    ("GET", "events?limit=%D9%A1", 400),
    ("GET", "events?limit=1.0", 400),
    ("GET", "events?state=lost", 400),
    ("GET", "events?cursor=x", 400),
    ("GET", "events?cursor=000000000000001/%00", 400),
    ("GET", "events?unheard=of", 400),
    ("GET", "events?" + "&".join(["state=failed"] * 40), 400),
    ("GET", "events/%00", 400),
    ("GET", "events/" + "a" * 65, 400),
    ("GET", "events/nobody", 404),
    ("GET", "events/" + quote("../events"), 404),
    ("GET", "history?after=-1", 400),
    ("GET", f"history?after={2**63}", 400),
    ("GET", "stream?after=x", 400),
    ("GET", "sqs/0/r/q/peek?limit=101", 400),
    ("GET", "sqs/0/%ff/%00/peek", 404),
    ("GET", "nothing", 404),
    ("DELETE", "events", 405),
    ("POST", "events/nobody/skip-wait", 409),
    ("POST", "events/nobody/replay?send=2", 400),
    ("POST", "replay", 409),
    ("POST", "clock", 400),
    ("POST", "clock?advance_ms=1", 409),
    ("POST", "clock?advance_ms=1&to=next", 400),
    ("POST", f"clock?advance_ms={10**15}", 400),
)


@pytest.mark.parametrize("method, path, status", BAD_INPUT)
def test_what_is_wrong_is_refused_in_a_line(server: Server, method: str, path: str, status: int) -> None:
    answer, body = send(server, method, path, **{"x-outfall": "1"})
    assert answer == status
    said = json.loads(body)
    assert re.fullmatch(r"[^\n]{5,300}", said["message"])
    assert said["clock_ms"] > 0


RECORDS = (
    b"[" * 100_000,
    b'{"requestPayload": 1, "requestContext": {"functionArn": "nowhere", "requestId": "i"}}',
    b'{"requestPayload": 1, "requestContext": {"functionArn": "arn:aws:sqs:us-east-1:000000000000:q", "requestId": 1}}',
    b'{"requestPayload": 1, "requestContext": {"functionArn": "\\ud800", "requestId": "i"}}',
)


@pytest.mark.parametrize("record", RECORDS)
@pytest.mark.parametrize("query", ["", "&to=arn:aws", "&to=%00:%00:%00", "&to=f:%22"])
def test_what_is_no_record_is_not_sent(server: Server, record: bytes, query: str) -> None:
    assert send(server, "POST", f"replay?send=1{query}", record, **{"x-outfall": "1"})[0] == 409


def send(server: Server, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    try:
        connection.request(method, f"/_outfall/api/{path}", body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


@pytest.mark.parametrize("origin, status", [("", 200), ("own", 200), ("http://evil.example", 403), ("null", 403)])
def test_a_page_of_another_site_changes_nothing(server: Server, origin: str, status: int) -> None:
    headers = {"x-outfall": "1"} | ({"origin": origin.replace("own", server.endpoint)} if origin else {})
    assert send(server, "POST", "events/skip-wait", **headers)[0] == status


def test_nothing_is_changed_without_the_header(server: Server) -> None:
    for path in ("reset", "stop", "events/skip-wait", "clock?to=next", "replay?send=1"):
        assert send(server, "POST", path)[0] == 403


def test_the_description_is_served_and_knows_every_operation(server: Server) -> None:
    served = json.loads(send(server, "GET", "openapi.json")[1])
    assert served == json.loads(DESCRIPTION.read_text())
    assert {"/_outfall/api/stream", "/_outfall/api/stop"} <= set(served["paths"])
    assert ask(server.endpoint, "/_outfall/health").keys() == ask(server.endpoint, "/_outfall/api/health").keys()
