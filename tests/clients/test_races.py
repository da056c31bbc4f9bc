"""Many clients at once: of those that want the same thing one gets it, no message is lost or seen twice, order holds,
and a client that reads slowly or goes away keeps nobody else waiting."""

from __future__ import annotations

import socket
import threading
from collections import Counter, defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError

from .server import SOON_S, Server

RACERS = 8


def client(server: Server, service: str, key: str = "test") -> Any:
    """A client with a connection for each thread of a test."""
    return server.client(service, key=key, max_pool_connections=64)


def race(ask: Callable[[int], Any], racers: int = RACERS) -> Counter[str]:
    """How often what came out, when all ask in the same moment: `ok`, or the error's code."""
    start = threading.Barrier(racers)

    def one(place: int) -> str:
        start.wait(SOON_S)
        try:
            ask(place)
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return "ok"

    with ThreadPoolExecutor(racers) as threads:
        return Counter(threads.map(one, range(racers)))


def one_of(code: str, racers: int = RACERS) -> Counter[str]:
    return Counter({"ok": 1, code: racers - 1})


def fill(sqs: Any, url: str, count: int) -> None:
    """Sends the numbers from 0, each in a message of its own."""
    for first in range(0, count, 10):
        entries = [{"Id": str(number), "MessageBody": str(number)} for number in range(first, first + 10)]
        sqs.send_message_batch(QueueUrl=url, Entries=entries)


def test_the_same_thing_made_at_once_is_made_once(server: Server) -> None:
    sqs, iam, logs = (client(server, service) for service in ("sqs", "iam", "logs"))
    same = race(lambda place: sqs.create_queue(QueueName="races-same"))
    assert same == Counter(ok=RACERS)
    other = race(lambda place: sqs.create_queue(QueueName="races-other", Attributes={"DelaySeconds": str(place)}))
    assert other == one_of("QueueAlreadyExists")
    assert race(lambda place: iam.create_user(UserName="races")) == one_of("EntityAlreadyExists")
    assert race(lambda place: logs.create_log_group(logGroupName="races")) == one_of("ResourceAlreadyExistsException")


def test_a_bucket_belongs_to_the_first_account_that_asks(server: Server) -> None:
    accounts = [client(server, "s3", f"{place:012}") for place in (1, 2, 3)]
    made = race(lambda place: accounts[place].create_bucket(Bucket="races-owned"), racers=3)
    assert made == one_of("BucketAlreadyExists", racers=3)


def test_a_condition_on_an_upload_holds_for_one(server: Server) -> None:
    s3 = client(server, "s3")
    s3.create_bucket(Bucket="races-conditions")
    target = {"Bucket": "races-conditions", "Key": "k"}
    made = race(lambda place: s3.put_object(**target, Body=b"%d" % place * 9999, IfNoneMatch="*"))
    assert made == one_of("PreconditionFailed")
    known = s3.head_object(**target)["ETag"]
    changed = race(lambda place: s3.put_object(**target, Body=b"%d" % place * 999, IfMatch=known))
    assert changed == one_of("PreconditionFailed")


def test_no_message_is_lost_or_seen_twice_under_many_consumers(server: Server) -> None:
    sqs = client(server, "sqs")
    url = sqs.create_queue(QueueName="races-consumers", Attributes={"VisibilityTimeout": "600"})["QueueUrl"]
    fill(sqs, url, 300)

    def consume(_: int) -> list[int]:
        seen: list[int] = []
        while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            seen.extend(int(message["Body"]) for message in messages)
        return seen

    with ThreadPoolExecutor(16) as threads:
        seen = [number for each in threads.map(consume, range(16)) for number in each]
    assert sorted(seen) == list(range(300))


def test_groups_keep_their_order_under_many_consumers(server: Server) -> None:
    sqs = client(server, "sqs")
    settings = {"FifoQueue": "true", "ContentBasedDeduplication": "true", "VisibilityTimeout": "600"}
    url = sqs.create_queue(QueueName="races.fifo", Attributes=settings)["QueueUrl"]
    for number in range(60):
        group = f"g{number % 4}"
        sqs.send_message(QueueUrl=url, MessageBody=f"{group} {number:03}", MessageGroupId=group)
    seen: defaultdict[str, list[str]] = defaultdict(list)
    left, lock = [60], threading.Lock()

    def consume(_: int) -> None:
        while left[0]:
            for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=2, WaitTimeSeconds=1).get(
                "Messages", ()
            ):
                group, _space, number = message["Body"].partition(" ")
                with lock:
                    seen[group].append(number)
                    left[0] -= 1
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(consume, range(8)))
    assert {group: len(numbers) for group, numbers in seen.items()} == {f"g{place}": 15 for place in range(4)}
    assert all(numbers == sorted(numbers) for numbers in seen.values())


def test_each_of_many_that_wait_gets_its_message(server: Server) -> None:
    sqs = client(server, "sqs")
    url = sqs.create_queue(QueueName="races-polls")["QueueUrl"]

    def poll(_: int) -> list[str]:
        got = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=1, WaitTimeSeconds=20)
        return [message["Body"] for message in got.get("Messages", ())]

    with ThreadPoolExecutor(50) as threads:
        polls = [threads.submit(poll, place) for place in range(50)]
        fill(sqs, url, 50)
        assert sorted(int(body) for one in polls for body in one.result(SOON_S)) == list(range(50))


def test_two_hundred_connections_are_kept_and_answered_in_turn(server: Server) -> None:
    request = b"GET /races-none HTTP/1.1\r\nHost: localhost\r\n\r\n"
    connections = [socket.create_connection(("127.0.0.1", server.port), SOON_S) for _ in range(200)]
    try:
        for _ in range(2):
            for connection in connections:
                connection.sendall(request)
            heads = {connection.recv(65536).partition(b"\r\n")[0] for connection in connections}
            assert heads == {b"HTTP/1.1 404 Not Found"}
    finally:
        for connection in connections:
            connection.close()


@pytest.mark.parametrize("half_closed", [False, True], ids=["pipelined", "half-closed"])
def test_requests_sent_together_are_answered_in_order(server: Server, half_closed: bool) -> None:
    last = b"GET /races-c HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    requests = b"".join(b"GET /races-%s HTTP/1.1\r\nHost: localhost\r\n\r\n" % name for name in (b"a", b"b")) + last
    with socket.create_connection(("127.0.0.1", server.port), SOON_S) as connection:
        connection.sendall(requests)
        if half_closed:
            connection.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    found = [part.partition(b"</BucketName>")[0] for part in answer.split(b"<BucketName>")[1:]]
    assert found == [b"races-a", b"races-b", b"races-c"]


def test_slow_and_vanished_clients_keep_nobody_waiting(server: Server) -> None:
    s3 = client(server, "s3")
    s3.create_bucket(Bucket="races-slow")
    s3.put_object(Bucket="races-slow", Key="big", Body=b"a" * 30_000_000)

    def begin(operation: str, key: str, method: str, rest: bytes) -> socket.socket:
        url = urlsplit(s3.generate_presigned_url(operation, Params={"Bucket": "races-slow", "Key": key}))
        connection = socket.create_connection(("127.0.0.1", server.port), SOON_S)
        head = f"{method} {url.path}?{url.query} HTTP/1.1\r\nHost: {url.netloc}\r\n".encode()
        connection.sendall(head + rest)
        return connection

    slow = begin("get_object", "big", "GET", b"Connection: close\r\n\r\n")
    assert slow.recv(4096).startswith(b"HTTP/1.1 200 OK")
    begin("put_object", "part", "PUT", b"Content-Length: 1000\r\n\r\n" + b"a" * 500).close()
    with pytest.raises(ClientError, match="404"):
        s3.head_object(Bucket="races-slow", Key="part")
    rest = b"".join(iter(lambda: slow.recv(1 << 20), b""))
    slow.close()
    assert rest.endswith(b"a" * 29_000_000)
