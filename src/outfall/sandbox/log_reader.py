"""What a function writes, from the pipe to log events: plain lines, and the runtime client's frames between them.

A frame is a type, a length and a time in microseconds (16 bytes, big-endian), then a message that is one event however
many lines it has [RIC FramedTelemetryLogSink]. Both come down one pipe, so that their order is the function's own.
Memory is bounded: `LINE_SIZE_MAX` per event, `KEPT_SIZE_MAX` per invocation; what exceeds it is counted and said.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from outfall.core.invocation import LogLine

LINE_SIZE_MAX = 256 * 1024
KEPT_SIZE_MAX = 1024 * 1024
_READ_SIZE = 64 * 1024
_READS_AT_ONCE = 64
_MAGIC = b"\xa5\x5a\x00"
_FRAME_TYPES = frozenset(range(0x02, 0x1C))
_ERROR_TEXT_FRAME = 0x17
_HEADER_SIZE = 16


class LogReader:
    """Reads one pipe and keeps its events until they are taken."""

    def __init__(self, descriptor: int, clock: Callable[[], int]) -> None:
        self._descriptor = descriptor
        self._clock = clock
        self._rest = b""
        self._lines: list[LogLine] = []
        self._kept = 0
        self._dropped = 0

    def read(self) -> None:
        """Takes in what lies in the pipe, without waiting."""
        for _ in range(_READS_AT_ONCE):
            try:
                data = os.read(self._descriptor, _READ_SIZE)
            except BlockingIOError:
                return
            self._split(data)
            if len(data) < _READ_SIZE:
                return

    def add(self, text: str) -> None:
        """Puts a line of the platform after what was read so far. It is kept whatever the function wrote."""
        self._lines.append(LogLine(self._clock(), text))

    def take(self) -> tuple[LogLine, ...]:
        """All events so far, an unfinished line among them, and forgets them."""
        if self._rest and not self._rest.startswith(_MAGIC):
            self._keep(self._rest)
            self._rest = b""
        lines = tuple(self._lines)
        self._lines.clear()
        self._kept = self._dropped = 0
        return lines

    def end_of_invocation(self) -> None:
        """Ends an unfinished line, and says what was left out."""
        if self._rest and not self._rest.startswith(_MAGIC):
            self._keep(self._rest)
            self._rest = b""
        if self._dropped:
            self.add(
                f"[outfall] {self._dropped} bytes of log output were left out: more than 1 MiB in one invocation\n"
            )
            self._dropped = 0

    def _split(self, data: bytes) -> None:
        data = self._rest + data
        at = 0
        while at < len(data):
            frame = data.find(_MAGIC, at)
            end = len(data) if frame < 0 else frame
            at = self._split_lines(data, at, end)
            if frame < 0:
                break
            if at < frame:
                self._keep(data[at:frame])
                at = frame
            if len(data) - at < _HEADER_SIZE:
                break
            size = int.from_bytes(data[at + 4 : at + 8], "big")
            if data[at + 3] not in _FRAME_TYPES or size > KEPT_SIZE_MAX:
                self._keep(data[at : at + 1])
                at += 1
                continue
            if len(data) - at - _HEADER_SIZE < size:
                break
            self._keep_frame(data[at + 3], data[at + _HEADER_SIZE : at + _HEADER_SIZE + size])
            at += _HEADER_SIZE + size
        self._rest = data[at:]
        if len(self._rest) > LINE_SIZE_MAX and not self._rest.startswith(_MAGIC):
            self._keep(self._rest)
            self._rest = b""

    def _split_lines(self, data: bytes, at: int, end: int) -> int:
        while True:
            newline = data.find(b"\n", at, end)
            if newline < 0:
                return at
            self._keep(data[at : newline + 1])
            at = newline + 1

    def _keep_frame(self, kind: int, message: bytes) -> None:
        if kind == _ERROR_TEXT_FRAME and not message.endswith(b"\n"):
            message = message.replace(b"\n", b"\r")  # an error and its trace are one event, lines ended by CR [LS]
        self._keep(message)

    def _keep(self, message: bytes) -> None:
        room = max(0, KEPT_SIZE_MAX - self._kept)
        self._dropped += max(0, len(message) - room)
        self._kept += min(len(message), room)
        for at in range(0, min(len(message), room), LINE_SIZE_MAX):
            text = message[at : min(at + LINE_SIZE_MAX, room)].decode("utf-8", "replace")
            self._lines.append(LogLine(self._clock(), text if text.endswith("\n") else text + "\n"))
