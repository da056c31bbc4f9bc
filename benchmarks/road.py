"""What the Lambda scenarios stand on: a function and its road from a bucket to queues, and a listener for handlers."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, quote_plus

from benchmarks.load import Failed, connect
from benchmarks.peers import Running
from benchmarks.scenario import unique
from benchmarks.scenarios_sqs import make_queue

PLAIN = "def handler(event, context):\n    return {}\n"
WITH_BOTO3 = "import boto3\n\nclient = boto3.client('sqs')\n\n" + PLAIN
FAILING = "def handler(event, context):\n    raise Exception('boom!')\n"
ACTIVE_S_MAX = 30.0
ACCOUNT = "000000000000"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
ALLOW = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["sqs:*", "logs:*"], "Resource": "*"}]}


def telling(port: int) -> str:
    """A handler that tells the listener on `port` the key of the object."""
    return (
        "import socket\n\n"
        "def handler(event, context):\n"
        "    key = event['Records'][0]['s3']['object']['key']\n"
        "    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:\n"
        f"        out.sendto(key.encode(), ('127.0.0.1', {port}))\n"
        "    return {'statusCode': 200}\n"
    )


class Listener(asyncio.DatagramProtocol):
    """Hears which object keys handlers were run for, and when."""

    port: int
    close: Callable[[], None]

    def __init__(self) -> None:
        self.heard: dict[str, float] = {}
        self._changed = asyncio.Event()

    @classmethod
    async def open(cls) -> Listener:
        """One that listens on a free port."""
        loop = asyncio.get_running_loop()
        transport, listener = await loop.create_datagram_endpoint(cls, ("127.0.0.1", 0))
        listener.port = int(transport.get_extra_info("sockname")[1])
        listener.close = transport.close
        return listener

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        self.heard.setdefault(data.decode(), time.perf_counter())
        self._changed.set()

    async def wait(self, count: int, timeout_s: float) -> None:
        """Waits until that many keys were heard; raises `Failed`."""
        try:
            async with asyncio.timeout(timeout_s):
                while len(self.heard) < count:
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise Failed(f"{len(self.heard)} of {count} handlers ran within {timeout_s:g} s") from None


async def make_role(server: Running) -> str:
    """The ARN of a new role that may write to queues and logs."""
    name = unique("role")
    trust, allow = quote_plus(json.dumps(TRUST)), quote_plus(json.dumps(ALLOW))
    head = "Version=2010-05-08&Action"
    form = f"{head}=CreateRole&RoleName={name}&AssumeRolePolicyDocument={trust}"
    await server.ask(server.signer.iam(form.encode()))
    form = f"{head}=PutRolePolicy&RoleName={name}&PolicyName=p&PolicyDocument={allow}"
    await server.ask(server.signer.iam(form.encode()))
    return f"arn:aws:iam::{ACCOUNT}:role/{name}"


async def make_function(server: Running, role: str, source: str) -> str:
    """The name of a new function that can be invoked."""
    name, buffer = unique("function"), io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("app.py", source)
    code = {"ZipFile": base64.b64encode(buffer.getvalue()).decode()}
    parameters = {"FunctionName": name, "Runtime": "python3.12", "Role": role, "Handler": "app.handler", "Code": code}
    await server.ask(server.signer.functions("POST", "/2015-03-31/functions", parameters))
    end = time.monotonic() + ACTIVE_S_MAX
    while time.monotonic() < end:
        request = server.signer.functions("GET", f"/2015-03-31/functions/{name}/configuration")
        if json.loads((await server.ask(request)).body)["State"] == "Active":
            return name
        await asyncio.sleep(0.05)
    raise Failed(f"a function was not active within {ACTIVE_S_MAX:g} s")


def _rules(name: str) -> bytes:
    return (
        '<NotificationConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><CloudFunctionConfiguration>'
        f"<CloudFunction>arn:aws:lambda:us-east-1:{ACCOUNT}:function:{name}</CloudFunction>"
        "<Event>s3:ObjectCreated:*</Event></CloudFunctionConfiguration></NotificationConfiguration>"
    ).encode()


@dataclass
class Road:
    """Bucket -> function -> a queue for successes and one for failures."""

    server: Running
    source: str
    records: list[dict[str, Any]] = field(default_factory=list)

    async def build(self) -> Road:
        """Makes all of it; raises `Failed`."""
        server, signer = self.server, self.server.signer
        self.function = await make_function(server, await make_role(server), self.source)
        self.success, self.failure = await make_queue(server, "success"), await make_queue(server, "failure")
        destinations = {
            condition: {"Destination": f"arn:aws:sqs:us-east-1:{ACCOUNT}:{url.rsplit('/', 1)[1]}"}
            for condition, url in (("OnSuccess", self.success), ("OnFailure", self.failure))
        }
        path = f"/2019-09-25/functions/{self.function}/event-invoke-config"
        await server.ask(signer.functions("PUT", path, {"DestinationConfig": destinations}))
        permission = {"StatementId": "s3", "Action": "lambda:InvokeFunction", "Principal": "s3.amazonaws.com"}
        await server.ask(signer.functions("POST", f"/2015-03-31/functions/{self.function}/policy", permission))
        self.bucket = unique("road")
        await server.ask(signer.s3("PUT", f"/{self.bucket}"))
        await server.ask(signer.s3("PUT", f"/{self.bucket}", _rules(self.function), "notification="))
        return self

    def uploads(self, count: int) -> list[bytes]:
        """Requests that put that many objects; the keys are the numbers from 0, after a word that no other call has."""
        word = quote(unique("key"))
        return [self.server.signer.s3("PUT", f"/{self.bucket}/{word}-{n}", b"x") for n in range(count)]

    async def receive(self, queue: str, count: int, timeout_s: float, clients: int = 2) -> float:
        """Receives records until there are `count`, for at most that long; the time of the last one."""
        request = self.server.signer.sqs("ReceiveMessage", QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=20)
        last, end, self.records = time.perf_counter(), time.monotonic() + timeout_s, []
        enough = asyncio.Event()

        async def client() -> None:
            nonlocal last
            connection = await connect(self.server.port)
            try:
                while time.monotonic() < end:
                    got = json.loads((await connection.ask(request)).ok().body)
                    if messages := got.get("Messages"):
                        last = time.perf_counter()
                        self.records += [json.loads(message["Body"]) for message in messages]
                    if len(self.records) >= count:
                        enough.set()
            finally:
                connection.close()

        tasks = [asyncio.create_task(client()) for _ in range(clients)]
        try:
            await asyncio.wait_for(enough.wait(), timeout_s)
        except TimeoutError:
            pass
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        return last
