"""Functions in Node.js, and custom runtimes."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from outfall.core.invocation import EnvironmentSpec, Outcome
from outfall.sandbox import opening
from tests.sandbox.conftest import Bench, function, open_bench, package

INDEX = """
exports.ok = async (event, context) => { console.log("two\\nlines"); return [event, context.awsRequestId]; };
exports.callback = (event, context, callback) => setTimeout(() => callback(null, "later"), 5);
exports.silent = (event, context, callback) => {};
exports.forgets = async () => { await new Promise(() => {}); };
exports.context = async (event, context) => ["succeed", "fail", "done"].filter((name) => name in context);
exports.fails = async () => { throw new TypeError("msg"); };
exports.rejects = async () => { Promise.reject(new Error("lost")); await new Promise((r) => setTimeout(r, 1000)); };
exports.exits = async () => process.exit(3);
exports.big = async () => 10n;
exports.region = async () => [process.env.AWS_REGION, process.env.AWS_ENDPOINT_URL, process.env.OUTFALL_TEST_SECRET];
"""
REQUIRED_BY = "Require stack:\n- /var/runtime/index.mjs"
FILES = {"index.js": INDEX, "src/m.mjs": "export const handler = async (event) => ({ module: event });", "bad.js": "("}


def node(handler: str, runtime: str = "nodejs20.x") -> EnvironmentSpec:
    return function("", code=package(FILES), runtime=runtime, handler=handler, revision=handler)


def invoke(bench: Bench, handler: str, payload: bytes = b"{}", runtime: str = "nodejs20.x") -> Outcome:
    if shutil.which("node") is None:
        pytest.fail("these tests need Node.js on PATH")
    return bench.invoke(node(handler, runtime), payload)


@pytest.mark.parametrize(
    ("handler", "payload"),
    [
        ("index.ok", b'[{"a":1},"R"]'),
        ("index.callback", b'"later"'),
        ("index.silent", b"null"),
        ("src/m.handler", b'{"module":{"a":1}}'),
        ("index.region", b'["us-east-1","http://127.0.0.1:4566",null]'),
    ],
)
def test_results(bench: Bench, handler: str, payload: bytes) -> None:
    outcome = invoke(bench, handler, b'{"a":1}')
    assert (outcome.payload, outcome.function_error) == (payload, "")


@pytest.mark.parametrize(
    ("handler", "error_type", "message"),
    [
        ("index.fails", "TypeError", "msg"),
        ("index.big", "Error", "Unable to stringify response body"),
        ("index.rejects", "Runtime.UnhandledPromiseRejection", "Error: lost"),
        ("index.nope", "Runtime.HandlerNotFound", "index.nope is undefined or not exported"),
        ("none.handler", "Runtime.ImportModuleError", f"Error: Cannot find module 'none'\n{REQUIRED_BY}"),
        ("bad.handler", "Runtime.UserCodeSyntaxError", "Unexpected end of input"),
        ("index", "Runtime.MalformedHandlerName", "Bad handler"),
    ],
)
def test_errors_have_type_message_and_trace(bench: Bench, handler: str, error_type: str, message: str) -> None:
    outcome = invoke(bench, handler)
    assert outcome.function_error == "Unhandled"
    error = json.loads(outcome.payload)
    assert list(error) == ["errorType", "errorMessage", "trace"]
    assert (error["errorType"], error["errorMessage"]) == (error_type, message)
    assert isinstance(error["trace"], list)


def test_an_async_function_that_never_settles_ends_the_process(bench: Bench) -> None:
    outcome = invoke(bench, "index.forgets")
    error = json.loads(outcome.payload)
    assert (outcome.function_error, error["errorType"]) == ("Unhandled", "Runtime.NodeJsExit")
    assert "a Promise that was never settled" in error["errorMessage"]


@pytest.mark.parametrize(
    ("runtime", "methods"), [("nodejs22.x", ["succeed", "fail", "done"]), ("nodejs24.x", []), ("nodejs26.x", [])]
)
def test_the_old_methods_of_the_context_ended_with_version_24(bench: Bench, runtime: str, methods: list[str]) -> None:
    assert json.loads(invoke(bench, "index.context", runtime=runtime).payload) == methods


@pytest.mark.parametrize("runtime", ["nodejs24.x", "nodejs26.x"])
def test_handlers_with_a_callback_are_refused_since_version_24(bench: Bench, runtime: str) -> None:
    outcome = invoke(bench, "index.callback", runtime=runtime)
    error = json.loads(outcome.payload)
    assert (outcome.function_error, error["errorType"]) == ("Unhandled", "Runtime.CallbackHandlerDeprecated")
    assert error["errorMessage"].startswith("ERROR: AWS Lambda has removed support for callback-based")


def test_the_process_may_exit(bench: Bench) -> None:
    expected = {
        "errorType": "Runtime.ExitError",
        "errorMessage": "RequestId: R Error: Runtime exited with error: exit status 3",
    }
    assert json.loads(invoke(bench, "index.exits").payload) == expected


def test_console_lines_are_single_events(bench: Bench) -> None:
    lines = [line.text for line in invoke(bench, "index.ok").logs]
    assert any(re.fullmatch(r"[0-9T:.-]+Z\tR\tINFO\ttwo\nlines\n", line) for line in lines)


def test_a_custom_runtime_speaks_the_runtime_api_itself(bench: Bench) -> None:
    python = """#!/usr/bin/env python3
import os, urllib.request
api = "http://" + os.environ["AWS_LAMBDA_RUNTIME_API"] + "/2018-06-01/runtime/invocation/"
while True:
    with urllib.request.urlopen(api + "next") as event:
        body, name = event.read(), event.headers["Lambda-Runtime-Aws-Request-Id"]
    print("handling", name, flush=True)
    urllib.request.urlopen(urllib.request.Request(api + name + "/response", data=b'{"got":' + body + b"}")).read()
"""
    spec = function("", code=package({"bootstrap": python}), runtime="provided.al2023", revision="p", handler="x")
    outcome = bench.invoke(spec, b"[1]")
    assert outcome.payload == b'{"got":[1]}'
    assert "handling R\n" in [line.text for line in outcome.logs]


def test_node_starts_where_no_cgroup_limits_its_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As for everybody who is not root."""
    monkeypatch.setattr(opening, "find_cgroups", lambda: None)
    bench = open_bench(tmp_path, "process")
    outcome = bench.invoke(node("src/m.handler"), b"1")
    bench(bench.sandbox.close())
    bench.runner.close()
    assert outcome.payload == b'{"module":1}'
