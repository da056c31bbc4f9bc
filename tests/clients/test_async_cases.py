"""The recorded cases of asynchronous invocation, destinations and dead letters that show on the wire, by their ids.

Waits are skipped (`--time-scale 0`), which changes no decision. Cases of timing alone are in `tests/flow`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

from outfall.cli.client import ask, wait_until

from .road import make_function, make_queue, make_role, package, wait_active
from .server import SOON_S, Server
from .test_transfers import send

ACCOUNT = "000000000000"
SOURCE = """\
import json, os, time

def handler(event, context):
    print("ran", context.aws_request_id)
    if event.get("raise_error"):
        raise Exception(event.get("message", "Test exception (this is intentional)"))
    if event.get("sleep"):
        time.sleep(event["sleep"])
    if event.get("exit"):
        os._exit(0)
    if event.get("kill"):
        os.kill(os.getpid(), 9)
    if event.get("set"):
        return {1, 2}
    if event.get("context"):
        return {"id": context.aws_request_id, "client_context": context.client_context}
    return event.get("answer")
"""
UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"


def id_of(case: Any) -> str:
    return str(case[0]) if isinstance(case, tuple) else ""


@dataclass
class Bench:
    """A function that does what its event says, with a queue for each end."""

    server: Server
    name: str

    def __post_init__(self) -> None:
        self.client = self.server.client("lambda")
        self.role = make_role(self.server, self.name, "sqs:*", "logs:*", "lambda:*")
        self.urls, self.arns = {}, {}
        for end in ("success", "failure", "dead"):
            self.urls[end], self.arns[end] = make_queue(self.server, f"{self.name}-{end}")
        self.function_arn = make_function(self.server, self.name, SOURCE, self.role, Timeout=3)

    def ends(self, retries: int = 0, **more: Any) -> Bench:
        ends = {"OnSuccess": {"Destination": self.arns["success"]}, "OnFailure": {"Destination": self.arns["failure"]}}
        settings = {"MaximumRetryAttempts": retries, "DestinationConfig": ends, **more}
        self.client.put_function_event_invoke_config(FunctionName=self.name, **settings)
        return self

    def dead_letters(self, queue: str = "dead") -> Bench:
        self.client.update_function_configuration(
            FunctionName=self.name, DeadLetterConfig={"TargetArn": self.arns[queue]}
        )
        wait_active(self.client, self.name)
        return self

    def invoke(self, event: Any = None, qualifier: str = "", **more: Any) -> str:
        """The request id of an Event invocation that was accepted."""
        if event is not None:
            more["Payload"] = event if isinstance(event, bytes) else json.dumps(event)
        if qualifier:
            more["Qualifier"] = qualifier
        answer = self.client.invoke(FunctionName=self.name, InvocationType="Event", **more)
        assert answer["StatusCode"] == 202
        return str(answer["ResponseMetadata"]["RequestId"])

    def message(self, end: str) -> dict[str, Any]:
        [message] = self.server.drain(self.urls[end], 1)
        return message

    def record(self, end: str = "failure") -> dict[str, Any]:
        return dict(json.loads(self.message(end)["Body"]))

    def state(self, request_id: str) -> str:
        return str(ask(self.server.endpoint, f"/_outfall/api/events/{request_id}")["event"]["state"])

    def settled(self, request_id: str) -> dict[str, Any]:
        """The event once it is settled."""
        path = f"/_outfall/api/events/{request_id}"
        assert wait_until(lambda: self.state(request_id) in ("succeeded", "failed"), SOON_S)
        return ask(self.server.endpoint, path)

    def empty(self, end: str) -> bool:
        return self.server.drain(self.urls[end], 1, 0.01) == []

    def runs(self, request_id: str) -> int:
        """How often the handler ran for an event."""
        logs = self.server.client("logs")
        got = logs.filter_log_events(logGroupName=f"/aws/lambda/{self.name}", filterPattern=f'"ran {request_id}"')
        return len(got["events"])


@pytest.fixture
def bench(server: Server, request: pytest.FixtureRequest) -> Bench:
    return Bench(server, re.sub(r"[^a-z0-9]+", "-", request.node.name.lower()).strip("-")[-50:].strip("-"))


@pytest.fixture(scope="module")
def fn(server: Server) -> Bench:
    """One for the tests that only call."""
    return Bench(server, "called")


def call(bench: Bench, kind: str, body: bytes = b"", **headers: str) -> tuple[int, dict[str, str], bytes]:
    """An Invoke as bytes: signed by boto3's signer, sent and read without an SDK in between."""
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    url = f"{bench.server.endpoint}/2015-03-31/functions/{bench.name}/invocations"
    request = AWSRequest("POST", url, {"X-Amz-Invocation-Type": kind, **headers}, body)
    SigV4Auth(Credentials("test", "test"), "lambda", "us-east-1").add_auth(request)
    return send(bench.server, "POST", url, body, **dict(request.headers.items()))


def test_async_001_event(fn: Bench) -> None:
    status, headers, body = call(fn, "Event", b"{}")
    assert (status, body) == (202, b"")
    assert re.fullmatch(UUID, headers["x-amzn-requestid"])
    for absent in ("x-amz-executed-version", "x-amz-function-error", "x-amz-log-result"):
        assert absent not in headers


def test_async_002_dry_run(fn: Bench) -> None:
    status, headers, body = call(fn, "DryRun", b"{}")
    assert (status, body) == (204, b"")
    assert fn.runs(headers["x-amzn-requestid"]) == 0


def test_async_003_request_response(fn: Bench) -> None:
    status, headers, body = call(fn, "RequestResponse", b"{}")
    assert (status, body) == (200, b"null")
    assert headers["x-amz-executed-version"] == "$LATEST"
    assert headers["content-type"] == "application/json"
    assert "x-amz-function-error" not in headers
    status, headers, body = call(fn, "RequestResponse", b'{"raise_error": 1}', **{"X-Amz-Log-Type": "Tail"})
    assert (status, headers["x-amz-function-error"]) == (200, "Unhandled")
    assert headers["x-amz-log-result"]
    assert json.loads(body)["errorType"] == "Exception"


def test_async_004_and_026_the_handler_sees_the_request_id_and_no_client_context(bench: Bench) -> None:
    request_id = bench.ends().invoke({"context": 1}, ClientContext="e30=")
    assert bench.record("success")["responsePayload"] == {"id": request_id, "client_context": None}


def refusal(deed: Callable[[], Any]) -> tuple[int, str, str]:
    with pytest.raises(ClientError) as caught:
        deed()
    response = caught.value.response
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"], response["Error"]["Message"]


def test_async_022_to_025_what_is_refused_at_the_door(fn: Bench) -> None:
    status, code, message = refusal(lambda: fn.invoke(b"not json"))
    assert (status, code) == (400, "InvalidRequestContentException")
    assert message.startswith("Could not parse request body into json:")
    fn.invoke(b'"' + b"x" * (1024 * 1024 - 2) + b'"')
    assert refusal(lambda: fn.invoke(b'"' + b"x" * 2236566 + b'"')) == (
        413,
        "RequestEntityTooLargeException",
        "2236568 byte payload is too large for the Event invocation type (limit 1048576 bytes)",
    )
    nope = f"Function not found: arn:aws:lambda:us-east-1:{ACCOUNT}:function:nope:$LATEST"
    told = refusal(lambda: fn.client.invoke(FunctionName="nope", InvocationType="Event"))
    assert told == (404, "ResourceNotFoundException", nope)


@pytest.mark.parametrize(
    "case, settings, attempts, condition",
    [
        ("async-007", {"retries": 0}, 1, "RetriesExhausted"),
        ("async-008", {"retries": 1}, 2, "RetriesExhausted"),
        ("async-009", {"retries": 2}, 3, "RetriesExhausted"),
        ("async-010", {"retries": 2, "MaximumEventAgeInSeconds": 60}, 1, "EventAgeExceeded"),
        ("async-011", {"retries": 2, "MaximumEventAgeInSeconds": 90}, 2, "EventAgeExceeded"),
    ],
)
def test_attempts(bench: Bench, case: str, settings: dict[str, int], attempts: int, condition: str) -> None:
    request_id = bench.ends(**settings).invoke({"raise_error": 1})
    context = bench.record()["requestContext"]
    assert (context["requestId"], context["condition"]) == (request_id, condition)
    assert context["approximateInvokeCount"] == attempts
    assert bench.runs(request_id) == attempts
    assert bench.empty("success")


def test_async_012_and_013_and_dlq_004_zero_concurrency(bench: Bench) -> None:
    bench.ends().dead_letters()
    bench.client.put_function_concurrency(FunctionName=bench.name, ReservedConcurrentExecutions=0)
    request_id = bench.invoke()
    record = bench.record()
    assert list(record) == ["version", "timestamp", "requestContext", "requestPayload"]
    assert record["requestContext"] == {
        "requestId": request_id,
        "functionArn": f"{bench.function_arn}:$LATEST",
        "condition": "ZeroReservedConcurrency",
        "approximateInvokeCount": 0,
    }
    assert record["requestPayload"] == {}
    attributes = bench.message("dead")["MessageAttributes"]
    assert sorted(attributes) == ["ErrorMessage", "RequestID"]
    assert attributes["ErrorMessage"]["StringValue"] == (
        "Function not invoked. Function isconfigured with zero reserved concurrent executions"
    )
    status, headers, body = call(bench, "RequestResponse", b"{}")
    assert (status, headers["x-amzn-errortype"]) == (429, "TooManyRequestsException")
    assert json.loads(body) == {
        "Reason": "ReservedFunctionConcurrentInvocationLimitExceeded",
        "Type": "User",
        "message": "Rate Exceeded.",
    }


def test_dest_001_and_003_and_004_the_record_of_a_success(bench: Bench) -> None:
    request_id = bench.ends().invoke({})
    message = bench.message("success")
    record = json.loads(message["Body"])
    assert list(record) == [
        *("version", "timestamp", "requestContext", "requestPayload", "responseContext", "responsePayload"),
    ]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", record.pop("timestamp"))
    assert list(record["requestContext"]) == ["requestId", "functionArn", "condition", "approximateInvokeCount"]
    assert record == {
        "version": "1.0",
        "requestContext": {
            "requestId": request_id,
            "functionArn": f"{bench.function_arn}:$LATEST",
            "condition": "Success",
            "approximateInvokeCount": 1,
        },
        "requestPayload": {},
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST"},
        "responsePayload": None,
    }
    assert message.get("MessageAttributes") is None
    assert re.fullmatch(rf"AROA[A-Z0-9]+:{bench.name}", message["Attributes"]["SenderId"])


def test_async_039_the_message_carries_the_trace(bench: Bench) -> None:
    bench.ends().invoke({})
    header = bench.message("success")["Attributes"]["AWSTraceHeader"]
    form = r"Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=[01];Lineage=1:[0-9a-f]{8}:\d+"
    assert re.fullmatch(form, header)


FAILURES: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    (
        "dest-002",
        {"raise_error": 1},
        {"errorType": "Exception"},
        r"Test exception \(this is intentional\)",
    ),
    (
        "dest-010",
        {"sleep": 9},
        {"errorType": "Sandbox.Timedout"},
        rf"RequestId: {UUID} Error: Task timed out after 3\.00 seconds",
    ),
    (
        "dest-011",
        {"exit": 1},
        {"errorType": "Runtime.ExitError"},
        rf"RequestId: {UUID} Error: Runtime exited without providing a reason",
    ),
    (
        "dest-014",
        {"set": 1},
        {"errorType": "Runtime.MarshalError", "stackTrace": []},
        "Unable to marshal response: Object of type set is not JSON serializable",
    ),
    (
        "dest-015",
        {"kill": 1},
        {"errorType": "Runtime.ExitError"},
        rf"RequestId: {UUID} Error: Runtime exited with error: signal: killed",
    ),
]


@pytest.mark.parametrize("case, event, has, message", FAILURES, ids=[one[0] for one in FAILURES])
def test_records_of_failures(bench: Bench, case: str, event: Any, has: dict[str, Any], message: str) -> None:
    bench.ends().invoke(event)
    record = bench.record()
    assert record["responseContext"] == {
        "statusCode": 200,
        "executedVersion": "$LATEST",
        "functionError": "Unhandled",
    }
    assert record["requestPayload"] == event
    payload = record["responsePayload"]
    assert re.fullmatch(message, payload["errorMessage"])
    assert has.items() <= payload.items()


BROKEN: list[tuple[str, str, str, dict[str, Any]]] = [
    (
        "dest-012",
        "import x\n",
        "app.handler",
        {
            "errorMessage": "Unable to import module 'app': No module named 'x'",
            "errorType": "Runtime.ImportModuleError",
            "requestId": "",
            "stackTrace": [],
        },
    ),
    (
        "dest-013",
        "pass\n",
        "app.nope",
        {
            "errorMessage": "Handler 'nope' missing on module 'app'",
            "errorType": "Runtime.HandlerNotFound",
            "requestId": "",
            "stackTrace": [],
        },
    ),
    (
        "dest-016",
        "raise Exception('Runtime startup fails')\n",
        "app.handler",
        {"errorMessage": "Runtime startup fails", "errorType": "Exception", "requestId": ""},
    ),
]


@pytest.mark.parametrize("case, source, handler, has", BROKEN, ids=[one[0] for one in BROKEN])
def test_records_of_what_does_not_start(
    bench: Bench, case: str, source: str, handler: str, has: dict[str, Any]
) -> None:
    bench.client.update_function_configuration(FunctionName=bench.name, Handler=handler)
    wait_active(bench.client, bench.name)
    bench.client.update_function_code(FunctionName=bench.name, ZipFile=package(source))
    wait_active(bench.client, bench.name)
    bench.ends().invoke({})
    assert has.items() <= bench.record()["responsePayload"].items()


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that waits as long as AWS does, until a test skips the wait."""
    running = Server(tmp_path_factory.mktemp("patient")).start()
    yield running
    running.stop()


def waiting(bench: Bench, qualifier: str = "") -> str:
    """An event that has failed once and waits for its retry."""
    request_id = bench.invoke({"raise_error": 1}, qualifier)
    assert wait_until(lambda: bench.state(request_id) == "waiting", SOON_S, 0.01)
    return request_id


def skip_wait(bench: Bench, request_id: str) -> None:
    ask(bench.server.endpoint, f"/_outfall/api/events/{request_id}/skip-wait", method="POST")


NEW = "def handler(event, context):\n    return 'new'\n"


def test_async_018_a_version_deleted_before_its_retry(patient: Server) -> None:
    bench = Bench(patient, "async-018")
    version = bench.client.publish_version(FunctionName=bench.name)["Version"]
    request_id = waiting(bench.ends(1, Qualifier=version), version)
    bench.client.delete_function(FunctionName=bench.name, Qualifier=version)
    skip_wait(bench, request_id)
    told = bench.settled(request_id)
    assert (told["event"]["condition"], told["event"]["attempts"]) == ("RetriesExhausted", 2)


def test_async_019_a_function_made_again_receives_old_events(patient: Server) -> None:
    bench = Bench(patient, "async-019")
    request_id = waiting(bench.ends(2))
    bench.client.delete_function(FunctionName=bench.name)
    make_function(patient, bench.name, NEW, bench.role)
    bench.ends(2)
    skip_wait(bench, request_id)
    record = bench.record("success")
    assert (record["requestContext"]["requestId"], record["responsePayload"]) == (request_id, "new")


def test_async_020_what_waits_runs_on_new_code(patient: Server) -> None:
    bench = Bench(patient, "async-020")
    request_id = waiting(bench.ends(2))
    bench.client.update_function_code(FunctionName=bench.name, ZipFile=package(NEW))
    wait_active(bench.client, bench.name)
    skip_wait(bench, request_id)
    record = bench.record("success")
    assert (record["requestContext"]["requestId"], record["responsePayload"]) == (request_id, "new")


def test_async_021_and_dlq_001_both_ends_of_a_failure(bench: Bench) -> None:
    bench.ends().dead_letters()
    request_id = bench.invoke(b'{"raise_error": 1}')
    assert bench.record()["requestContext"]["requestId"] == request_id
    message = bench.message("dead")
    assert message["Body"] == '{"raise_error": 1}'
    assert message["MD5OfBody"] == "ba08269cbd0ce515889bfba6593731e1"
    told = {name: (a["DataType"], a["StringValue"]) for name, a in message["MessageAttributes"].items()}
    assert told == {
        "RequestID": ("String", request_id),
        "ErrorCode": ("Number", "200"),
        "ErrorMessage": ("String", "Test exception (this is intentional)"),
    }


def test_dlq_005_a_long_message_is_cut(bench: Bench) -> None:
    bench.ends().dead_letters().invoke({"raise_error": 1, "message": "é" * 1500})
    said = bench.message("dead")["MessageAttributes"]["ErrorMessage"]["StringValue"]
    assert said == "é" * 512


def test_dlq_014_a_success_leaves_no_dead_letter(bench: Bench) -> None:
    bench.settled(bench.ends().dead_letters().invoke({}))
    assert bench.empty("dead")


def test_dlq_013_a_version_keeps_its_dead_letter_queue(bench: Bench) -> None:
    bench.dead_letters("dead")
    version = bench.client.publish_version(FunctionName=bench.name)["Version"]
    wait_active(bench.client, bench.name)
    bench.dead_letters("success")
    for qualifier in ("$LATEST", version):
        bench.client.put_function_event_invoke_config(
            FunctionName=bench.name, Qualifier=qualifier, MaximumRetryAttempts=0
        )
    old, new = bench.invoke({"raise_error": 1}, version), bench.invoke({"raise_error": 1})
    assert bench.message("dead")["MessageAttributes"]["RequestID"]["StringValue"] == old
    assert bench.message("success")["MessageAttributes"]["RequestID"]["StringValue"] == new


def test_async_035_to_037_versions_and_aliases(bench: Bench) -> None:
    version = bench.client.publish_version(FunctionName=bench.name)["Version"]
    bench.client.create_alias(FunctionName=bench.name, Name="live", FunctionVersion=version)
    for qualifier in (version, "live"):
        bench.ends(Qualifier=qualifier)
        bench.invoke({}, qualifier)
        record = bench.record("success")
        assert record["requestContext"]["functionArn"] == f"{bench.function_arn}:{qualifier}"
        assert record["responseContext"]["executedVersion"] == version
    bench.client.put_function_event_invoke_config(FunctionName=bench.name, MaximumRetryAttempts=0)
    bench.settled(bench.invoke({"raise_error": 1}))
    assert bench.empty("failure")


def test_async_033_and_dest_056_what_cannot_be_delivered_is_told(bench: Bench) -> None:
    bench.ends()
    bench.server.client("iam").delete_role_policy(RoleName=bench.name, PolicyName="p")
    told = bench.settled(bench.invoke({"raise_error": 1}))
    assert bench.empty("failure")
    assert any(fact["fact"] == "Undelivered" for fact in told["history"])
    statement = {"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    bench.server.client("iam").put_role_policy(RoleName=bench.name, PolicyName="p", PolicyDocument=document)
    bench.server.client("sqs").delete_queue(QueueUrl=bench.urls["failure"])
    told = bench.settled(bench.invoke({"raise_error": 1}))
    assert told["event"]["condition"] == "RetriesExhausted"


def test_async_038_a_long_run_is_not_cut_by_the_age(bench: Bench) -> None:
    bench.ends(MaximumEventAgeInSeconds=60).invoke({"sleep": 1, "answer": "whole"})
    assert bench.record("success")["responsePayload"] == "whole"


def test_dest_007_a_function_as_a_destination_receives_the_record(bench: Bench) -> None:
    receiver = f"{bench.name[:40]}-to"
    source = 'def handler(event, context):\n    return {"id": context.aws_request_id, "event": event}\n'
    arn = make_function(bench.server, receiver, source, bench.role)
    bench.client.put_function_event_invoke_config(
        FunctionName=receiver, DestinationConfig={"OnSuccess": {"Destination": bench.arns["dead"]}}
    )
    bench.client.put_function_event_invoke_config(
        FunctionName=bench.name, DestinationConfig={"OnSuccess": {"Destination": arn}}
    )
    request_id = bench.invoke({"answer": 1})
    got = bench.record("dead")["responsePayload"]
    assert got["event"]["requestContext"]["requestId"] == request_id
    assert got["event"]["responsePayload"] == 1
    assert got["id"] != request_id


def test_dest_009_a_bucket_receives_the_record_as_an_object(bench: Bench) -> None:
    s3, bucket = bench.server.client("s3"), "dest-009-records"
    s3.create_bucket(Bucket=bucket)
    statement = {"Effect": "Allow", "Action": ["s3:*", "logs:*"], "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    bench.server.client("iam").put_role_policy(RoleName=bench.name, PolicyName="s3", PolicyDocument=document)
    bench.client.put_function_event_invoke_config(
        FunctionName=bench.name,
        MaximumRetryAttempts=0,
        DestinationConfig={"OnFailure": {"Destination": f"arn:aws:s3:::{bucket}"}},
    )
    request_id = bench.invoke({"raise_error": 1})
    assert wait_until(lambda: s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 1, SOON_S)
    [key] = [one["Key"] for one in s3.list_objects_v2(Bucket=bucket)["Contents"]]
    form = rf"aws/lambda/async/{bench.name}/\d{{4}}/\d\d/\d\d/\d{{4}}-\d\d-\d\dT\d\d\.\d\d\.\d\d-{UUID}"
    assert re.fullmatch(form, key)
    got = s3.get_object(Bucket=bucket, Key=key)
    assert got["ContentType"] == "application/octet-stream"
    assert json.loads(got["Body"].read())["requestContext"]["requestId"] == request_id
