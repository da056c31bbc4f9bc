"""What a failed invocation answers, to the byte. Ids are rows of the recorded behaviour."""

from __future__ import annotations

import json

import pytest

from outfall.sandbox.payloads import Exit, exited
from tests.sandbox.conftest import Bench, function

FAILURES = {
    "dest-009 exception": (
        "def handler(event, context):\n    raise ValueError('msg')\n",
        '{"errorMessage": "msg", "errorType": "ValueError", "requestId": "R", "stackTrace": ['
        '"  File \\"/var/task/app.py\\", line 2, in handler\\n    raise ValueError(\'msg\')\\n"]}',
    ),
    "dest-011 sys.exit(0) in the handler": (
        "import sys\ndef handler(event, context):\n    sys.exit(0)\n",
        '{"errorType":"Runtime.ExitError",'
        '"errorMessage":"RequestId: R Error: Runtime exited without providing a reason"}',
    ),
    "sys.exit(0) at import": (
        "import sys\nsys.exit(0)\n",
        '{"errorType":"Runtime.ExitError",'
        '"errorMessage":"RequestId: R Error: Runtime exited without providing a reason"}',
    ),
    "sys.exit(1)": (
        "import sys\ndef handler(event, context):\n    sys.exit(1)\n",
        '{"errorType":"Runtime.ExitError",'
        '"errorMessage":"RequestId: R Error: Runtime exited with error: exit status 1"}',
    ),
    "dest-015 killed": (
        "import os\ndef handler(event, context):\n    os.kill(os.getpid(), 9)\n",
        '{"errorType":"Runtime.ExitError",'
        '"errorMessage":"RequestId: R Error: Runtime exited with error: signal: killed"}',
    ),
    "segmentation fault": (
        "import ctypes\ndef handler(event, context):\n    ctypes.string_at(0)\n",
        '{"errorType":"Runtime.ExitError",'
        '"errorMessage":"RequestId: R Error: Runtime exited with error: signal: segmentation fault"}',
    ),
    "import failure": (
        "import no_such_module\n",
        "{\"errorMessage\": \"Unable to import module 'app': No module named 'no_such_module'\", "
        '"errorType": "Runtime.ImportModuleError", "requestId": "", "stackTrace": []}',
    ),
    "exception at import": (
        "raise KeyError('k')\n",
        '{"errorMessage": "\'k\'", "errorType": "KeyError", "requestId": "", "stackTrace": [',
    ),
    "handler missing": (
        "x = 1\n",
        "{\"errorMessage\": \"Handler 'handler' missing on module 'app'\", "
        '"errorType": "Runtime.HandlerNotFound", "requestId": "", "stackTrace": []}',
    ),
    "syntax error": (
        "def handler(event, context):\n    return (\n",
        "{\"errorMessage\": \"Syntax error in module 'app': '(' was never closed (app.py, line 2)\", "
        '"errorType": "Runtime.UserCodeSyntaxError", "requestId": "", '
        '"stackTrace": ["  File \\"/var/task/app.py\\" Line 2\\n        return (\\n"]}',
    ),
    "unserialisable result": (
        "def handler(event, context):\n    return {1, 2}\n",
        '{"errorMessage": "Unable to marshal response: Object of type set is not JSON serializable", '
        '"errorType": "Runtime.MarshalError", "requestId": "R", "stackTrace": []}',
    ),
    "lambda-020 oversized result": (
        "def handler(event, context):\n    return 'x' * 6291556\n",
        '{"errorMessage":"Response payload size exceeded maximum allowed payload size (6291556 bytes).",'
        '"errorType":"Function.ResponseSizeTooLarge"}',
    ),
}


@pytest.mark.parametrize("case", FAILURES)
def test_a_failure_answers_what_aws_answers(bench: Bench, case: str) -> None:
    source, expected = FAILURES[case]
    outcome = bench.invoke(function(source))
    assert outcome.function_error == "Unhandled"
    assert outcome.executed_version == "$LATEST"
    if expected.endswith("["):
        assert outcome.payload.decode().startswith(expected)
    else:
        assert outcome.payload.decode() == expected


def test_a_handler_without_a_dot(bench: Bench) -> None:
    outcome = bench.invoke(function("x = 1\n", handler="app"))
    assert outcome.payload.decode() == (
        '{"errorMessage": "Bad handler \'app\': not enough values to unpack (expected 2, got 1)", '
        '"errorType": "Runtime.MalformedHandlerName", "requestId": "", "stackTrace": []}'
    )


def test_dest_010_a_timeout_says_how_long_it_waited(bench: Bench) -> None:
    outcome = bench.invoke(function("import time\ndef handler(event, context):\n    time.sleep(30)\n", timeout_s=1))
    assert outcome.payload == (
        b'{"errorType":"Sandbox.Timedout","errorMessage":"RequestId: R Error: Task timed out after 1.00 seconds"}'
    )
    assert (outcome.function_error, outcome.duration_ms) == ("Unhandled", 1000.0)


def test_a_crash_at_import_is_tried_again_until_the_time_is_up(bench: Bench) -> None:
    outcome = bench.invoke(function("import ctypes\nctypes.string_at(0)\n", timeout_s=1))
    assert json.loads(outcome.payload)["errorType"] == "Sandbox.Timedout"


def test_memory_that_runs_out_is_a_kill_and_the_report_says_why(bench: Bench) -> None:
    """lambda-031"""
    source = (
        "import time\ndef handler(event, context):\n    kept = []\n"
        "    while True:\n        kept.append(bytearray(b'x' * 4000000))\n        time.sleep(0.01)\n"
    )
    outcome = bench.invoke(function(source))
    assert outcome.payload == exited("R", Exit(signal=9))
    report = outcome.logs[-1].text
    assert "Max Memory Used: 128 MB\t" in report
    assert report.endswith("Status: error\tError Type: Runtime.OutOfMemory\t\n")


def test_lambda_021_a_missing_wrapper_is_exit_status_127(bench: Bench) -> None:
    wrapped = function("def handler(event, context): pass\n", variables=(("AWS_LAMBDA_EXEC_WRAPPER", "/opt/none"),))
    assert bench.invoke(wrapped).payload == exited("R", Exit(code=127))


def test_a_provided_runtime_without_bootstrap(bench: Bench) -> None:
    outcome = bench.invoke(function("", runtime="provided.al2023"))
    assert outcome.payload == (
        b'{"errorType":"Runtime.InvalidEntrypoint","errorMessage":"RequestId: R Error: '
        b"Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]\"}"
    )


@pytest.mark.parametrize(("end", "reason"), [(Exit(signal=6), "aborted"), (Exit(signal=34), "signal 34")])
def test_signals_have_their_names(end: Exit, reason: str) -> None:
    assert end.reason.endswith(f"signal: {reason}")
