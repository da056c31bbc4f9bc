"""A request to a function URL: may it, and what the function makes of it.

https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
"""

from __future__ import annotations

from outfall.authz import Ask, authorize
from outfall.core.arn import Arn
from outfall.core.context import Context
from outfall.core.effects import RunFunction
from outfall.core.errors import AwsError
from outfall.core.invocation import Outcome, Throttled
from outfall.core.principal import ANONYMOUS
from outfall.core.service import Call
from outfall.services.lambda_ import invoke, payload, url_cors, url_requests
from outfall.services.lambda_.errors import TooManyRequestsException
from outfall.services.lambda_.names import FunctionName
from outfall.services.lambda_.permissions import function_policy
from outfall.services.lambda_.url_model import UrlRow
from outfall.services.lambda_.url_requests import Caller, UrlRequest, UrlResponse

FAILED = UrlResponse(502, (("Content-Type", "application/json"),), b"Internal Server Error")


class Forbidden(AwsError):
    """Forbidden. For troubleshooting Function URL authorization issues, see: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"""

    status = 403

    def __init__(self, explanation: str = "") -> None:
        super().__init__()
        self.explanation = explanation
        """For whoever runs the server: what the caller lacks, unless a decision tells of it."""


def begin(
    call: Call, name: FunctionName, url: UrlRow, request: UrlRequest, caller: Caller | None
) -> UrlResponse | RunFunction:
    """The answer to the request, or the run that leads to it (whose `resume` gives a `UrlResponse`). `caller` is None
    for a URL without authentication, and for a request without a signature.

    Raises `Forbidden` and what Invoke raises.
    """
    preflight = url_cors.preflight(url.cors, request)
    if preflight is not None:
        return preflight
    _require_allowed(call, name, url, caller)
    body = url_requests.event(request, url_id=url.id, request_id=call.request_id, now_ms=call.now, caller=caller)
    payload.require_sync_size(body)
    row = invoke.require_runnable(call, name)
    run = invoke.run_of(call, name, row, body)

    def resume(later: Call, outcome: Outcome | Throttled) -> UrlResponse:
        if isinstance(outcome, Throttled):
            raise TooManyRequestsException(Reason=outcome.reason)
        made = None if outcome.function_error else url_requests.response(outcome.payload)
        return url_cors.allowed(url.cors, request, made or FAILED)

    return RunFunction(run, resume)


def _require_allowed(ctx: Context, name: FunctionName, url: UrlRow, caller: Caller | None) -> None:
    """Since October 2025 a URL takes both permissions."""
    if caller is None and url.auth_type == "AWS_IAM":
        raise Forbidden(f"the URL of {name.as_named} takes a signature")
    policy = function_policy(ctx, Arn.parse(name.as_named))
    for action, key, value in (
        ("lambda:InvokeFunctionUrl", "lambda:FunctionUrlAuthType", url.auth_type),
        ("lambda:InvokeFunction", "lambda:InvokedViaFunctionUrl", "true"),
    ):
        principal = caller.principal if caller else ANONYMOUS
        ask = Ask(
            principal,
            action,
            name.as_named,
            {key: value},
            resource_policy=policy,
            resource_account=name.account,
        )
        decision = authorize(ctx, ask)
        if not decision.allowed:
            raise Forbidden
