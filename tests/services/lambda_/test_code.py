"""Archives that are refused, and that looking into one never fails."""

from __future__ import annotations

import io
import struct
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outfall.services.lambda_.code import ENTRIES_MAX, inspect_zip

from .world import zipped

UNREADABLE = "Could not unzip uploaded file. Please check your file, then try to upload again."


def declaring(size: int) -> bytes:
    """An archive whose only entry says that it is `size` bytes unpacked."""
    data = bytearray(zipped({"a": "x"}))
    struct.pack_into("<I", data, data.index(b"PK\x01\x02") + 24, size)
    return bytes(data)


def empty() -> bytes:
    out = io.BytesIO()
    zipfile.ZipFile(out, "w").close()
    return out.getvalue()


def encrypted() -> bytes:
    data = bytearray(zipped({"a": "x"}))
    struct.pack_into("<H", data, data.index(b"PK\x01\x02") + 8, 1)
    return bytes(data)


PROBLEMS = {
    "no archive": (b"not a zip", UNREADABLE),
    "cut short": (zipped()[:-10], UNREADABLE),
    "no bytes": (b"", "Uploaded file must be a non-empty zip"),
    "no entries": (empty(), "Uploaded file must be a non-empty zip"),
    "above its folder": (zipped({"../evil.py": ""}), UNREADABLE),
    "above in the middle": (zipped({"a/../../evil.py": ""}), UNREADABLE),
    "absolute": (zipped({"/etc/passwd": ""}), UNREADABLE),
    "absolute on Windows": (zipped({"c:\\evil.py": ""}), UNREADABLE),
    "backslashes": (zipped({"..\\evil.py": ""}), UNREADABLE),
    "encrypted": (encrypted(), UNREADABLE),
    "rec-039 a bomb": (declaring(262_144_000), "Unzipped size must be smaller than 262144000 bytes"),
    "too many entries": (b"PK\x01\x02" * (ENTRIES_MAX + 1), UNREADABLE),
}


@pytest.mark.parametrize("case", PROBLEMS, ids=str)
def test_archives_that_are_refused(case: str) -> None:
    data, message = PROBLEMS[case]
    problem = inspect_zip(data).problem
    assert problem is not None
    assert (problem.code, problem.message) == ("InvalidParameterValueException", message)


def test_a_good_archive_tells_its_size() -> None:
    facts = inspect_zip(zipped({"app.py": "x" * 100, "..data/b": "y" * 11}))
    assert (facts.problem, facts.unzipped_size) == (None, 111)
    assert inspect_zip(declaring(262_143_999)).problem is None


@given(st.binary(max_size=60), st.integers(0, 200), st.integers(0, 200))
def test_looking_into_any_bytes_never_fails(junk: bytes, start: int, length: int) -> None:
    data = zipped({"app.py": "x" * 20, "b/c.py": "y"})
    inspect_zip(data[:start] + junk + data[start + length :])
