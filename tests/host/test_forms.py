"""Forms as browsers send them, in pieces of any size."""

from __future__ import annotations

import asyncio

import pytest

from outfall.host.exchange import BodyStream
from outfall.host.forms import Form, MalformedForm, Part, boundary_of

BOUNDARY = b"xYzZY"


def pieces(data: bytes, size: int) -> BodyStream:
    return BodyStream.of(*(data[at : at + size] for at in range(0, len(data), size)))


def read(data: bytes, size: int) -> list[tuple[Part, bytes]]:
    """The parts of a form with their contents, when its bytes come in pieces of that size."""

    async def work() -> list[tuple[Part, bytes]]:
        form, found = Form(pieces(data, size), BOUNDARY), []
        while (part := await form.next()) is not None:
            found.append((part, b"".join([piece async for piece in form.content()])))
        return found

    return asyncio.run(work())


FORM = (
    b"a preamble\r\n"
    b'--xYzZY\r\nContent-Disposition: form-data; name="key"\r\n\r\nuser/${filename}\r\n'
    b'--xYzZY\r\ncontent-disposition: form-data; NAME="empty"\r\n\r\n\r\n'
    b'--xYzZY\r\nContent-Disposition: form-data; name="file"; filename="a \\"b\\".txt"\r\nContent-Type: text/x\r\n\r\n'
    b"line\r\n--xYzZ\r\n--\r\n"
    b"\r\n--xYzZY--\r\nan epilogue"
)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 10_000])
def test_parts_and_their_contents(size: int) -> None:
    assert read(FORM, size) == [
        (Part("key", None, ""), b"user/${filename}"),
        (Part("empty", None, ""), b""),
        (Part("file", 'a "b".txt', "text/x"), b"line\r\n--xYzZ\r\n--\r\n"),
    ]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no boundary at all",
        b"--xYzZY\r\nContent-Disposition: form-data; name=a\r\n\r\nno end",
        b"--xYzZY\r\nContent-Disposition: form-data\r\n\r\nno name\r\n--xYzZY--",
        b"--xYzZYgarbage\r\n\r\n\r\n--xYzZY--",
        b"--xYzZY\r\n" + b"X: " + b"y" * 9000 + b"\r\n\r\n\r\n--xYzZY--",
    ],
)
def test_what_is_no_form(data: bytes) -> None:
    with pytest.raises(MalformedForm):
        read(data, 50)


def test_a_field_that_is_too_large_is_not_kept() -> None:
    async def work() -> tuple[bytes | None, bytes | None]:
        found = []
        for limit in (3, 4):
            form = Form(
                pieces(b"--xYzZY\r\nContent-Disposition: form-data; name=a\r\n\r\n1234\r\n--xYzZY--", 9), BOUNDARY
            )
            await form.next()
            found.append(await form.value(limit))
        return found[0], found[1]

    assert asyncio.run(work()) == (None, b"1234")


@pytest.mark.parametrize(
    "content_type, boundary",
    [
        ("multipart/form-data; boundary=abc", b"abc"),
        ('Multipart/Form-Data; charset=utf-8; boundary="a b"', b"a b"),
        ("multipart/form-data", None),
        ("multipart/mixed; boundary=abc", None),
        ("text/plain", None),
    ],
)
def test_the_boundary_is_read_from_the_content_type(content_type: str, boundary: bytes | None) -> None:
    assert boundary_of(content_type) == boundary
