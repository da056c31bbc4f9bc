"""What the platform itself writes to a function's log: INIT_START, START, END, REPORT, as text or as JSON.

Forms: [lambda-runtime.md 5; LS:test_lambda; https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-logformat.html].
Init time is billed since 2025-08-01.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import msgspec

from outfall.core.arn import Arn, function_name
from outfall.core.invocation import EnvironmentSpec
from outfall.core.record import timestamp

_LEVELS = {"DEBUG": 0, "INFO": 1, "WARN": 2}


class Report(msgspec.Struct, frozen=True):
    """The figures of one invocation. `stated` is said of ends that the platform had to state itself: the text format
    names the type of these errors alone."""

    request_id: str
    status: str
    duration_ms: float
    init_ms: float | None
    memory_used_mb: int
    error_type: str = ""
    produced_bytes: int = 0
    stated: bool = False


def stream_name(spec: EnvironmentSpec, at_ms: int, unique: str) -> str:
    """`2026/01/31/[$LATEST]<32 hex>`; the function's name comes first in a group of one's own choice, for it may be
    shared. [LS, DOC]"""
    day = timestamp(at_ms)[:10].replace("-", "/")
    name = function_name(Arn.parse(spec.function_arn))[0]
    shared = "" if spec.logging.group == f"/aws/lambda/{name}" else name
    return f"{day}/{shared}[{spec.version}]{unique}"


def runtime_version(runtime: str) -> str:
    """`python:3.12.v1`, as INIT_START writes it."""
    for name in ("python", "nodejs", "provided"):
        if runtime.startswith(name):
            return f"{name}:{runtime[len(name) :].strip('.x') or 'v'}.v1".replace("..", ".")
    return runtime


def runtime_version_arn(region: str, runtime: str) -> str:
    """The ARN of a runtime version; its 64 hex digits are of our making."""
    return f"arn:aws:lambda:{region}::runtime:{sha256(runtime.encode()).hexdigest()}"


class PlatformLog:
    """Writes the platform's lines for one environment through `add`, in its format and down to its level."""

    def __init__(self, spec: EnvironmentSpec, add: Callable[[str], None], clock: Callable[[], int]) -> None:
        self._spec = spec
        self._add = add
        self._clock = clock
        self._json = spec.logging.format == "JSON"
        self._level_min = _LEVELS.get(spec.logging.system_level or "INFO", 1)

    def _event(self, kind: str, level: str, record: dict[str, Any]) -> None:
        if _LEVELS[level] >= self._level_min:
            line = {"time": timestamp(self._clock()), "type": f"platform.{kind}", "record": record}
            self._add(json.dumps(line, separators=(",", ":")) + "\n")

    def init_start(self, phase: str) -> None:
        """An interpreter starts."""
        spec = self._spec
        arn = Arn.parse(spec.function_arn)
        version, version_arn = runtime_version(spec.runtime), runtime_version_arn(arn.region, spec.runtime)
        if not self._json:
            if phase == "init":
                self._add(f"INIT_START Runtime Version: {version}\tRuntime Version ARN: {version_arn}\n")
            return
        record = {"initializationType": "on-demand", "phase": phase, "runtimeVersion": version}
        record |= {"runtimeVersionArn": version_arn, "functionName": function_name(arn)[0]}
        self._event("initStart", "DEBUG", {**record, "functionVersion": spec.version})

    def init_report(self, phase: str, status: str, duration_ms: float, error_type: str) -> None:
        """An init that failed or took too long."""
        if not self._json:
            tail = f"\tError Type: {error_type}" if error_type else ""
            self._add(f"INIT_REPORT Init Duration: {duration_ms:.2f} ms\tPhase: {phase}\tStatus: {status}{tail}\n")
            return
        record: dict[str, Any] = {"initializationType": "on-demand", "phase": phase, "status": status}
        record |= {"errorType": error_type} if error_type else {}
        self._event("initReport", "WARN", {**record, "metrics": {"durationMs": round(duration_ms, 3)}})

    def start(self, request_id: str) -> None:
        """An invocation begins."""
        if not self._json:
            self._add(f"START RequestId: {request_id} Version: {self._spec.version}\n")
            return
        record = {"requestId": request_id, "functionArn": self._spec.function_arn, "version": self._spec.version}
        self._event("start", "INFO", record)

    def timed_out(self, request_id: str) -> None:
        """The sentence of a timeout, with its blank line."""
        if not self._json:
            seconds = self._spec.timeout_s
            at = timestamp(self._clock())
            self._add(f"{at} {request_id} Task timed out after {seconds}.00 seconds\n\n")

    def exited(self, request_id: str, reason: str, error_type: str) -> None:
        """The sentence of a process that ended."""
        if not self._json:
            self._add(f"RequestId: {request_id} Error: {reason}\n{error_type}\n")

    def end(self, report: Report) -> None:
        """The invocation is over."""
        failed = report.status != "success"
        billed = math.ceil(round((report.init_ms or 0.0) + report.duration_ms, 2))
        if self._json:
            ended: dict[str, Any] = {"requestId": report.request_id, "status": report.status}
            ended |= {"errorType": report.error_type} if report.error_type else {}
            metrics: dict[str, Any] = {"durationMs": round(report.duration_ms, 3)}
            done = {**ended, "metrics": {**metrics, "producedBytes": report.produced_bytes}}
            self._event("runtimeDone", "WARN" if failed else "DEBUG", done)
            metrics |= {"billedDurationMs": billed, "memorySizeMB": self._spec.memory_mb}
            metrics["maxMemoryUsedMB"] = report.memory_used_mb
            if report.init_ms is not None:
                metrics["initDurationMs"] = round(report.init_ms, 3)
            ended.pop("requestId")
            record = {"requestId": report.request_id, "metrics": metrics, **ended}
            self._event("report", "WARN" if failed else "INFO", record)
            return
        self._add(f"END RequestId: {report.request_id}\n")
        fields = [
            f"REPORT RequestId: {report.request_id}",
            f"Duration: {report.duration_ms:.2f} ms",
            f"Billed Duration: {billed} ms",
            f"Memory Size: {self._spec.memory_mb} MB",
            f"Max Memory Used: {report.memory_used_mb} MB",
        ]
        if report.init_ms is not None:
            fields.append(f"Init Duration: {report.init_ms:.2f} ms")
        if report.status == "timeout":
            fields.append("Status: timeout")
        elif report.stated:
            fields += ["Status: error", f"Error Type: {report.error_type}"]
        self._add("\t".join(fields) + "\t\n")
