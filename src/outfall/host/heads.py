"""Heads of HTTP messages: which request heads are taken, and how a response head is written. No sockets."""

from __future__ import annotations

import time
from http import HTTPStatus

import httptools

from outfall.host.exchange import BodyStream, HttpRequest, HttpResponse

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_STATUS_LINES = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n" for status in HTTPStatus}
_BLANKS = frozenset({" ", "\t"})
_BODILESS = frozenset({204, 304})
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
SINGLE = frozenset({"host", "authorization", "content-length", "transfer-encoding", "x-amz-date", "content-md5"})
"""Headers that may not come twice: who reads the first and who reads the last would see different requests."""


_NAMES = {
    written.encode(): name
    for name in (
        *("accept", "accept-encoding", "amz-sdk-invocation-id", "amz-sdk-request", "authorization", "connection"),
        *("content-encoding", "content-length", "content-md5", "content-type", "date", "expect", "host", "range"),
        *("transfer-encoding", "user-agent", "x-amz-content-sha256", "x-amz-date", "x-amz-decoded-content-length"),
        *("x-amz-sdk-checksum-algorithm", "x-amz-security-token", "x-amz-target", "x-amz-trailer", "x-amzn-query-mode"),
    )
    for written in (name, name.title(), name.replace("x-amz", "X-Amz"))
}
"""The names that clients send, as they write them. Any other is read too; these are only quicker."""


class Refused(Exception):
    """A head that is answered with `status` and the end of the connection."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


def http_date(at_s: float) -> str:
    """`Sun, 06 Nov 1994 08:49:37 GMT`, whatever the locale."""
    t = time.gmtime(at_s)
    day, month = _DAYS[t.tm_wday], _MONTHS[t.tm_mon - 1]
    return f"{day}, {t.tm_mday:02d} {month} {t.tm_year} {t.tm_hour:02d}:{t.tm_min:02d}:{t.tm_sec:02d} GMT"


def framing(method: str, version: str, headers: dict[str, str]) -> int | None:
    """The length of the body that this head announces, None for a chunked one. Raises `Refused`.

    The parser has refused both framings at once, folded lines, bare line feeds and repeated lengths before.
    """
    if version not in ("1.1", "1.0"):
        raise Refused(505)
    if method == "CONNECT" or (version == "1.1" and "host" not in headers):
        raise Refused(400)
    coding = headers.get("transfer-encoding")
    length = headers.get("content-length")
    if coding is not None:
        if version == "1.0" or length is not None:
            raise Refused(400)
        if coding.lower() != "chunked":
            raise Refused(501)
        return None
    if length is None:
        return 0
    if not (length.isascii() and length.isdecimal()) or len(length) > 18:
        raise Refused(400)
    return int(length)


def target(url: bytes) -> tuple[str, str]:
    """Path and query of a request target, in origin form or with scheme and host in front. Raises `Refused`."""
    text = url.decode("latin-1")
    if not text.startswith("/"):
        if text.startswith(("http://", "https://")):
            rest = text.partition("://")[2]
            cut = min((at for at in (rest.find("/"), rest.find("?")) if at >= 0), default=len(rest))
            text = rest[cut:] if rest[cut:].startswith("/") else f"/{rest[cut:]}"
        elif text != "*":
            raise Refused(400)
    path, _, query = text.partition("#")[0].partition("?")
    return path, query


class Head:
    """Request heads as the parser tells them, one after the other, piece by piece. Raises `Refused` for what none may
    be."""

    __slots__ = ("_headers", "_size", "_size_max", "_url", "open")

    def __init__(self, size_max: int) -> None:
        self._size_max = size_max
        self.open = False
        """Whether a head is coming in."""
        self.begin()
        self.open = False

    def begin(self) -> None:
        """The next head begins."""
        self._url = b""
        self._headers: dict[str, str] = {}
        self._size = 0
        self.open = True

    def grow(self, size: int) -> None:
        """Counts bytes of the head, or of trailers."""
        self._size += size
        if self._size > self._size_max:
            raise Refused(431)

    def add_url(self, url: bytes) -> None:
        """A part of the request target."""
        self.grow(len(url))
        self._url += url

    def add_header(self, name: bytes, value: bytes) -> None:
        """A header; repeated ones are joined by `,`. What comes after the head, a trailer, only counts: nothing of ours
        is told in one."""
        self._size += len(name) + len(value) + 4
        if self._size > self._size_max:
            raise Refused(431)
        if not self.open:
            return
        key = _NAMES[name] if name in _NAMES else name.decode("latin-1").lower()
        try:
            text = value.decode()
        except UnicodeDecodeError:
            text = value.decode("latin-1")
        if text[:1] in _BLANKS or text[-1:] in _BLANKS:
            text = text.strip(" \t")
        headers = self._headers
        if key in headers:
            if key in SINGLE:
                raise Refused(400)
            text = f"{headers[key]},{text}"
        headers[key] = text

    def request(self, parser: httptools.HttpRequestParser, peer_ip: str, body: BodyStream) -> HttpRequest:
        """The request that this head, which is whole, begins."""
        self.open = False
        method, version = parser.get_method().decode(), parser.get_http_version()
        length = framing(method, version, self._headers)
        path, query = target(self._url)
        old = version == "1.0"
        keep = parser.should_keep_alive() and not old
        return HttpRequest(method, path, query, self._headers, peer_ip, body, length, keep, old)


def bodiless(request: HttpRequest, response: HttpResponse) -> bool:
    """Whether this response goes out without a body."""
    return request.method == "HEAD" or response.status in _BODILESS or response.status < 200


def response_head(response: HttpResponse, common: str, *, length: int | None, chunked: bool, close: bool) -> bytes:
    """The bytes of a head. `common` are the header lines that all have; `length` is written unless the handler did."""
    lines = _STATUS_LINES.get(response.status) or f"HTTP/1.1 {response.status} Unknown\r\n"
    lines += common
    for name, value in response.headers:
        if "\n" in value or "\r" in value or "\n" in name or "\r" in name:
            name, value = _flat(name), _flat(value)
        lines += f"{name}: {value}\r\n"
        if length is not None and len(name) == 14 and name.lower() == "content-length":
            length = None
    if length is not None:
        lines += f"Content-Length: {length}\r\n"
    if chunked:
        lines += "Transfer-Encoding: chunked\r\n"
    if close:
        lines += "Connection: close\r\n"
    return f"{lines}\r\n".encode()


def _flat(text: str) -> str:
    """A value that cannot begin another header line."""
    return text.replace("\r", " ").replace("\n", " ")
