"""What an event source mapping may ask for: its settings read from a request, and judged against queue, function, role.

Texts: [lambda-runtime.md 8]; https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
"""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from outfall.authz import session_of_role
from outfall.core.arn import Arn, MalformedArn
from outfall.core.context import Context
from outfall.core.errors import NotServed
from outfall.core.event_pattern import PatternError, compile_pattern
from outfall.core.ports import Tx
from outfall.core.service import Request
from outfall.core.source import Source, SourceFacts
from outfall.flow.polling.rules import Polling
from outfall.flow.polling.turn import missing_permission
from outfall.services.lambda_ import rows
from outfall.services.lambda_.errors import InvalidParameterValueException
from outfall.services.lambda_.model import VersionRow
from outfall.services.lambda_.names import FunctionName

POLLED_ON_AWS = frozenset({"kinesis", "dynamodb", "kafka", "mq", "rds"})
"""Sources that AWS polls and this server does not."""

NOT_SERVED = ("ProvisionedPollerConfig", "KMSKeyArn", "MetricsConfig", "LoggingConfig")
OF_STREAMS = (
    *("DestinationConfig", "ParallelizationFactor", "BisectBatchOnFunctionError", "MaximumRecordAgeInSeconds"),
    *("MaximumRetryAttempts", "TumblingWindowInSeconds", "Topics", "Queues", "SourceAccessConfigurations"),
    *("StartingPositionTimestamp", "AmazonManagedKafkaEventSourceConfig", "SelfManagedKafkaEventSourceConfig"),
    "DocumentDBEventSourceConfig",
)
"""Settings that only sources of other kinds take."""

BATCH_SIZE_WITHOUT_WINDOW_MAX = 10
FILTERS_MAX = 5

_SIMPLE = (("BatchSize", "batch_size"), ("MaximumBatchingWindowInSeconds", "window_s"))


def source_of(ctx: Context, request: Request) -> tuple[Arn, Source]:
    """The source that a request names, and how it is polled; raises when it cannot be one."""
    if request.get("SelfManagedEventSource"):
        raise NotServed("SelfManagedEventSource is not served: event source mappings poll SQS queues here.")
    try:
        arn = Arn.parse(request.get("EventSourceArn") or "")
    except MalformedArn:
        raise InvalidParameterValueException("Unrecognized event source.") from None
    source = ctx.house.sources.get(arn.service)
    if source is None:
        if arn.service in POLLED_ON_AWS:
            raise NotServed(f"{arn.service} as an event source is not served: {arn}")
        raise InvalidParameterValueException("Unrecognized event source.")
    return arn, source


def applied(polling: Polling, request: Request) -> Polling:
    """The settings with what the request changes; what it leaves out stays. Raises for what SQS sources do not take."""
    for member in NOT_SERVED:
        if request.get(member):
            raise NotServed(f"{member} of an event source mapping is not served.")
    if request.get("StartingPosition"):
        raise InvalidParameterValueException("StartingPosition is not valid for SQS event sources.")
    for member in OF_STREAMS:
        if request.get(member):
            raise InvalidParameterValueException(f"Unsupported {member} parameter for given event source mapping type.")
    changes: dict[str, Any] = {field: request[member] for member, field in _SIMPLE if request.get(member) is not None}
    if request.get("FunctionResponseTypes") is not None:
        changes["reports_failures"] = "ReportBatchItemFailures" in request["FunctionResponseTypes"]
    if request.get("ScalingConfig") is not None:
        changes["concurrency_max"] = request["ScalingConfig"].get("MaximumConcurrency")
    if request.get("FilterCriteria") is not None:
        changes["filters"] = _filters(request["FilterCriteria"].get("Filters") or [])
    return replace(polling, **changes)


def _filters(filters: list[dict[str, Any]]) -> tuple[str, ...]:
    if len(filters) > FILTERS_MAX:
        raise InvalidParameterValueException(f"The maximum number of filters is {FILTERS_MAX}.")
    patterns = tuple(one.get("Pattern") or "" for one in filters)
    for pattern in patterns:
        try:
            compile_pattern(pattern)
        except PatternError:
            raise InvalidParameterValueException("Invalid filter pattern definition.") from None
    return patterns


def require_batching(polling: Polling, facts: SourceFacts) -> None:
    """Raises for a batch size or window that this kind of queue does not have."""
    if facts.fifo and polling.window_s:
        raise InvalidParameterValueException("Batching window is not supported for FIFO queues")
    if polling.batch_size <= BATCH_SIZE_WITHOUT_WINDOW_MAX:
        return
    if facts.fifo:
        raise InvalidParameterValueException(
            f"BatchSize must be less than or equal to {BATCH_SIZE_WITHOUT_WINDOW_MAX} for FIFO queues"
        )
    if not polling.window_s:
        raise InvalidParameterValueException(
            "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than "
            f"{BATCH_SIZE_WITHOUT_WINDOW_MAX}"
        )


def function_of(tx: Tx, name: FunctionName) -> VersionRow:
    """The function (or version, or alias) that is to be invoked."""
    row = rows.find(tx, name)
    if row is None:
        raise InvalidParameterValueException("Function does not exist")
    return row


def facts_of(ctx: Context, arn: Arn, source: Source) -> SourceFacts:
    """The queue as it stands now; raises when it is not there."""
    facts = source.facts(_there(ctx, arn), arn)
    if facts is None:
        raise InvalidParameterValueException(
            "Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. "
            "SQS Error Message: The specified queue does not exist."
        )
    return facts


def require_pollable(ctx: Context, row: VersionRow, arn: Arn, source: Source, facts: SourceFacts) -> None:
    """Raises unless the function's role may poll the queue, whose visibility timeout outlasts the function's."""
    action = missing_permission(_there(ctx, arn), session_of_role(ctx, row.role, row.name), arn, source)
    if action:
        called = action.split(":", 1)[1]
        raise InvalidParameterValueException(
            f"The function execution role does not have permissions to call {called} on SQS"
        )
    if facts.visibility_s < row.timeout_s:
        raise InvalidParameterValueException(
            f"Queue visibility timeout: {facts.visibility_s} seconds is less than "
            f"Function timeout: {row.timeout_s} seconds"
        )


def _there(ctx: Context, arn: Arn) -> Context:
    return ctx.at(arn.account or ctx.account, arn.region or ctx.region)
