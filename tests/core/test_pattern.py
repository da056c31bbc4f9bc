"""S3's event names and key filters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outfall.core.pattern import s3_events_meet, s3_filters_meet, s3_key_matches

TEXT = st.text(alphabet="ab/", max_size=3)


@pytest.mark.parametrize(
    "first, second, meet",
    [
        (["s3:ObjectCreated:*"], ["s3:ObjectCreated:Put"], True),
        (["s3:ObjectCreated:Put"], ["s3:ObjectCreated:*"], True),
        (["s3:ObjectCreated:Put"], ["s3:ObjectCreated:Copy"], False),
        (["s3:ObjectRemoved:*", "s3:ObjectCreated:Put"], ["s3:ObjectCreated:Put"], True),
        (["s3:ObjectRemoved:*"], ["s3:ObjectCreated:*"], False),
    ],
)
def test_events_meet_where_one_includes_the_other(first: list[str], second: list[str], meet: bool) -> None:
    assert s3_events_meet(first, second) is meet


@given(TEXT, TEXT, TEXT, TEXT, TEXT)
def test_filters_that_let_the_same_key_through_meet(key: str, pa: str, sa: str, pb: str, sb: str) -> None:
    if s3_key_matches(key, pa, sa) and s3_key_matches(key, pb, sb):
        assert s3_filters_meet((pa, sa), (pb, sb))


def test_filters_that_differ_in_either_end_do_not_meet() -> None:
    assert not s3_filters_meet(("a/", ""), ("b/", ""))
    assert not s3_filters_meet(("", ".jpg"), ("", ".png"))
    assert s3_filters_meet(("a/", ".jpg"), ("a/b", "jpg"))
