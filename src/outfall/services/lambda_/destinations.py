"""Destinations and dead-letter targets, judged when they are configured: is it one, is it there, may the role use it.

Order and texts: [LS:TestLambdaEventInvokeConfig], [SD:outcomes_admission, outcomes_s3]; dead letters [dlq.md]. What
happens at delivery is `flow`'s.
"""

from __future__ import annotations

from collections.abc import Mapping

from outfall.authz import session_of_role
from outfall.core.arn import Arn, MalformedArn
from outfall.core.context import Context
from outfall.core.errors import AwsError, NotServed
from outfall.core.ports import Target
from outfall.services.lambda_ import roles
from outfall.services.lambda_.errors import InvalidParameterValueException
from outfall.services.lambda_.model import VersionRow
from outfall.services.lambda_.names import FunctionName, of_arn

BOTH = frozenset({"OnSuccess", "OnFailure"})
SERVICES: Mapping[str, frozenset[str]] = {
    "sqs": BOTH,
    "sns": BOTH,
    "lambda": BOTH,
    "events": BOTH,
    "s3": frozenset({"OnFailure"}),
}
"""Which service may be a destination of what. https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html"""

CALLED = {
    "sqs": "SendMessage on SQS",
    "sns": "Publish on SNS",
    "events": "PutEvents on EventBridge",
    "s3": "PutObject on S3",
}
"""How the denial names the call; one of Lambda names the function instead."""

DEAD_LETTER_SERVICES = {"sqs": "FIFO SQS queue", "sns": "FIFO SNS topic"}

_MISSING_DEAD_LETTER = {
    "sqs": "Error occurred while SendMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. "
    "SQS Error Message: The specified queue does not exist.",
    "sns": "Error occurred while Publish. SNS Error Code: NotFound. SNS Error Message: Topic does not exist",
}


def require_destination(ctx: Context, name: FunctionName, row: VersionRow, kind: str, destination: str) -> None:
    """Judges one destination (`kind` OnSuccess or OnFailure) of the function `row`; raises AWS's error."""
    arn = _parse(destination)
    if arn is None or arn.service not in SERVICES:
        raise InvalidParameterValueException(_unsupported(kind, destination))
    invalid = InvalidParameterValueException(f"The destination ARN {destination} is invalid.")
    if kind not in SERVICES[arn.service] or (arn.service == "sqs" and arn.resource.endswith(".fifo")):
        raise invalid
    if arn.service == "sns" and arn.resource.endswith(".fifo"):
        raise InvalidParameterValueException("FIFO-type Amazon SNS topics aren't supported as a destination.")
    target = _target(ctx, arn, "a destination")
    # An event bus that is missing is accepted: PutEvents would not fail either. [SDdoc]
    if arn.service != "events" and not target.exists(_there(ctx, arn), arn):
        raise invalid
    if arn.service == "lambda" and of_arn(arn).key == name.key:
        raise InvalidParameterValueException("You can't specify the function as a destination for itself.")
    _require_permission(ctx, row, arn, target)


def _parse(text: str) -> Arn | None:
    try:
        return Arn.parse(text)
    except MalformedArn:
        return None


def _unsupported(kind: str, destination: str) -> str:
    """AWS prints its own objects here."""
    said = f"{kind}(destination={destination})"
    both = f"onSuccess={said}, onFailure=null" if kind == "OnSuccess" else f"onSuccess=null, onFailure={said}"
    return f"The provided destination config DestinationConfig({both}) is invalid."


def _target(ctx: Context, arn: Arn, what: str) -> Target:
    target = ctx.house.targets.get(arn.service)
    if target is None:
        raise NotServed(f"{arn.service} as {what} of a function is not served: {arn}")
    return target


def _there(ctx: Context, arn: Arn) -> Context:
    return ctx.at(arn.account or ctx.account, arn.region or ctx.region)


def _require_permission(ctx: Context, row: VersionRow, arn: Arn, target: Target) -> None:
    who = session_of_role(ctx, row.role, row.name)
    sorry = "The function execution role does not have permissions to call"
    # Lambda lists the bucket before it would write to it. [SD:outcomes_s3]
    if arn.service == "s3" and not roles.may(ctx, who, "s3:ListBucket", str(arn)):
        raise InvalidParameterValueException(f"{sorry} ListBucket on S3")
    if not roles.may(ctx, who, target.action, target.resource(arn)):
        called = CALLED.get(arn.service) or f"InvokeFunction on {arn}"
        raise InvalidParameterValueException(f"{sorry} {called}")


def require_dead_letter(ctx: Context, row: VersionRow) -> None:
    """Judges the dead-letter target that `row` has; raises AWS's error. Nothing to judge when it has none."""
    if not row.dead_letter:
        return
    arn = _parse(row.dead_letter)
    if arn is None or arn.service not in DEAD_LETTER_SERVICES:
        raise _invalid_dead_letter("Only Amazon SQS queues and Amazon SNS topics are supported.")
    if arn.region != row.region:
        raise _invalid_dead_letter(
            "The resource specified by the TargetArn must be in the same region as the Lambda function "
            "it's associated with."
        )
    if arn.resource.endswith(".fifo"):
        kind = DEAD_LETTER_SERVICES[arn.service]
        raise _invalid_dead_letter(f"{kind} is not supported for dead letter configuration")
    target = _target(ctx, arn, "the dead-letter target")
    if not roles.may(ctx, session_of_role(ctx, row.role, row.name), target.action, target.resource(arn)):
        raise InvalidParameterValueException(
            f"The provided execution role does not have permissions to call {CALLED[arn.service]}"
        )
    if not target.exists(_there(ctx, arn), arn):
        raise InvalidParameterValueException(_MISSING_DEAD_LETTER[arn.service])


def _invalid_dead_letter(why: str) -> AwsError:
    return InvalidParameterValueException(f"Invalid dead letter queue ARN: {why}")
