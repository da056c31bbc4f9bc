"""The asynchronous event, what one attempt of it is, and the values that describe a function to run."""

from __future__ import annotations

from typing import Literal

import msgspec

from outfall.core.body import Segment

Condition = Literal["Success", "RetriesExhausted", "EventAgeExceeded", "ZeroReservedConcurrency", "RecursiveInvocation"]
LATEST = "$LATEST"


class Package(msgspec.Struct, frozen=True):
    """A zip archive of code or of a layer: its SHA-256 in hex and where its bytes lie."""

    sha256: str
    segments: tuple[Segment, ...]


class Logging(msgspec.Struct, frozen=True):
    """A function's LoggingConfig; levels are empty with the format Text."""

    group: str
    format: Literal["Text", "JSON"] = "Text"
    application_level: str = ""
    system_level: str = ""


class EnvironmentSpec(msgspec.Struct, frozen=True, cache_hash=True):
    """All that an execution environment is made from. Invocations of equal specs may share a warm environment;
    `revision` changes with every update of code or configuration."""

    function_arn: str
    """Unqualified."""
    version: str
    revision: str
    runtime: str
    handler: str
    code: Package
    layers: tuple[Package, ...]
    variables: tuple[tuple[str, str], ...]
    role_arn: str
    memory_mb: int
    ephemeral_mb: int
    timeout_s: int
    logging: Logging


class Run(msgspec.Struct, frozen=True):
    """One invocation to perform. `invoked_arn` is what the handler sees as `context.invoked_function_arn`."""

    environment: EnvironmentSpec
    request_id: str
    invoked_arn: str
    payload: bytes
    reserved_concurrency: int | None = None
    trace_header: str = ""
    client_context: str = ""


class LogLine(msgspec.Struct, frozen=True):
    """One log event as CloudWatch Logs stores it."""

    at_ms: int
    text: str


class Outcome(msgspec.Struct, frozen=True):
    """What came of an invocation that ran (or whose environment could not start, which is the function's error too).

    `payload` is the result, or the error object to the byte; `function_error` is empty on success and `Unhandled`
    otherwise. `logs` are the START, END, REPORT and INIT lines and what the function printed, in order.
    """

    payload: bytes
    function_error: str
    executed_version: str
    log_stream: str
    logs: tuple[LogLine, ...] = ()
    duration_ms: float = 0.0
    init_ms: float | None = None
    memory_used_mb: int = 0
    concurrency: int = 0
    """Invocations of the function that ran when this one began, itself included."""


class Throttled(msgspec.Struct, frozen=True):
    """No environment may be started. `reason` is that of AWS's 429: `ReservedFunctionConcurrentInvocationLimitExceeded`
    or `ConcurrentInvocationLimitExceeded`."""

    reason: str


class RetryPolicy(msgspec.Struct, frozen=True):
    """The event invoke config's numbers. [BC] retries 0..2 (default 2), age 60..21600 s (default 21600)."""

    retries_max: int = 2
    event_age_s_max: int = 21600


class FunctionTarget(msgspec.Struct, frozen=True, cache_hash=True):
    """A function, version or alias as it stands now. `arn` is unqualified; destinations are ARNs or empty."""

    arn: str
    name: str
    executed_version: str
    environment: EnvironmentSpec
    retry: RetryPolicy = RetryPolicy()
    on_success: str = ""
    on_failure: str = ""
    dead_letter: str = ""
    reserved_concurrency: int | None = None
    recursive_loop: str = "Terminate"


class Ending(msgspec.Struct, frozen=True):
    """Where an event may end and how often it is tried, as last known: events outlive their function, and a function
    that was deleted still gets the records of what was queued for it. [SD:async_deleted_targets_analysis]"""

    name: str = ""
    role_arn: str = ""
    retry: RetryPolicy = RetryPolicy()
    on_success: str = ""
    on_failure: str = ""
    dead_letter: str = ""

    @classmethod
    def of(cls, target: FunctionTarget) -> Ending:
        """The ending that a function's settings give its events now."""
        return cls(
            target.name,
            target.environment.role_arn,
            target.retry,
            target.on_success,
            target.on_failure,
            target.dead_letter,
        )


class Response(msgspec.Struct, frozen=True):
    """What the last attempt answered, as a record shows it: 200 when the function ran, 404 or 429 when it could not."""

    status_code: int
    executed_version: str = ""
    function_error: str = ""
    payload: bytes | None = None


class AsyncEvent(msgspec.Struct, frozen=True):
    """An event accepted for asynchronous invocation, as it lies on its function's queue.

    `function` is the ARN as invoked (perhaps qualified). `attempts` counts what AWS counts in approximateInvokeCount;
    throttles, and attempts lost with a server that went away, are counted apart. `skipped_ms` is nominal time that was
    not really waited (a shorter scale, a skipped wait): the event's age is reckoned with it. `wait_from_ms` and
    `wait_nominal_ms` describe the wait it is in, if any.
    """

    id: str
    function: str
    payload: bytes
    accepted_ms: int
    ending: Ending = Ending()
    attempts: int = 0
    throttles: int = 0
    lost: int = 0
    skipped_ms: int = 0
    wait_from_ms: int = 0
    wait_nominal_ms: int = 0
    last: Response | None = None
    trace_header: str = ""

    def nominal_now_ms(self, now_ms: int) -> int:
        """The time that AWS's clock would show had every wait been waited out."""
        return now_ms + self.skipped_ms
