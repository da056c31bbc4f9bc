"""A Lambda service on the in-memory store, with roles, a queue and a bucket written out around it."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

from outfall.core.body import Segment
from outfall.core.errors import AwsError
from outfall.core.ports import NamedPolicy, RoleFacts, Tx
from outfall.services.lambda_ import SERVICE, prepare
from outfall.services.lambda_.code import UploadedCode, uploaded
from outfall.services.lambda_.functions import LambdaFunctions
from outfall.services.lambda_.prepare import PREPARE_QUEUE
from outfall.services.lambda_.target import LambdaTarget
from outfall.store.memory import MemoryStore
from tests.support import ACCOUNT, REGION, T0, CountingIds, KnownIdentities, RecordingTarget, make_call, make_context

ROLE = f"arn:aws:iam::{ACCOUNT}:role/fn-role"
POOR_ROLE = f"arn:aws:iam::{ACCOUNT}:role/poor"
UNTRUSTING_ROLE = f"arn:aws:iam::{ACCOUNT}:role/untrusting"
REQUEST = "5b3f1c7e-0000-4000-8000-000000000001"
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:q"
BUCKET = "arn:aws:s3:::b"


def function(name: str, qualifier: str = "") -> str:
    """The ARN of a function."""
    return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}" + (f":{qualifier}" if qualifier else "")


def trust(service: str) -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def policy(*actions: str) -> NamedPolicy:
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    return NamedPolicy("inline policy p", json.dumps({"Version": "2012-10-17", "Statement": [statement]}))


def zipped(files: dict[str, str] | None = None) -> bytes:
    """A zip archive of these files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in ({"app.py": "def handler(e, c): return e"} if files is None else files).items():
            archive.writestr(zipfile.ZipInfo(name), text)
    return out.getvalue()


def archive(files: dict[str, str] | None = None) -> UploadedCode:
    """What the host puts in the place of a zip archive."""
    data = zipped(files)
    return uploaded(data, (Segment(len(data), data=data),))


class World:
    """Calls operations of Lambda, each in its own transaction."""

    def __init__(self, account_concurrency: int = 1000) -> None:
        self.store = MemoryStore()
        self.ids = CountingIds()
        self.now = T0
        self.queues = RecordingTarget("sqs:SendMessage", {QUEUE: None, f"{QUEUE}.fifo": None})
        self.buckets = RecordingTarget("s3:PutObject", {BUCKET: None})
        trusts = {ROLE: "lambda.amazonaws.com", POOR_ROLE: "lambda.amazonaws.com", UNTRUSTING_ROLE: "ec2.amazonaws.com"}
        self.identities = KnownIdentities(
            {arn: RoleFacts(arn, "AROAEXAMPLE", trust(service)) for arn, service in trusts.items()},
            {ROLE: (policy("sqs:*", "lambda:*", "s3:*", "sns:*", "events:*"),)},
        )
        self.house: dict[str, Any] = {
            "targets": {"sqs": self.queues, "s3": self.buckets, "lambda": LambdaTarget()},
            "identities": self.identities,
            "functions": LambdaFunctions(),
            "account_concurrency": account_concurrency,
        }

    def call(self, operation: str, /, *, headers: dict[str, str] | None = None, **request: Any) -> Any:
        """The output of an operation; raises its error."""

        def work(tx: Tx) -> Any:
            call = make_call(
                tx, operation=operation, ids=self.ids, now=self.now, headers=headers, request_id=REQUEST, **self.house
            )
            return SERVICE.operations[operation].handler(call, request)

        return self.store.transact(work)

    def fails(self, operation: str, /, **request: Any) -> AwsError:
        """The error of an operation."""
        try:
            output = self.call(operation, **request)
        except AwsError as error:
            return error
        raise AssertionError(f"{operation} answered {output}")

    def context(self, tx: Tx) -> Any:
        return make_context(tx, ids=self.ids, now=self.now, **self.house)

    def settle(self, error: str | None = None) -> None:
        """Does the work that the host would: prepares all code that waits for it."""

        def work(tx: Tx) -> None:
            for item in tx.claim(PREPARE_QUEUE, now_ms=self.now, lease_ms=1000, limit=100):
                assert prepare.package_of(item.payload).segments
                prepare.prepared(self.context(tx), item.payload, error)
                tx.acknowledge(PREPARE_QUEUE, item.handle)

        self.store.transact(work)

    def create(self, name: str = "fn", **request: Any) -> Any:
        """A function; it is Pending still."""
        given = {
            "Runtime": "python3.12",
            "Handler": "app.handler",
            "Role": ROLE,
            "Code": {"ZipFile": archive()},
        }
        return self.call("CreateFunction", FunctionName=name, **{**given, **request})

    def active(self, name: str = "fn", **request: Any) -> Any:
        """A function that is Active."""
        self.create(name, **request)
        self.settle()
        return self.call("GetFunctionConfiguration", FunctionName=name)
