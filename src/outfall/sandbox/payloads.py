"""What an invocation answers when the platform, not the runtime client, has to say that it failed: compact JSON.

Forms are recorded [LS:test_lambda.snapshot TestLambdaErrors, SD]; the key order is AWS's and differs for the size
limit.
"""

from __future__ import annotations

import json
import signal

import msgspec

RESPONSE_SIZE_MAX = 6_291_556
"""6 MB and 100 bytes, the size that AWS's own message prints."""

EXIT_ERROR = "Runtime.ExitError"
TIMED_OUT = "Sandbox.Timedout"
OUT_OF_MEMORY = "Runtime.OutOfMemory"
INVALID_ENTRYPOINT = "Runtime.InvalidEntrypoint"

SIGNALS = {
    signal.SIGABRT: "aborted",
    signal.SIGALRM: "alarm clock",
    signal.SIGBUS: "bus error",
    signal.SIGFPE: "floating point exception",
    signal.SIGHUP: "hangup",
    signal.SIGILL: "illegal instruction",
    signal.SIGINT: "interrupt",
    signal.SIGKILL: "killed",
    signal.SIGPIPE: "broken pipe",
    signal.SIGQUIT: "quit",
    signal.SIGSEGV: "segmentation fault",
    signal.SIGTERM: "terminated",
    signal.SIGTRAP: "trace/breakpoint trap",
}
"""As Lambda's own platform names them."""


class Exit(msgspec.Struct, frozen=True):
    """How a process ended: by itself with `code`, or by `signal`, and the most memory that it held."""

    code: int = 0
    signal: int = 0
    memory_mb: int = 0

    @property
    def reason(self) -> str:
        """The sentence of AWS's message."""
        if self.signal:
            name = SIGNALS.get(signal.Signals(self.signal), f"signal {self.signal}")
            return f"Runtime exited with error: signal: {name}"
        if self.code:
            return f"Runtime exited with error: exit status {self.code}"
        return "Runtime exited without providing a reason"


def _platform_error(error_type: str, message: str) -> bytes:
    return json.dumps({"errorType": error_type, "errorMessage": message}, separators=(",", ":")).encode()


def timed_out(request_id: str, timeout_s: int) -> bytes:
    """`Sandbox.Timedout`."""
    return _platform_error(TIMED_OUT, f"RequestId: {request_id} Error: Task timed out after {timeout_s}.00 seconds")


def exited(request_id: str, end: Exit) -> bytes:
    """`Runtime.ExitError`, also when memory ran out."""
    return _platform_error(EXIT_ERROR, f"RequestId: {request_id} Error: {end.reason}")


def cannot_start(request_id: str, reason: str) -> bytes:
    """`Runtime.InvalidEntrypoint`: there is nothing to execute."""
    return _platform_error(INVALID_ENTRYPOINT, f"RequestId: {request_id} Error: {reason}")


def too_large() -> bytes:
    """`Function.ResponseSizeTooLarge`; here AWS puts the message first."""
    message = f"Response payload size exceeded maximum allowed payload size ({RESPONSE_SIZE_MAX} bytes)."
    error = {"errorMessage": message, "errorType": "Function.ResponseSizeTooLarge"}
    return json.dumps(error, separators=(",", ":")).encode()
