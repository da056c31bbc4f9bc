"""The lesson's steps, played with boto3 alone, as a user's own script would play them."""

from __future__ import annotations

import io
import json
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from outfall.cli.client import wait_until

TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
GOOD = """\
import json

def lambda_handler(event, context):
    return {"statusCode": 200, "body": json.dumps("Hello from Lambda!")}
"""
BAD = """\
def lambda_handler(event, context):
    raise Exception("boom!")
"""
LOGGING_POLICY = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
NAME = "outfall-demo"
RETRY_WAITS_S = (60, 120)
READY_S_MAX = 30.0


class LessonFailed(Exception):
    """Something is not as AWS has it."""


def package(source: str) -> bytes:
    """A deployment package with that handler in it, the same bytes each time."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        entry = zipfile.ZipInfo("lambda_function.py")
        entry.external_attr = 0o644 << 16
        archive.writestr(entry, source)
    return buffer.getvalue()


@dataclass(slots=True)
class Lesson:
    """One play of the lesson. `client` makes AWS clients; `skip_wait` ends the wait of an event, or is None to wait it
    out. `timings` collects where the time went, in seconds."""

    client: Callable[[str], Any]
    suffix: str
    skip_wait: Callable[[], None] | None = None
    timings: dict[str, float] = field(default_factory=dict)
    success: dict[str, Any] = field(default_factory=dict)
    failure: dict[str, Any] = field(default_factory=dict)
    queues: dict[str, tuple[str, str]] = field(default_factory=dict)
    function_arn: str = ""
    request_id: str = ""

    @property
    def function(self) -> str:
        """The function's name."""
        return f"{NAME}-{self.suffix}"

    @property
    def bucket(self) -> str:
        """The bucket's name."""
        return f"{NAME}-{self.suffix}"

    def steps(self) -> Iterator[tuple[str, Callable[[], str]]]:
        """Each step: what it does in a line, and the deed, which answers with what came of it."""
        yield "Create the queues S3-success and S3-failure", self.create_queues
        yield "Create the execution role", self.create_role
        yield "Create the function", self.create_function
        yield "Create the bucket", self.create_bucket
        yield "Allow the bucket to invoke the function, and have it do so on each upload", self.add_trigger
        yield "Add both destinations; the role must be allowed to write there", self.add_destinations
        yield "Upload beach.jpeg", lambda: self.upload("beach.jpeg", b"\xff\xd8\xff a beach")
        yield "Poll S3-success", self.poll_success
        yield 'Change the code to raise Exception("boom!") and deploy it', self.deploy_bad_code
        yield "Upload index.html", lambda: self.upload("index.html", b"<h1>index</h1>")
        yield "Wait for two retries, one minute and two minutes apart", self.pass_retries
        yield "Poll S3-failure", self.poll_failure

    def create_queues(self) -> str:
        """Both queues of the lesson."""
        sqs = self.client("sqs")
        for name in ("S3-success", "S3-failure"):
            url = sqs.create_queue(QueueName=f"{name}-{self.suffix}")["QueueUrl"]
            got = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
            self.queues[name] = (url, got["Attributes"]["QueueArn"])
        return ", ".join(arn for _, arn in self.queues.values())

    def create_role(self) -> str:
        """A role that Lambda may assume and that may write logs, as the console makes one; no more than that yet."""
        iam = self.client("iam")
        role = iam.create_role(RoleName=self.function, AssumeRolePolicyDocument=json.dumps(TRUST))
        iam.attach_role_policy(RoleName=self.function, PolicyArn=LOGGING_POLICY)
        return str(role["Role"]["Arn"])

    def create_function(self) -> str:
        """The function, waited for until it is active."""
        client = self.client("lambda")
        created = client.create_function(
            FunctionName=self.function,
            Runtime="python3.12",
            Role=self.client("iam").get_role(RoleName=self.function)["Role"]["Arn"],
            Handler="lambda_function.lambda_handler",
            Code={"ZipFile": package(GOOD)},
        )
        self.function_arn = created["FunctionArn"]
        self._ready()
        return self.function_arn

    def create_bucket(self) -> str:
        """The bucket."""
        self.client("s3").create_bucket(Bucket=self.bucket)
        return f"arn:aws:s3:::{self.bucket}"

    def add_trigger(self) -> str:
        """First without the permission, which AWS refuses; then with it."""
        s3, rule = self.client("s3"), {"LambdaFunctionArn": self.function_arn, "Events": ["s3:ObjectCreated:*"]}
        configuration = {"LambdaFunctionConfigurations": [rule]}
        self._refused(
            "InvalidArgument",
            lambda: s3.put_bucket_notification_configuration(
                Bucket=self.bucket, NotificationConfiguration=configuration
            ),
        )
        self.client("lambda").add_permission(
            FunctionName=self.function,
            StatementId="s3",
            Action="lambda:InvokeFunction",
            Principal="s3.amazonaws.com",
            SourceArn=f"arn:aws:s3:::{self.bucket}",
        )
        s3.put_bucket_notification_configuration(Bucket=self.bucket, NotificationConfiguration=configuration)
        return "refused before the permission was there, accepted after"

    def add_destinations(self) -> str:
        """First without the role's permission, which AWS refuses; then with it."""
        destinations = {
            "OnSuccess": {"Destination": self.queues["S3-success"][1]},
            "OnFailure": {"Destination": self.queues["S3-failure"][1]},
        }
        client = self.client("lambda")

        def put() -> Any:
            return client.put_function_event_invoke_config(FunctionName=self.function, DestinationConfig=destinations)

        self._refused("InvalidParameterValueException", put)
        statement = {
            "Effect": "Allow",
            "Action": "sqs:SendMessage",
            "Resource": [arn for _, arn in self.queues.values()],
        }
        self.client("iam").put_role_policy(
            RoleName=self.function,
            PolicyName="destinations",
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
        )
        put()
        return "refused before the role might write to the queues, accepted after"

    def upload(self, key: str, body: bytes) -> str:
        """An upload, and from here on the clock runs."""
        self.timings[f"{key} uploaded"] = time.time()
        etag = self.client("s3").put_object(Bucket=self.bucket, Key=key, Body=body)["ETag"]
        return f"s3://{self.bucket}/{key} {etag}"

    def poll_success(self) -> str:
        """The record of the success."""
        self.success = self._poll("S3-success", 30)
        return self._arrived("S3-success", self.success, "beach.jpeg")

    def deploy_bad_code(self) -> str:
        """The code of the lesson that fails; a synchronous invocation shows its error."""
        client = self.client("lambda")
        client.update_function_code(FunctionName=self.function, ZipFile=package(BAD))
        self._ready()
        answer = client.invoke(FunctionName=self.function, Payload=b"{}")
        if answer.get("FunctionError") != "Unhandled":
            raise LessonFailed(f"a failing handler answered FunctionError={answer.get('FunctionError')!r}")
        return str(answer["Payload"].read().decode())

    def pass_retries(self) -> str:
        """Both waits, skipped or waited out."""
        if self.skip_wait is None:
            time.sleep(sum(RETRY_WAITS_S))
            return "waited as long as AWS does"
        for _ in RETRY_WAITS_S:
            self.skip_wait()
        return "skipped both waits: when an attempt is made changes, what is decided does not (--real-time waits)"

    def poll_failure(self) -> str:
        """The record of the failure."""
        self.failure = self._poll("S3-failure", 30)
        return self._arrived("S3-failure", self.failure, "index.html")

    def clean_up(self) -> None:
        """Removes what the lesson made."""
        s3 = self.client("s3")
        for key in ("beach.jpeg", "index.html"):
            s3.delete_object(Bucket=self.bucket, Key=key)
        s3.delete_bucket(Bucket=self.bucket)
        self.client("lambda").delete_function(FunctionName=self.function)
        iam = self.client("iam")
        iam.delete_role_policy(RoleName=self.function, PolicyName="destinations")
        iam.detach_role_policy(RoleName=self.function, PolicyArn=LOGGING_POLICY)
        iam.delete_role(RoleName=self.function)
        for url, _ in self.queues.values():
            self.client("sqs").delete_queue(QueueUrl=url)

    def _ready(self) -> None:
        client = self.client("lambda")

        def ready() -> bool:
            now = client.get_function_configuration(FunctionName=self.function)
            return bool(now["State"] == "Active" and now.get("LastUpdateStatus") == "Successful")

        if not wait_until(ready, READY_S_MAX):
            raise LessonFailed(f"{self.function} did not become active")

    def _poll(self, queue: str, wait_s: int) -> dict[str, Any]:
        sqs, url, end = self.client("sqs"), self.queues[queue][0], time.time() + wait_s
        while time.time() < end:
            got = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=10, AttributeNames=["All"]).get("Messages", [])
            if got:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=got[0]["ReceiptHandle"])
                return dict(got[0])
        raise LessonFailed(f"no record arrived in {queue} within {wait_s} s")

    def _arrived(self, queue: str, message: dict[str, Any], key: str) -> str:
        sent_s = int(message["Attributes"]["SentTimestamp"]) / 1000
        took = sent_s - self.timings.pop(f"{key} uploaded")
        self.timings[f"upload of {key} to its record in {queue}"] = took
        return f"the record was there {took * 1000:.0f} ms after the upload began"

    def _refused(self, code: str, deed: Callable[[], Any]) -> None:
        from botocore.exceptions import ClientError

        try:
            deed()
        except ClientError as error:
            if error.response["Error"]["Code"] != code:
                raise LessonFailed(f"expected {code}, got {error}") from None
            return
        raise LessonFailed(f"AWS refuses this with {code}; here it was accepted")
