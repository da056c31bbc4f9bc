"""Facts: written down as JSON with their name, and read back as they were."""

from __future__ import annotations

import json

import pytest

from outfall.core.history import FACTS, AttemptEnded, Delivered, Fact, decode, encode

ENDED = AttemptEnded(
    at_ms=1,
    wall_ms=2,
    attempt=3,
    status_code=200,
    function_error="Unhandled",
    error_type="Exception",
    error_message="boom! \u00e9",
    duration_ms=1.0,
    init_ms=None,
    executed_version="$LATEST",
    log_group="g",
    log_stream="s",
)


def test_a_fact_is_one_json_object_that_begins_with_its_name() -> None:
    told = json.loads(encode(ENDED))
    assert list(told)[:3] == ["fact", "at_ms", "wall_ms"]
    assert told["fact"] == "AttemptEnded"
    assert told["error_message"] == "boom! \u00e9"
    assert told["init_ms"] is None


@pytest.mark.parametrize("message", ["plain", 'quo"ted\n', "\u00e9\U0001f600", "half a pair \ud83d", "\0"])
def test_a_fact_is_read_back_as_it_was(message: str) -> None:
    fact = Delivered(at_ms=1, wall_ms=2, role=message, target="arn", receipt="id", size=4)
    back = decode(encode(fact))
    assert back == fact
    assert type(back) is Delivered


def test_every_fact_is_known_by_its_name() -> None:
    assert set(FACTS.values()) == set(Fact.__subclasses__())
