"""Identifiers: well-formed, and never the same twice, also where one page of chance ends and the next begins."""

from __future__ import annotations

import uuid

from outfall.host.ids import SystemIds


def test_a_uuid_is_of_version_4_and_the_variant_of_the_rfc() -> None:
    ids = SystemIds()
    for text in (ids.uuid() for _ in range(200)):
        read = uuid.UUID(text)
        assert (str(read), read.version, read.variant) == (text, 4, uuid.RFC_4122)


def test_no_two_are_equal() -> None:
    ids = SystemIds()
    assert len({ids.uuid() for _ in range(5000)}) == 5000
    assert len({ids.hex(32) for _ in range(5000)}) == 5000


def test_hex_has_as_many_digits_as_asked_for() -> None:
    ids = SystemIds()
    for digits in (1, 2, 15, 16, 96, 4095, 20_001):
        drawn = ids.hex(digits)
        assert len(drawn) == digits
        assert set(drawn) <= set("0123456789abcdef")
