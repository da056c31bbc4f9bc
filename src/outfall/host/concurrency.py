"""How many invocations of each function run at this moment, and whether one more may start.

Rule: https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html; the reasons are those of AWS's 429
[LS:test_lambda_concurrency_block].
"""

from __future__ import annotations

from collections import Counter

from outfall.core.invocation import Run, Throttled

RESERVED_TAKEN = Throttled("ReservedFunctionConcurrentInvocationLimitExceeded")
ACCOUNT_FULL = Throttled("ConcurrentInvocationLimitExceeded")


class Concurrency:
    """Counts running invocations, by function and by account and region."""

    def __init__(self, account_limit: int) -> None:
        self._account_limit = account_limit
        self._functions: Counter[str] = Counter()
        self._accounts: Counter[str] = Counter()

    async def enter(self, run: Run) -> Throttled | None:
        """Takes a place for a run, or says why there is none. Reserved places are a function's own."""
        function = run.environment.function_arn
        account = function.rsplit(":", 2)[0]
        if run.reserved_concurrency is not None:
            if self._functions[function] >= run.reserved_concurrency:
                return RESERVED_TAKEN
        elif self._accounts[account] >= self._account_limit:
            return ACCOUNT_FULL
        self._count(run)
        return None

    def _count(self, run: Run) -> None:
        self._functions[run.environment.function_arn] += 1
        self._accounts[run.environment.function_arn.rsplit(":", 2)[0]] += 1

    async def leave(self, run: Run) -> None:
        """Gives the place back."""
        function = run.environment.function_arn
        for counter, key in ((self._functions, function), (self._accounts, function.rsplit(":", 2)[0])):
            counter[key] -= 1
            if counter[key] <= 0:
                del counter[key]

    def of(self, run: Run) -> int:
        """How many invocations of a run's function are running."""
        return self._functions[run.environment.function_arn]

    def running(self) -> dict[str, int]:
        """Running invocations by function ARN."""
        return dict(self._functions)
