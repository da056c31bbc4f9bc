"""What keeps the whole house from working is told once, not by each who meets it."""

from __future__ import annotations

from outfall.host.log import OVER_S, Log
from outfall.store.errors import StoreFull, StoreUnavailable


def test_a_full_disk_is_told_once_until_it_is_over_and_comes_again() -> None:
    said: list[str] = []
    now_s = [0.0]
    log = Log(said.append, lambda: now_s[0])
    for _ in range(100):
        log.failed("an attempt could not be finished", StoreFull())
        now_s[0] += OVER_S / 2
    assert said == [f"an attempt could not be finished: {StoreFull()} (told once while it goes on)"]
    log.failed("looking for work failed", StoreUnavailable())
    assert len(said) == 2, "another trouble is told of"
    now_s[0] += OVER_S
    log.failed("an attempt could not be finished", StoreFull())
    assert len(said) == 3


def test_what_is_wrong_with_one_alone_is_told_each_time() -> None:
    said: list[str] = []
    log = Log(said.append)
    for _ in range(2):
        log.failed("s3.PutObject, request R, failed", ValueError("odd"))
    assert said == ["s3.PutObject, request R, failed: ValueError('odd')"] * 2
