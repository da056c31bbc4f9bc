"""Keys as bytes keep the order of tuples, and come back."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from outfall.store.keys import bounds, decode, encode

COMPONENTS = st.text(st.one_of(st.sampled_from("\0\1\2a"), st.characters()), max_size=4)
KEYS = st.lists(COMPONENTS, max_size=3).map(tuple)


@given(KEYS)
@example(("",))
@example(("\1\1", "\0\1\2"))
@example(("\ud800",))
def test_a_key_comes_back(key: tuple[str, ...]) -> None:
    assert decode(encode(key)) == key


@given(KEYS, KEYS)
def test_bytes_are_in_the_order_of_tuples(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    assert (encode(one) < encode(other)) == (one < other)


@given(KEYS, KEYS, COMPONENTS)
def test_a_range_holds_what_begins_so(key: tuple[str, ...], prefix: tuple[str, ...], starts: str) -> None:
    low, high = bounds(prefix, (), starts, False)
    begins = key[: len(prefix)] == prefix
    if starts:
        begins = begins and len(key) > len(prefix) and key[len(prefix)].startswith(starts)
    assert (low <= encode(key) < high) == begins
