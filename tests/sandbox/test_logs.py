"""What an invocation leaves in the log, in order and in AWS's forms."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator

import pytest

from outfall.core.invocation import Logging, Outcome
from outfall.sandbox.log_lines import PlatformLog, Report, runtime_version, stream_name
from outfall.sandbox.log_reader import KEPT_SIZE_MAX, LINE_SIZE_MAX, LogReader
from tests.sandbox.conftest import Bench, function


def texts(outcome: Outcome) -> list[str]:
    return [line.text for line in outcome.logs]


def test_lambda_017_a_cold_and_a_warm_invocation(bench: Bench) -> None:
    source = (
        "import logging\nprint('at import')\nlogging.getLogger().setLevel('INFO')\ndef handler(event, context):\n"
        "    print('one\\ntwo')\n    logging.info('three\\nlines')\n    print('last', end='')\n"
    )
    spec = function(source)
    cold, warm = texts(bench.invoke(spec)), texts(bench.invoke(spec))
    assert re.fullmatch(
        r"INIT_START Runtime Version: python:3\.12\.v1\t"
        r"Runtime Version ARN: arn:aws:lambda:us-east-1::runtime:[0-9a-f]{64}\n",
        cold[0],
    )
    assert cold[1:5] == ["at import\n", "START RequestId: R Version: $LATEST\n", "one\n", "two\n"]
    assert re.fullmatch(r"\[INFO\]\t\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\tR\tthree\nlines\n", cold[5])
    assert cold[6:8] == ["last\n", "END RequestId: R\n"]
    figures = r"REPORT RequestId: R\tDuration: [0-9.]+ ms\tBilled Duration: \d+ ms\tMemory Size: 128 MB\t"
    assert re.fullmatch(figures + r"Max Memory Used: \d+ MB\tInit Duration: [0-9.]+ ms\t\n", cold[8])
    assert warm[0] == "START RequestId: R Version: $LATEST\n"
    assert re.fullmatch(figures + r"Max Memory Used: \d+ MB\t\n", warm[-1])
    assert len(warm) == len(cold) - 2


def test_an_exception_is_one_event_with_its_trace(bench: Bench) -> None:
    lines = texts(bench.invoke(function("def handler(event, context):\n    raise ValueError('msg')\n")))
    assert (
        "[ERROR] ValueError: msg\rTraceback (most recent call last):\r"
        '\xa0\xa0File "/var/task/app.py", line 2, in handler\r'
        "\xa0\xa0\xa0\xa0raise ValueError('msg')\n"
    ) in lines


def test_a_timeout_and_an_exit_are_stated(bench: Bench) -> None:
    slow = texts(bench.invoke(function("import time\ndef handler(e, c):\n    time.sleep(9)\n", timeout_s=1)))
    assert re.fullmatch(r"[0-9T:.-]+Z R Task timed out after 1\.00 seconds\n\n", slow[-3])
    assert slow[-2] == "END RequestId: R\n"
    assert slow[-1].startswith("REPORT RequestId: R\tDuration: 1000.00 ms\t")
    assert slow[-1].endswith("Status: timeout\t\n")
    gone = texts(bench.invoke(function("import sys\ndef handler(e, c):\n    print('before')\n    sys.exit(1)\n")))
    stated = "RequestId: R Error: Runtime exited with error: exit status 1\nRuntime.ExitError\n"
    assert gone[-4:-1] == ["before\n", stated, "END RequestId: R\n"]
    assert gone[-1].endswith("Status: error\tError Type: Runtime.ExitError\t\n")


def test_an_import_failure_is_reported_for_both_inits(bench: Bench) -> None:
    lines = texts(bench.invoke(function("import no_such_module\n")))
    reports = [line for line in lines if line.startswith("INIT_REPORT")]
    tail = "Status: error\tError Type: Runtime.ImportModuleError\n"
    assert [line.split("\t", 1)[1] for line in reports] == [f"Phase: init\t{tail}", f"Phase: invoke\t{tail}"]
    assert sum("LAMBDA_WARNING: Unhandled exception." in line for line in lines) == 2


def test_json_format(bench: Bench) -> None:
    source = (
        "import logging\ndef handler(event, context):\n    logging.getLogger('me').warning('hey')\n    print('raw')\n"
    )
    spec = function(source, logging=Logging("/aws/lambda/fn", "JSON", "INFO", "DEBUG"))
    lines = texts(bench.invoke(spec))
    assert "raw\n" in lines
    told = [json.loads(line) for line in lines if line != "raw\n"]
    assert [line.get("type", line.get("level")) for line in told] == [
        "platform.initStart",
        "platform.start",
        "WARNING",
        "platform.runtimeDone",
        "platform.report",
    ]
    assert told[1]["record"] == {"requestId": "R", "functionArn": spec.function_arn, "version": "$LATEST"}
    assert (told[2]["message"], told[2]["logger"], told[2]["requestId"]) == ("hey", "me", "R")
    assert told[4]["record"]["status"] == "success"
    assert list(told[4]["record"]["metrics"]) == [
        "durationMs",
        "billedDurationMs",
        "memorySizeMB",
        "maxMemoryUsedMB",
        "initDurationMs",
    ]


def test_lambda_018_init_is_billed() -> None:
    lines: list[str] = []
    PlatformLog(function(""), lines.append, lambda: 0).end(Report("R", "success", 3.01, 110.10, 36))
    assert lines[1] == (
        "REPORT RequestId: R\tDuration: 3.01 ms\tBilled Duration: 114 ms\tMemory Size: 128 MB\t"
        "Max Memory Used: 36 MB\tInit Duration: 110.10 ms\t\n"
    )


def test_logs_004_streams_are_named_after_day_and_version() -> None:
    at_ms = 1_764_022_268_123
    assert stream_name(function(""), at_ms, "0" * 32) == f"2025/11/24/[$LATEST]{'0' * 32}"
    shared = function("", version="7", logging=Logging("/of/many"))
    assert stream_name(shared, at_ms, "0" * 32) == f"2025/11/24/fn[7]{'0' * 32}"


@pytest.mark.parametrize(
    ("runtime", "version"),
    [("python3.12", "python:3.12.v1"), ("nodejs22.x", "nodejs:22.v1"), ("provided.al2023", "provided:al2023.v1")],
)
def test_runtime_versions(runtime: str, version: str) -> None:
    assert runtime_version(runtime) == version


class Pipe:
    """A pipe with a reader at its end."""

    def __init__(self) -> None:
        self.read_end, self.write_end = os.pipe2(os.O_NONBLOCK)
        self.reader = LogReader(self.read_end, lambda: 7)

    def takes(self, *writes: bytes) -> list[str]:
        for data in writes:
            os.write(self.write_end, data)
            self.reader.read()
        self.reader.end_of_invocation()
        return [line.text for line in self.reader.take()]


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    made = Pipe()
    yield made
    os.close(made.read_end)
    os.close(made.write_end)


def frame(message: bytes, kind: int = 3) -> bytes:
    return bytes((0xA5, 0x5A, 0, kind)) + len(message).to_bytes(4, "big") + bytes(8) + message


def test_lines_and_frames_keep_their_order_however_they_are_cut(pipe: Pipe) -> None:
    stream = b"one\npart" + frame(b"two\nlines\n") + b"three\n" + frame(b"err\ntrace", 0x17) + "ä".encode() + b"\n"
    whole = ["one\n", "part\n", "two\nlines\n", "three\n", "err\rtrace\n", "ä\n"]
    assert pipe.takes(stream) == whole
    assert pipe.takes(*(stream[at : at + 1] for at in range(len(stream)))) == whole


def test_bytes_that_look_like_a_frame_do_not_swallow_what_follows(pipe: Pipe) -> None:
    assert pipe.takes(b"\xa5\x5a\x00\xff" + bytes(12) + b"\nnext\n")[-1] == "next\n"


def test_long_lines_are_cut(pipe: Pipe) -> None:
    taken = pipe.takes(*[b"x" * 60_000] * 6, b"\n")
    assert max(len(line) for line in taken) <= LINE_SIZE_MAX + 1
    assert sum(line.count("x") for line in taken) == 360_000


def test_more_than_is_kept_is_counted_and_said(pipe: Pipe) -> None:
    taken = pipe.takes(*[b"x" * 49_999 + b"\n"] * 30)
    assert sum(len(line) for line in taken[:-1]) <= KEPT_SIZE_MAX + 1
    assert taken[-1].startswith(f"[outfall] {1_500_000 - KEPT_SIZE_MAX} bytes of log output were left out")


def test_a_function_that_writes_without_end_is_bounded(bench: Bench) -> None:
    source = "def handler(event, context):\n    for n in range(100):\n        print('x' * 50000)\n    return 1\n"
    outcome = bench.invoke(function(source))
    assert outcome.payload == b"1"
    assert sum(len(text) for text in texts(outcome)) < KEPT_SIZE_MAX + 4096
