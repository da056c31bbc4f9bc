"""The aws-chunked content encoding: a body in chunks, each signed or not, with trailers after the last.

Pure and incremental: bytes of the encoded body go in, bytes of the decoded body come out. What comes out of a signed
chunk may come out before its signature could be checked, so nothing may be kept of a body until `finish` has returned.

Rules: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html and sigv4-streaming-trailers.html
"""

from __future__ import annotations

import hmac
import re
from hashlib import sha256
from typing import Any, Literal

from outfall.wire.refusals import S3SignatureDoesNotMatch
from outfall.wire.refused_bodies import IncompleteBody, InvalidChunkSizeError, MalformedTrailerError
from outfall.wire.sigv4 import SigningContext

CHUNK_SIZE_MIN = 8192
LINE_SIZE_MAX = 4096
TRAILERS_MAX = 32

_EMPTY = sha256(b"").hexdigest()
_UNSIGNED_HEADER = re.compile(rb"([0-9A-Fa-f]{1,16})").fullmatch
_SIGNED_HEADER = re.compile(rb"([0-9A-Fa-f]{1,16});chunk-signature=([0-9a-f]{64})").fullmatch
_TRAILER = re.compile(rb"([A-Za-z0-9\-]{1,128}):[ \t]*([!-~]+(?:[ \t]+[!-~]+)*)[ \t\n]*").fullmatch
SIGNATURE_TRAILER = "x-amz-trailer-signature"

State = Literal["header", "data", "after data", "trailers", "end"]


class ChunkedDecoder:
    """Decodes one body of `decoded_length` bytes.

    `signing` is the context of the request's own signature for the signed variants, None for unsigned chunks.
    `trailer_names` are the names that `x-amz-trailer` declared, in lower case. `trailers` holds what came, by name.
    """

    def __init__(
        self, decoded_length: int, signing: SigningContext | None = None, trailer_names: tuple[str, ...] = ()
    ) -> None:
        self.trailers: dict[str, str] = {}
        self.decoded_length = decoded_length
        self._signing = signing
        self._previous = signing.signature if signing else ""
        self._declared = trailer_names
        self._state: State = "header"
        self._line = b""
        self._left = 0
        self._taken = 0
        self._last_size = CHUNK_SIZE_MIN
        self._claimed = ""
        self._digest: Any = None

    def feed(self, data: bytes) -> list[bytes]:
        """The decoded bytes that these encoded bytes complete. Raises when they are malformed or wrongly signed."""
        out: list[bytes] = []
        at, size = 0, len(data)
        while at < size:
            if self._state == "data":
                piece = data[at : at + self._left]
                at += len(piece)
                self._take(piece)
                out.append(piece)
            else:
                at = self._read_line(data, at)
        return out

    def finish(self) -> None:
        """Checks that the body is whole. Raises `IncompleteBody` or `MalformedTrailerError` if it is not."""
        if self._state != "end" or self._taken != self.decoded_length:
            raise IncompleteBody()

    def _take(self, piece: bytes) -> None:
        self._taken += len(piece)
        self._left -= len(piece)
        if self._taken > self.decoded_length:
            raise IncompleteBody()
        if self._digest is not None:
            self._digest.update(piece)
        if self._left == 0:
            self._state = "after data"

    def _read_line(self, data: bytes, at: int) -> int:
        """Takes in a line, or the part of it that is there; returns where it ends."""
        end = data.find(b"\n", at)
        while end >= 0 and not (end > at and data[end - 1] == 13) and not (end == at and self._line[-1:] == b"\r"):
            end = data.find(b"\n", end + 1)
        stop = len(data) if end < 0 else end + 1
        if len(self._line) + stop - at > LINE_SIZE_MAX:
            raise self._malformed()
        self._line += data[at:stop]
        if end >= 0:
            line, self._line = self._line[:-2], b""
            self._line_read(line)
        return stop

    def _malformed(self) -> Exception:
        return MalformedTrailerError() if self._state in ("trailers", "end") else IncompleteBody()

    def _line_read(self, line: bytes) -> None:
        if self._state == "header":
            self._chunk_begins(line)
        elif self._state == "after data":
            if line:
                raise self._malformed()
            self._check_chunk()
            self._state = "header"
        elif self._state == "trailers":
            if line:
                self._trailer(line)
            else:
                self._end()
        else:
            raise self._malformed()

    def _chunk_begins(self, line: bytes) -> None:
        found = (_SIGNED_HEADER if self._signing else _UNSIGNED_HEADER)(line)
        if found is None:
            raise self._malformed()
        size = int(found[1], 16)
        if self._signing:
            self._claimed = found[2].decode()
            self._digest = sha256()
        if size == 0:
            self._check_chunk()
            self._state = "trailers"
            return
        if self._last_size < CHUNK_SIZE_MIN:
            raise InvalidChunkSizeError()
        self._last_size = self._left = size
        self._state = "data"

    def _check_chunk(self) -> None:
        if self._signing is not None:
            self._check(f"AWS4-HMAC-SHA256-PAYLOAD|{_EMPTY}|{self._digest.hexdigest()}", self._claimed)

    def _check(self, parts: str, claimed: str) -> None:
        """Checks the next signature of the chain; `parts` are its algorithm and digests."""
        assert self._signing is not None
        algorithm, *digests = parts.split("|")
        text = "\n".join((algorithm, self._signing.amz_date, self._signing.scope, self._previous, *digests))
        if not hmac.compare_digest(hmac.digest(self._signing.key, text.encode(), "sha256").hex(), claimed):
            raise S3SignatureDoesNotMatch(StringToSign=text, SignatureProvided=claimed)
        self._previous = claimed

    def _trailer(self, line: bytes) -> None:
        found = _TRAILER(line)
        name = found[1].decode().lower() if found else ""
        known = name in self._declared or (name == SIGNATURE_TRAILER and self._signing is not None)
        if found is None or not known or name in self.trailers or len(self.trailers) >= TRAILERS_MAX:
            raise MalformedTrailerError()
        self.trailers[name] = found[2].decode()

    def _end(self) -> None:
        claimed = self.trailers.pop(SIGNATURE_TRAILER, "")
        if self.trailers.keys() != set(self._declared):
            raise MalformedTrailerError()
        if self._signing is not None and self._declared:
            lines = "".join(f"{name}:{value}\n" for name, value in sorted(self.trailers.items()))
            self._check(f"AWS4-HMAC-SHA256-TRAILER|{sha256(lines.encode()).hexdigest()}", claimed)
        self._state = "end"
