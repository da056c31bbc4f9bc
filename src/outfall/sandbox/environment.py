"""One execution environment: its process, from init through invocations to its end.

An environment outlives its process: after a timeout or an exit the next invocation starts a new one with the same
/tmp and log stream. A failed init is tried again within the invocation, under the function's own timeout.
[lambda-runtime.md 3-4; https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html]
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import time

from outfall.core.invocation import EnvironmentSpec, Outcome, Run
from outfall.sandbox import payloads
from outfall.sandbox.launcher import CannotLaunch, FunctionProcess, close_all
from outfall.sandbox.log_lines import PlatformLog, Report
from outfall.sandbox.log_reader import LogReader
from outfall.sandbox.memory_use import MemoryUse
from outfall.sandbox.payloads import Exit
from outfall.sandbox.plan import Ground, Plan, process_request
from outfall.sandbox.runtime_api import Answer, RuntimeApi
from outfall.sandbox.variables import EnvironmentCredentials

INIT_S_MAX = 10.0
_MEMORY_LOOK_S = 0.1
_RESTART_WAIT_S = 0.1
_RESTART_WAIT_S_MAX = 2.0


class _Ready:
    """The runtime asks for an invocation."""


class _TimeUp:
    """The time is over."""


_READY, _TIME_UP = _Ready(), _TimeUp()
_Event = _Ready | _TimeUp | Answer | Exit


class Environment:
    """Runs the invocations of one function version, one after the other."""

    def __init__(
        self,
        ground: Ground,
        spec: EnvironmentSpec,
        plan: Plan,
        credentials: EnvironmentCredentials,
        name: str,
        stream: str,
    ) -> None:
        self.spec = spec
        self.credentials = credentials
        self.log_stream = stream
        self.idle_since = 0.0
        self._ground = ground
        self._plan = plan
        self._name = name
        self._api = RuntimeApi(lambda: self._happened(_READY), self._happened)
        self._process: FunctionProcess | None = None
        self._reader: LogReader | None = None
        self._log_fd = self._log_write_fd = -1
        self._memory = MemoryUse(spec.memory_mb)
        self._awaited: asyncio.Future[_Event] | None = None
        self._ended: Exit | None = None
        (ground.layout.tmp / name).mkdir(mode=0o777, parents=True)

    async def open(self) -> None:
        """Makes what lasts for the environment's whole life; raises `OSError`."""
        await self._api.open()
        self._log_fd, self._log_write_fd = os.pipe2(os.O_CLOEXEC)
        os.set_blocking(self._log_fd, False)
        self._reader = LogReader(self._log_fd, self._ground.clock)
        asyncio.get_running_loop().add_reader(self._log_fd, self._reader.read)
        self._log = PlatformLog(self.spec, self._reader.add, self._ground.clock)
        if self._ground.cgroups:
            with contextlib.suppress(OSError):
                self._memory.cgroup = self._ground.cgroups.make(self._name, self.spec.memory_mb)

    def close(self) -> None:
        """Ends the process and removes /tmp. An invocation that still runs is cancelled: it has no outcome."""
        self._stop_process()
        if self._awaited is not None:
            self._awaited.cancel()
        self._api.close()
        if self._log_fd >= 0:
            asyncio.get_running_loop().remove_reader(self._log_fd)
            close_all([self._log_fd, self._log_write_fd])
            self._log_fd = self._log_write_fd = -1
        if self._memory.cgroup and self._ground.cgroups:
            self._ground.cgroups.retire(self._memory.cgroup)
            self._memory.cgroup = None
        shutil.rmtree(self._ground.layout.tmp / self._name, ignore_errors=True)

    async def invoke(self, run: Run) -> Outcome:
        """Runs one invocation."""
        if self._plan.missing:
            return self._could_not_start(run, self._plan.missing)
        began = time.monotonic()
        init_ms: float | None = None
        failure: _Event | None = None
        if self._process is not None and not self._api.is_waiting:
            await self._next_event(self.spec.timeout_s)
        if self._process is None or not self._api.is_waiting:
            try:
                init_began = time.monotonic()
                failure = await self._initialise("init", INIT_S_MAX)
                init_ms = (time.monotonic() - init_began) * 1000
                began = time.monotonic()
                if failure is not None:
                    init_ms = None
                    failure = await self._initialise_again(began + self.spec.timeout_s)
            except (CannotLaunch, OSError) as error:
                return self._could_not_start(run, f"the execution environment did not start: {error}")
        self._log.start(run.request_id)
        if failure is None:
            failure = await self._hand_out(run, began)
        return self._outcome(run, failure, (time.monotonic() - began) * 1000, init_ms)

    async def _hand_out(self, run: Run, began: float) -> _Event:
        left_s = began + self.spec.timeout_s - time.monotonic()
        headers = {
            "Lambda-Runtime-Deadline-Ms": str(int((time.time() + left_s) * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": run.invoked_arn,
            "Lambda-Runtime-Trace-Id": run.trace_header,
            "Lambda-Runtime-Client-Context": run.client_context,
        }
        self._api.hand_out(run.request_id, headers, run.payload or b"{}")
        while True:
            event = await self._next_event(left_s)
            if not isinstance(event, _Ready):
                return event
            left_s = began + self.spec.timeout_s - time.monotonic()

    async def _initialise(self, phase: str, limit_s: float) -> _Event | None:
        """Starts a process and waits until it asks for work; otherwise what happened instead, with its log lines."""
        self._log.init_start(phase)
        began = time.monotonic()
        await self._start_process()
        event = await self._next_event(limit_s)
        if isinstance(event, _Ready):
            return None
        took_ms = (time.monotonic() - began) * 1000
        if isinstance(event, Answer):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._process_end(), 0.5)  # what it still writes belongs to this init
        self._stop_process()
        if isinstance(event, _TimeUp):
            self._log.init_report(phase, "timeout", took_ms, "")
        else:
            error_type = event.error_type if isinstance(event, Answer) else payloads.EXIT_ERROR
            self._log.init_report(phase, "error", took_ms, error_type)
        return event

    async def _initialise_again(self, until: float) -> _Event | None:
        """The init within the invocation. A crash is tried again until the time is up. [LS: segfault at import]"""
        pause_s = _RESTART_WAIT_S
        while True:
            event = await self._initialise("invoke", max(0.0, until - time.monotonic()))
            crashed = isinstance(event, Exit) and event.signal not in (0, 9)
            if not crashed:
                return event
            await asyncio.sleep(min(pause_s, max(0.0, until - time.monotonic())))
            pause_s = min(pause_s * 2, _RESTART_WAIT_S_MAX)
            if time.monotonic() >= until:
                return _TIME_UP

    async def _start_process(self) -> None:
        self._stop_process()
        self._ended = None
        self._memory.process_begins()
        request = process_request(
            self._ground,
            self._plan,
            self.spec,
            self.credentials,
            name=self._name,
            runtime_api=self._api.address,
            log_stream=self.log_stream,
            limited=self._memory.cgroup is not None,
        )
        process = FunctionProcess(self._exited)
        descriptors = [process.theirs.fileno(), self._log_write_fd]
        joining = self._memory.join_descriptor()
        if joining >= 0:
            descriptors.append(joining)
        try:
            await self._plan.parent.fork(request, descriptors)
        except (CannotLaunch, OSError):
            process.kill()
            raise
        finally:
            if joining >= 0:
                os.close(joining)
        process.watch()
        self._process = process

    def _stop_process(self) -> None:
        if self._process:
            self._process.kill()
            self._process = None
        self._api.hang_up()

    def _exited(self, end: Exit) -> None:
        self._ended = end
        self._process = None
        self._api.hang_up()
        self._happened(end)

    def _happened(self, event: _Event) -> None:
        awaited = self._awaited
        if awaited is not None and not awaited.done():
            if self._reader and not isinstance(event, _Ready):
                self._reader.read()
            awaited.set_result(event)

    async def _next_event(self, limit_s: float) -> _Event:
        """What happens next, or `_TIME_UP`."""
        loop = asyncio.get_running_loop()
        awaited: asyncio.Future[_Event] = loop.create_future()
        self._awaited = awaited
        timer = loop.call_later(max(0.0, limit_s), self._happened, _TIME_UP)
        looking = None if self._memory.cgroup else loop.call_later(_MEMORY_LOOK_S, self._look_at_memory, awaited)
        try:
            return await awaited
        finally:
            timer.cancel()
            if looking:
                looking.cancel()
            self._awaited = None

    async def _process_end(self) -> None:
        while self._process is not None:
            await self._next_event(1.0)

    def _look_at_memory(self, awaited: asyncio.Future[_Event]) -> None:
        if awaited.done() or self._process is None:
            return
        if self._memory.is_over(self._process.pid):
            self._process.kill()
            self._exited(Exit(signal=9))
            return
        asyncio.get_running_loop().call_later(_MEMORY_LOOK_S, self._look_at_memory, awaited)

    def _could_not_start(self, run: Run, reason: str) -> Outcome:
        body = payloads.cannot_start(run.request_id, reason)
        self._log.start(run.request_id)
        self._log.exited(run.request_id, reason, payloads.INVALID_ENTRYPOINT)
        report = Report(run.request_id, "error", 0.0, None, 0, payloads.INVALID_ENTRYPOINT, stated=True)
        return self._report(body, "Unhandled", report)

    def _outcome(self, run: Run, event: _Event, duration_ms: float, init_ms: float | None) -> Outcome:
        body, status, error_type = b"", "error", ""
        ran_out = isinstance(event, Exit) and event.signal == 9 and self._memory.ran_out()
        memory_mb = self.spec.memory_mb if ran_out else self._used_mb(duration_ms)
        if isinstance(event, Answer):
            body, error_type = event.body, event.error_type
            if event.kind == "response":
                status, error_type = "success", ""
        elif isinstance(event, Exit):
            body = payloads.exited(run.request_id, event)
            error_type = payloads.OUT_OF_MEMORY if ran_out else payloads.EXIT_ERROR
        else:
            body, status = payloads.timed_out(run.request_id, self.spec.timeout_s), "timeout"
            duration_ms = self.spec.timeout_s * 1000.0
            self._stop_process()
        if self._reader:
            self._reader.read()
            self._reader.end_of_invocation()
        if isinstance(event, Exit):
            self._log.exited(run.request_id, event.reason, payloads.EXIT_ERROR)
        elif status == "timeout":
            self._log.timed_out(run.request_id)
        stated = isinstance(event, Exit) or (isinstance(event, Answer) and event.kind == "init-error")
        report = Report(run.request_id, status, duration_ms, init_ms, memory_mb, error_type, len(body), stated)
        return self._report(body, "" if status == "success" else "Unhandled", report)

    def _used_mb(self, duration_ms: float) -> int:
        pid = self._process.pid if self._process else None
        return self._memory.used_mb(pid, self._ended.memory_mb if self._ended else None, duration_ms)

    def _report(self, body: bytes, function_error: str, report: Report) -> Outcome:
        self._log.end(report)
        assert self._reader is not None
        return Outcome(
            payload=body,
            function_error=function_error,
            executed_version=self.spec.version,
            log_stream=self.log_stream,
            logs=self._reader.take(),
            duration_ms=round(report.duration_ms, 3),
            init_ms=None if report.init_ms is None else round(report.init_ms, 3),
            memory_used_mb=report.memory_used_mb,
        )
