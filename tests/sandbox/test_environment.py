"""What an environment gives a function, and how long it lives."""

from __future__ import annotations

import asyncio
import json
import os
import time

import pytest
from msgspec.structs import replace

from outfall.core.invocation import Outcome, Run
from outfall.sandbox import environment
from tests.sandbox.conftest import ARN, Bench, function, package, stored

COUNTER = "import os\ncount = 0\ndef handler(event, context):\n    global count\n    count += 1\n    return count\n"


def answer(outcome: Outcome) -> object:
    assert outcome.function_error == "", outcome
    return json.loads(outcome.payload)


def test_a_warm_environment_is_found_again(bench: Bench) -> None:
    spec = function(COUNTER)
    first, second = bench.invoke(spec), bench.invoke(spec)
    assert (answer(first), answer(second)) == (1, 2)
    assert first.log_stream == second.log_stream
    assert first.init_ms is not None
    assert second.init_ms is None


def test_an_update_gives_new_environments(bench: Bench) -> None:
    before = function(COUNTER + "# update\n", revision="1")
    assert answer(bench.invoke(before)) == 1
    assert answer(bench.invoke(replace(before, revision="2"))) == 1
    assert answer(bench.invoke(before)) == 1


def test_parallel_invocations_have_environments_of_their_own(bench: Bench) -> None:
    spec = function(
        "import time, uuid\nme = str(uuid.uuid4())\ndef handler(e, c):\n    time.sleep(0.3)\n    return me\n"
    )

    async def all_at_once() -> list[Outcome]:
        return await asyncio.gather(*(bench.sandbox.run(Run(spec, f"R{n}", ARN, b"{}")) for n in range(4)))

    outcomes = bench(all_at_once())
    assert len({outcome.payload for outcome in outcomes}) == 4
    assert len({outcome.log_stream for outcome in outcomes}) == 4


def test_more_invocations_than_environments_wait_for_their_turn(bench: Bench) -> None:
    spec = function("import time\ndef handler(e, c):\n    time.sleep(0.05)\n    return e\n")

    async def all_at_once() -> list[Outcome]:
        return await asyncio.gather(*(bench.sandbox.run(Run(spec, f"R{n}", ARN, b"%d" % n)) for n in range(24)))

    outcomes = bench(all_at_once())
    assert [answer(outcome) for outcome in outcomes] == list(range(24))
    assert len({outcome.log_stream for outcome in outcomes}) <= 8


def test_tmp_survives_a_timeout_and_globals_do_not(bench: Bench) -> None:
    source = (
        "import os, tempfile, time\npath = os.path.join(tempfile.gettempdir(), 'kept')\nstarted = time.time()\n"
        "def handler(event, context):\n"
        "    if event: open(path, 'w').close(); time.sleep(10)\n"
        "    return [os.path.exists(path), os.listdir(tempfile.gettempdir())]\n"
    )
    spec = function(source, timeout_s=2)
    timed_out = bench.invoke(spec, b'{"sleep":1}')
    after = bench.invoke(spec)
    assert answer(after) == [True, ["kept"]]
    assert after.log_stream == timed_out.log_stream
    assert after.init_ms is not None


def test_another_environment_has_an_empty_tmp(bench: Bench) -> None:
    source = "import os, tempfile\ndef handler(event, context):\n    return os.listdir(tempfile.gettempdir())\n"
    assert answer(bench.invoke(function(source))) == []


def test_processes_of_a_function_end_with_it(bench: Bench) -> None:
    nap = f"7654.{time.time_ns() % 10**9}"
    source = (
        "import subprocess, time\ndef handler(event, context):\n"
        f"    child = subprocess.Popen(['sleep', '{nap}'], start_new_session=True)\n    time.sleep(10)\n"
    )
    bench.invoke(function(source, timeout_s=1))
    until = time.monotonic() + 60
    while (left := _processes(nap)) and time.monotonic() < until:
        bench(asyncio.sleep(0.02))
    assert left == []


def _processes(argument: str) -> list[int]:
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/cmdline", "rb") as file:
                    if argument.encode() in file.read().split(b"\0"):
                        found.append(int(name))
            except OSError:
                continue
    return found


def test_the_variables_are_those_of_aws_and_no_others(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUTFALL_TEST_SECRET", "of the server")
    spec = function(
        "import os\ndef handler(event, context):\n    return dict(os.environ)\n",
        variables=(("MINE", "1"), ("TZ", ":Europe/Berlin"), ("AWS_REGION", "eu-west-9")),
    )
    seen = answer(bench.invoke(spec, trace_header="Root=1-2-3;Sampled=0"))
    assert isinstance(seen, dict)
    assert "OUTFALL_TEST_SECRET" not in seen
    expected = {
        "AWS_ACCESS_KEY_ID": "ASIAKEY",
        "AWS_SECRET_ACCESS_KEY": "SECRET",
        "AWS_SESSION_TOKEN": "TOKEN-OF-arn:aws:iam::111111111111:role/r",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:4566",
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.12",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
        "AWS_LAMBDA_FUNCTION_NAME": "fn",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/fn",
        "MINE": "1",
        "TZ": ":Europe/Berlin",
        "_HANDLER": "app.handler",
        "_X_AMZN_TRACE_ID": "Root=1-2-3;Sampled=0",
    }
    assert {name: seen.get(name) for name in expected} == expected
    known = {*expected, "AWS_LAMBDA_LOG_STREAM_NAME", "AWS_LAMBDA_RUNTIME_API", "AWS_XRAY_CONTEXT_MISSING"}
    known |= {"AWS_XRAY_DAEMON_ADDRESS", "_AWS_XRAY_DAEMON_ADDRESS", "_AWS_XRAY_DAEMON_PORT", "LAMBDA_RUNTIME_DIR"}
    known |= {"LAMBDA_TASK_ROOT", "LANG", "LC_CTYPE", "LD_LIBRARY_PATH", "PATH", "PWD", "PYTHONPATH", "SHLVL", "TMPDIR"}
    assert seen.keys() - known == set()


def test_the_context_is_that_of_the_invocation(bench: Bench) -> None:
    source = (
        "def handler(event, context):\n    return [context.aws_request_id, context.function_name, "
        "context.memory_limit_in_mb, context.invoked_function_arn, context.log_stream_name, "
        "0 < context.get_remaining_time_in_millis() <= 10000, context.client_context.custom]\n"
    )
    outcome = bench.invoke(function(source), invoked_arn=f"{ARN}:live", client_context='{"custom":{"a":1}}')
    assert answer(outcome) == ["R", "fn", "128", f"{ARN}:live", outcome.log_stream, True, {"a": 1}]


def test_an_empty_payload_is_an_empty_object(bench: Bench) -> None:
    assert answer(bench.invoke(function("def handler(event, context):\n    return event\n"), b"")) == {}


def test_layers_lie_over_each_other_before_the_library(bench: Bench) -> None:
    lower = package({"python/shared.py": "NAME = 'lower'\n", "python/other.py": "NAME = 'other'\n"})
    upper = package({"python/shared.py": "NAME = 'upper'\n"})
    source = "import shared, other\ndef handler(event, context):\n    return [shared.NAME, other.NAME]\n"
    assert answer(bench.invoke(function(source, layers=(lower, upper)))) == ["upper", "other"]


def test_a_package_brings_its_own_modules_before_those_imported_ahead(bench: Bench) -> None:
    files = {
        "app.py": "import boto3, zipfile\ndef handler(event, context):\n    return [boto3.WHOSE, zipfile.WHOSE]\n",
        "boto3/__init__.py": "WHOSE = 'mine'\n",
        "zipfile.py": "WHOSE = 'mine too'\n",
    }
    assert answer(bench.invoke(function("", code=package(files), revision="own"))) == ["mine", "mine too"]


def test_boto3_is_there_with_region_credentials_and_endpoint(bench: Bench) -> None:
    source = (
        "import boto3\ns3 = boto3.client('s3')\ndef handler(event, context):\n"
        "    return [s3.meta.endpoint_url, s3.meta.region_name, s3._get_credentials().access_key]\n"
    )
    assert answer(bench.invoke(function(source))) == ["http://127.0.0.1:4566", "us-east-1", "ASIAKEY"]


def test_nothing_of_outfall_can_be_imported(bench: Bench) -> None:
    source = (
        "import importlib.util\ndef handler(event, context):\n"
        "    return [n for n in ('outfall', 'inside', 'msgspec', 'click', 'pytest') if importlib.util.find_spec(n)]\n"
    )
    assert answer(bench.invoke(function(source))) == []


def test_the_code_cannot_be_changed_where_there_are_namespaces(bench: Bench) -> None:
    source = (
        "import os\ndef handler(event, context):\n    seen = []\n    for path in ('/var/task/x', '/usr/x', '/x'):\n"
        "        try:\n            open(path, 'w').close()\n            seen.append(path)\n"
        "        except OSError as error:\n            seen.append(error.strerror)\n"
        "    return [*seen, os.listdir('/var/task'), [os.listdir('/var/sandbox/' + n) for n in ('code', 'tmp')]]\n"
    )
    if bench.sandbox.kind == "bubblewrap":
        refused = "Read-only file system"
        seen = answer(bench.invoke(function(source)))
        assert seen == [refused, refused, refused, ["app.py"], [[], []]]
    else:
        assert answer(bench.invoke(function("import os\ndef handler(e, c): return os.environ['LAMBDA_TASK_ROOT']\n")))


def test_a_version_that_is_not_here_is_said_once(bench: Bench) -> None:
    for revision in ("a", "b"):
        bench.invoke(function(COUNTER, runtime="python3.9", revision=revision))
    assert "python3.9" in bench.sandbox.notices()
    assert len([line for line in bench.said if line.startswith("python3.9 runs on Python 3.")]) == 1


def test_a_slow_init_is_made_again_within_the_invocation(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "INIT_S_MAX", 0.2)
    outcome = bench.invoke(function("import time\ntime.sleep(0.5)\ndef handler(event, context):\n    return 1\n"))
    assert answer(outcome) == 1
    assert outcome.init_ms is None
    assert [line.text.split("\t", 1)[1] for line in outcome.logs if line.text.startswith("INIT_REPORT")] == [
        "Phase: init\tStatus: timeout\n"
    ]
    assert outcome.duration_ms > 400


def test_a_client_context_of_several_lines_stays_one_header(bench: Bench) -> None:
    source = "def handler(event, context):\n    return context.client_context.custom\n"
    outcome = bench.invoke(function(source), client_context='{\r\n "custom": {"a": 1}\n}')
    assert answer(outcome) == {"a": 1}


def test_an_invocation_that_is_cancelled_ends_its_environment(bench: Bench) -> None:
    source = (
        "import time\ncount = 0\ndef handler(event, context):\n    global count\n    count += 1\n"
        "    time.sleep(event.get('s', 0))\n    return count\n"
    )
    spec = function(source)

    async def give_up() -> None:
        running = asyncio.create_task(bench.sandbox.run(Run(spec, "R", ARN, b'{"s":30}')))
        await asyncio.sleep(0.3)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    bench(give_up())
    assert answer(bench.invoke(spec)) == 1


def test_a_package_is_prepared_or_refused_ahead(bench: Bench) -> None:
    assert bench(bench.sandbox.prepare(package({"app.py": COUNTER}))) is None
    refusal = "Could not unzip uploaded file. Please check your file, then try to upload again."
    assert bench(bench.sandbox.prepare(stored(b"no zip"))) == refusal
