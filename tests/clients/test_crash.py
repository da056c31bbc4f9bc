"""`kill -9`: what was acknowledged is there afterwards, and goes on where it was."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable

from outfall.cli.client import ask, wait_until

from .road import BAD, GOOD, Road, keys_of
from .server import SOON_S, Server


def test_killed_in_the_middle_of_a_retry_wait(new_server: Callable[..., Server]) -> None:
    server = new_server("--time-scale", "1").start()
    road = Road(server, "retry", BAD)
    road.upload("index.html")
    waiting = "/_outfall/api/events?state=waiting"
    assert wait_until(lambda: bool(ask(server.endpoint, waiting)["events"]), SOON_S)
    server.kill()
    server.start()
    event = ask(server.endpoint, waiting)["events"][0]
    assert event["attempts"] == 1
    for attempts in (2, 3):
        ask(server.endpoint, f"/_outfall/api/events/{event['id']}/skip-wait", method="POST")
        path = f"/_outfall/api/events/{event['id']}"
        assert wait_until(lambda n=attempts, p=path: ask(server.endpoint, p)["event"]["attempts"] == n, SOON_S)
    [message] = server.drain(road.failure_url, 1)
    record = json.loads(message["Body"])
    assert record["requestContext"]["condition"] == "RetriesExhausted"
    assert record["requestContext"]["approximateInvokeCount"] == 3
    assert record["requestContext"]["requestId"] == event["id"]


def test_killed_in_the_middle_of_500_uploads(new_server: Callable[..., Server]) -> None:
    server = new_server("--time-scale", "0").start()
    road = Road(server, "uploads", GOOD)
    acknowledged: list[str] = []
    clients = [
        threading.Thread(target=road.upload_many, args=([f"{n}-{i}" for i in range(125)], acknowledged))
        for n in range(4)
    ]
    for client in clients:
        client.start()
    assert wait_until(lambda: len(acknowledged) >= 150, SOON_S, 0.001)
    server.kill()
    for client in clients:
        client.join()
    assert len(acknowledged) < 500
    server.start()
    arrived: set[str] = set()  # among them some that were committed, but not acknowledged any more

    def all_arrived() -> bool:
        arrived.update(keys_of(server.drain(road.success_url, 10, 1)))
        return set(acknowledged) <= arrived

    assert wait_until(all_arrived, SOON_S), "an acknowledged upload's record did not arrive"
    assert server.client("s3").list_objects_v2(Bucket=road.name)["KeyCount"] >= len(acknowledged)


def test_killed_in_the_middle_of_an_attempt(new_server: Callable[..., Server]) -> None:
    server = new_server("--time-scale", "0").start()
    slow = 'import time\n\ndef handler(event, context):\n    time.sleep(1.0)\n    return "slow"\n'
    road = Road(server, "attempt", slow)
    road.upload("one")
    assert wait_until(lambda: bool(ask(server.endpoint, "/_outfall/api/events?state=running")["events"]), SOON_S)
    server.kill()
    server.start()
    [message] = server.drain(road.success_url, 1)
    record = json.loads(message["Body"])
    assert record["requestContext"]["condition"] == "Success"
    facts = ask(server.endpoint, f"/_outfall/api/events/{record['requestContext']['requestId']}")["history"]
    assert "AttemptLost" in [fact["fact"] for fact in facts]
