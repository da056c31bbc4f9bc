"""Finding events: which fit, and that no search goes on and on."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import replace

from outfall.core.invocation import AsyncEvent
from outfall.core.ports import Tx
from outfall.flow import search, timeline
from outfall.flow.search import Wanted, last_number, object_keys
from outfall.flow.timeline import Summary
from outfall.store.memory import MemoryStore

FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:thumbnails:live"
SUMMARY = Summary("", "000000000000", "us-east-1", FUNCTION, "s3.amazonaws.com", "succeeded", 0, 0)


def write(store: MemoryStore, *events: tuple[int, str, bytes]) -> None:
    """Events that ended, by time, id and payload."""

    def work(tx: Tx) -> None:
        for at_ms, event_id, payload in events:
            tx.put(timeline.EVENTS, (event_id,), replace(SUMMARY, id=event_id, accepted_ms=at_ms))
            tx.put(timeline.BY_TIME, (f"{at_ms:015d}", event_id), timeline.Pointer(event_id))
            tx.put(timeline.ENDED, (event_id,), AsyncEvent(event_id, FUNCTION, payload, at_ms))

    store.transact(work)


def find(store: MemoryStore, before: Any = (), limit: int = 10, **wanted: str) -> tuple[list[str], Any]:
    found, after = store.transact(lambda tx: search.search(tx, Wanted(**wanted), before=before, limit=limit))
    return [summary.id for summary in found], after


@pytest.mark.parametrize("name", ["thumbnails", "thumbnails:live", FUNCTION])
def test_a_function_has_three_names(name: str) -> None:
    store = MemoryStore()
    write(store, (1, "a", b"{}"))
    assert find(store, function=name) == (["a"], ())
    assert find(store, function=name[:-1]) == ([], ())


@pytest.mark.parametrize("wanted", [{"text": "x"}, {"key": "x"}, {"state": "failed"}])
def test_a_search_stops_and_goes_on(wanted: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    store = MemoryStore()
    write(store, *((at, f"e{at}", b"{}") for at in range(1, 8)))
    monkeypatch.setattr(search, "LOOKED_AT_MAX", 3)
    seen, place = 0, ()
    while True:
        found, place = find(store, place, **wanted)
        assert found == []
        seen += 1
        if not place:
            break
    assert seen == 3


def test_a_search_in_payloads_stops_after_so_many_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    store = MemoryStore()
    write(store, (1, "a", b"needle"), (2, "b", b"y" * 100), (3, "c", b"needle"))
    monkeypatch.setattr(search, "PAYLOAD_BYTES_MAX", 50)
    first, place = find(store, text="Needle")
    assert (first, place) == (["c"], ("000000000000001", "a"))
    assert find(store, place, text="Needle") == (["a"], ())


def s3(key: str) -> dict[str, Any]:
    return {"Records": [{"s3": {"object": {"key": key}}}]}


@pytest.mark.parametrize(
    "payload",
    [
        s3("a+b%2Fc"),
        {"Records": [{"body": json.dumps(s3("a+b%2Fc"))}]},
        {"Records": [{"Sns": {"Message": json.dumps(s3("a+b%2Fc"))}}]},
        {"Records": [{"body": json.dumps({"Message": json.dumps(s3("a+b%2Fc"))})}]},
        {"source": "aws.s3", "detail": {"object": {"key": "a b/c"}}},
    ],
    ids=["notification", "by sqs", "by sns", "by sns and sqs", "eventbridge"],
)
def test_the_key_of_an_object_is_found_however_it_is_wrapped(payload: Any) -> None:
    assert list(object_keys(json.dumps(payload))) == ["a b/c"]


@pytest.mark.parametrize("text", ["", "[1]", '{"Records": 1}', '{"Records": [1, {"s3": 1}, {"Sns": []}]}', "[" * 10**5])
def test_a_payload_without_objects_has_no_keys(text: str) -> None:
    assert list(object_keys(text)) == []


@pytest.mark.parametrize("count", [0, 1, 2, 3, 7, 8, 9, 1000])
def test_the_last_number(count: int) -> None:
    store = MemoryStore()
    numbers = store.transact(lambda tx: [tx.append("s", b"{}") for _ in range(count)])
    assert store.transact(last_number) == (numbers[-1] if numbers else 0)
    store.transact(lambda tx: tx.append("t", b"{}"))
    store.transact(lambda tx: tx.forget("s"))
    assert store.transact(last_number) == count + 1, "what was forgotten leaves a gap"
