"""S3 as tests drive it: operations by name, each in a transaction of its own, at a time that the test moves."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import md5
from typing import Any
from zlib import crc32

from outfall.core.arn import Arn
from outfall.core.body import Body, Content, Segment
from outfall.core.context import Context, House
from outfall.core.effects import DigestBytes, Respond
from outfall.core.ports import Tx
from outfall.core.principal import Principal
from outfall.core.service import Call
from outfall.host.digests import Digests
from outfall.services.s3 import SERVICE, bucket_policy
from outfall.store.memory import MemoryStore
from tests.support import ACCOUNT, REGION, REQUEST_ID, T0, CountingIds, RecordingTarget, make_call, make_house

QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:q"
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f"


def allow_s3(action: str, resource: str, **condition: Any) -> str:
    """A resource policy that lets S3 do `action`."""
    statement: dict[str, Any] = {
        "Effect": "Allow",
        "Principal": {"Service": "s3.amazonaws.com"},
        "Action": action,
        "Resource": resource,
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement | condition]})


def body(data: bytes, *, blob: str = "", crc: bool = False) -> Body:
    """A body as the host has taken it in: inline, or in a blob."""
    segment = Segment(len(data), blob) if blob else Segment(len(data), data=data)
    checksums = (("CRC32", crc32_text(data)),) if crc else ()
    return Body(len(data), (segment,), md5(data).hexdigest(), checksums)


def crc32_text(data: bytes) -> str:
    """A CRC32 as S3 writes it."""
    return b64encode(crc32(data).to_bytes(4, "big")).decode()


def digested(effect: DigestBytes) -> Body:
    """Digests of stored bytes; a blob stands for as many zeros as it is long."""
    digests = Digests(effect.checksums)
    digests.update(b"".join(segment.data or bytes(segment.size) for segment in effect.segments))
    return Body(digests.size, effect.segments, digests.md5(), digests.checksums())


def data_of(content: Content) -> bytes:
    """The bytes that a content means, where they are inline."""
    whole = b"".join(segment.data for segment in content.segments)
    return whole[content.start : content.start + content.length]


def members(output: Any) -> dict[str, Any]:
    """The members of an output, whatever status it has."""
    return dict(output.output if isinstance(output, Respond) else output or {})


@dataclass
class S3:
    """A server of S3 with a queue `q` and a function `f` that S3 may reach."""

    now: int = T0
    account: str = ACCOUNT
    region: str = REGION
    principal: Principal | None = None
    headers: dict[str, str] = field(default_factory=lambda: {"content-md5": "sent"})
    store: MemoryStore = field(default_factory=MemoryStore)
    ids: CountingIds = field(default_factory=CountingIds)
    queues: RecordingTarget = field(default_factory=lambda: RecordingTarget("sqs:SendMessage"))
    functions: RecordingTarget = field(default_factory=lambda: RecordingTarget("lambda:InvokeFunction"))
    identities: Any = None

    def __post_init__(self) -> None:
        self.queues.policies[QUEUE] = allow_s3("sqs:SendMessage", QUEUE)
        self.functions.policies[FUNCTION] = allow_s3("lambda:InvokeFunction", FUNCTION)

    def house(self) -> House:
        known = {"identities": self.identities} if self.identities else {}
        targets = {"sqs": self.queues, "lambda": self.functions}
        return make_house(targets=targets, resource_policies={"s3": bucket_policy}, **known)

    def at(self, work: Callable[[Tx], Any]) -> Any:
        return self.store.transact(work)

    def answer(self, name: str, **request: Any) -> Any:
        """What the handler of an operation answers, status and all; digests are made as the host makes them."""
        answer = self.at(lambda tx: SERVICE.operations[name].handler(self.call(tx, name), request))
        while isinstance(answer, DigestBytes):
            effect, found = answer, digested(answer)
            answer = self.at(lambda tx, effect=effect, found=found: effect.resume(self.call(tx, name), found))
        return answer

    def call(self, tx: Tx, operation: str) -> Call:
        """A call as the host makes it."""
        return make_call(
            tx,
            now=self.now,
            account=self.account,
            region=self.region,
            ids=self.ids,
            principal=self.principal,
            request_id=REQUEST_ID,
            operation=operation,
            headers=self.headers,
            house=self.house(),
        )

    def __call__(self, name: str, **request: Any) -> dict[str, Any]:
        """The members of what an operation answers."""
        return members(self.answer(name, **request))

    def asked(self, name: str, **request: Any) -> list[tuple[str, str]]:
        """The actions and resources that an operation asks permission for."""

        def work(tx: Tx) -> list[tuple[str, str]]:
            call = make_call(tx, now=self.now, account=self.account, house=self.house())
            permissions = SERVICE.operations[name].permissions
            return [(p.action, p.resource(call, request)) for p in permissions if not p.when or p.when(call, request)]

        return list(self.at(work))

    def put(self, key: str, data: bytes = b"data", bucket: str = "bucket", **more: Any) -> dict[str, Any]:
        return self("PutObject", Bucket=bucket, Key=key, Body=body(data), **more)

    def get(self, key: str, bucket: str = "bucket", **more: Any) -> bytes:
        return data_of(self("GetObject", Bucket=bucket, Key=key, **more)["Body"])

    def notify(self, *events: str, target: str = QUEUE, **more: Any) -> None:
        """Configures one notification to the queue, and forgets the test event."""
        one = {"Id": "rule", "QueueArn": target, "Events": list(events), **more}
        self(
            "PutBucketNotificationConfiguration",
            Bucket="bucket",
            NotificationConfiguration={"QueueConfigurations": [one]},
        )
        self.queues.arrived.clear()

    def messages(self) -> list[dict[str, Any]]:
        """What arrived at queues, parsed."""
        return [json.loads(parcel.body) for _, parcel in self.queues.arrived]

    def records(self) -> list[dict[str, Any]]:
        """The event records that arrived at queues."""
        return [record for message in self.messages() for record in message["Records"]]

    def garbage(self) -> list[str]:
        """The blobs that nothing refers to any more."""
        return [item.payload.decode() for item in self.at(lambda tx: tx.peek("host/garbage"))]


def context_of(server: S3, tx: Tx) -> Context:
    return make_call(tx, now=server.now, house=server.house(), ids=server.ids)


def s3_arn(text: str) -> Arn:
    return Arn.parse(f"arn:aws:s3:::{text}")
