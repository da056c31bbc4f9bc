"""Where there is much of something: pages stay usable, and the tab keeps no more than it shows."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import pytest
from benchmarks.load import sending, spread
from benchmarks.signing import Signer
from playwright.sync_api import expect

from outfall.cli.lesson import LOGGING_POLICY, TRUST, package
from outfall.core.ports import Tx
from outfall.services.s3.model import OBJECTS
from outfall.services.sqs.model import QUEUES, decode_message, encode_message
from outfall.store.sqlite import SqliteStore
from tests.clients.server import Server
from tests.console.user import User

MANY = 100_000
EVENTS = 10_000
GIBIBYTE = 1024**3
AT_ONCE = 10_000
HEAP_MAX = 120 * 1024 * 1024
"""What a page may keep; it shows fifty rows at a time, most of it is the console's own code."""
ELEMENTS_MAX = 8_000
OPENED_S_MAX = 8
"""Far above what it takes alone on a machine: tests run beside each other."""


@pytest.fixture(scope="module")
def much(server: Server) -> Server:
    """A queue with 100,000 messages and a bucket with 100,000 keys: one of each by the API, the rest like it."""
    sqs, s3 = server.client("sqs"), server.client("s3")
    url = sqs.create_queue(QueueName="long")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="one of many")
    s3.create_bucket(Bucket="wide")
    s3.put_object(Bucket="wide", Key="00000000.txt", Body=b"one of many")
    server.stop()
    apart(_multiply(server.directory / "data"))
    server.start()
    return server


def apart(work: Coroutine[Any, Any, Any]) -> None:
    """In a thread of its own, as the browser's driver has an event loop in this one."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, work).result()


async def _multiply(directory: Path) -> None:
    store = SqliteStore.open(directory)
    try:
        for first in range(1, MANY, AT_ONCE):
            numbers = range(first, min(first + AT_ONCE, MANY))
            store.transact(lambda tx, numbers=numbers: _copies(tx, numbers))  # type: ignore[misc]
    finally:
        await store.close()


def _copies(tx: Tx, numbers: range) -> None:
    queue = tx.get(QUEUES, ("000000000000", "us-east-1", "long"))
    version = tx.get(OBJECTS, ("wide", "00000000.txt"))
    assert queue is not None
    assert version is not None
    (item,) = tx.peek(queue.work_queue, after=0, limit=1)
    message = decode_message(item.payload)
    for number in numbers:
        other = encode_message(msgspec.structs.replace(message, id=f"{number:08x}{message.id[8:]}"))
        tx.enqueue(queue.work_queue, other, now_ms=item.enqueued_ms, due_ms=item.due_ms)
        tx.put(OBJECTS, ("wide", f"{number:08}.txt"), version)


@pytest.fixture(scope="module")
def busy(server: Server) -> Server:
    """A function that got 10,000 events, and none of them a place to run: they failed."""
    iam, functions = server.client("iam"), server.client("lambda")
    role = iam.create_role(RoleName="busy-role", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    iam.attach_role_policy(RoleName="busy-role", PolicyArn=LOGGING_POLICY)
    code = {"ZipFile": package("def lambda_handler(event, context):\n    return event\n")}
    handler = "lambda_function.lambda_handler"
    functions.create_function(FunctionName="busy", Runtime="python3.12", Role=role, Handler=handler, Code=code)
    functions.get_waiter("function_active_v2").wait(FunctionName="busy", WaiterConfig={"Delay": 1})
    functions.put_function_concurrency(FunctionName="busy", ReservedConcurrentExecutions=0)
    headers = (("content-type", "application/json"), ("x-amz-invocation-type", "Event"))
    path = "/2015-03-31/functions/busy/invocations"
    request = Signer(server.port).request("lambda", "POST", path, b'{"name": "one of many"}', headers)
    apart(spread(server.port, 8, sending([request]), count=EVENTS))
    return server


def measured(user: User) -> dict[str, Any]:
    """What the tab holds, once what nobody needs is gone."""
    session = user.page.context.new_cdp_session(user.page)
    session.send("HeapProfiler.collectGarbage")
    session.send("Performance.enable")
    told = {one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]}
    return {"heap": told["JSHeapUsedSize"], "elements": user.page.evaluate("document.querySelectorAll('*').length")}


def is_light(user: User, name: str) -> None:
    figures = measured(user)
    user.keep(f"large-{name}.json", figures)
    assert figures["heap"] < HEAP_MAX
    assert figures["elements"] < ELEMENTS_MAX


def opened(user: User, path: str, seen: str) -> None:
    """Opens a page, and it is there soon."""
    began = time.monotonic()
    user.open(path)
    user.sees(seen)
    assert time.monotonic() - began < OPENED_S_MAX


def test_a_queue_with_100_000_messages(user: User, much: Server) -> None:
    opened(user, "/sqs/queues/long", "11.0 B")
    user.sees(f"{MANY}")
    table = user.page.get_by_role("grid", name="Messages in the queue")
    for page in range(1, 21):
        user.click("Next")
        expect(table.get_by_role("row").nth(1)).to_contain_text(f"{page * 25:08x}-")
    expect(table.get_by_role("row")).to_have_count(26)
    is_light(user, "queue")
    user.shot("large-queue")
    user.click("Previous")
    expect(table.get_by_role("row").nth(1)).to_contain_text(f"{19 * 25:08x}-")
    opened(user, "/sqs/queues", f"{MANY}")
    user.open("/sqs/queues/long/send-receive")
    user.click("Poll for messages")
    user.sees("Polled: 10 messages")


def test_a_bucket_with_100_000_keys(user: User, much: Server) -> None:
    opened(user, "/s3/buckets/wide", "00000000.txt")
    for number in range(1, 21):
        user.click("Next page")
        user.sees(f"{number * 50:08}.txt")
    is_light(user, "bucket")
    user.shot("large-bucket")
    user.fill("Find objects by prefix", "000999")
    user.sees("00099949.txt")
    user.click("Next page")
    user.sees("00099999.txt")


def test_10_000_events(user: User, busy: Server) -> None:
    opened(user, "/events", "Failed")
    for _ in range(20):
        shown = user.page.get_by_role("link", name="busy").first.get_attribute("href")
        user.click("Next page")
        expect(user.page.get_by_role("link", name="busy").first).not_to_have_attribute("href", str(shown))
    is_light(user, "events")
    user.shot("large-events")
    user.open("/events?text=one%20of%20many")
    user.sees("busy")
    opened(user, "/lambda/functions/busy", "200+ events")
    is_light(user, "function")
    user.shot("large-function")


def test_an_upload_of_a_gibibyte_is_cancelled_and_goes_on(user: User, server: Server, tmp_path: Path) -> None:
    s3, film = server.client("s3"), tmp_path / "film.bin"
    s3.create_bucket(Bucket="films")
    with film.open("wb") as file:
        file.truncate(GIBIBYTE)
    user.open("/s3/upload/films")
    user.page.get_by_label("Add files").set_input_files(film)
    user.click("Upload")
    expect(user.page.get_by_text("of 1.0 GB")).not_to_contain_text(re.compile(r"^0\.0 "))
    user.click("Cancel")
    user.sees(re.compile(r"Stopped at \d+ %"))
    is_light(user, "upload-cancelled")
    user.click("Upload the rest")
    expect(user.page.get_by_text("Upload succeeded.").first).to_be_visible(timeout=60_000)
    is_light(user, "upload")
    head = s3.head_object(Bucket="films", Key="film.bin")
    assert (head["ContentLength"], head["ETag"].endswith('-128"')) == (GIBIBYTE, True)
    s3.delete_object(Bucket="films", Key="film.bin")
