"""Subscription filters: functions that get the events of a group that fit a pattern.

Rules: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutSubscriptionFilter.html
"""

from __future__ import annotations

from typing import Any

from outfall.core.arn import Arn, MalformedArn
from outfall.core.errors import NotServed
from outfall.core.service import Call, Output, Request, operation
from outfall.services.logs import filters
from outfall.services.logs.errors import InvalidParameterException, LimitExceededException
from outfall.services.logs.model import FILTERS, SUBSCRIPTION, Filter, Group
from outfall.services.logs.names import constraint, require_group, stream_resource
from outfall.services.logs.watching import may_invoke

FILTERS_MAX = 2
DISTRIBUTIONS = ("Random", "ByLogStream")
NOT_ALLOWED = (
    "Could not execute the lambda function. Make sure you have given CloudWatch Logs permission to execute your "
    "function."
)


@operation("PutSubscriptionFilter", action="logs:PutSubscriptionFilter", resource=stream_resource)
def put_subscription_filter(call: Call, request: Request) -> Output:
    """A filter, or the filter of that name anew. The function must be there, and let CloudWatch Logs invoke it."""
    group = require_group(call, request)
    name, pattern = filters.name_and_pattern(request)
    destination = request.get("destinationArn") or ""
    distribution = request.get("distribution") or "ByLogStream"
    if distribution not in DISTRIBUTIONS:
        raise constraint(
            distribution, "distribution", f"Member must satisfy enum value set: [{', '.join(DISTRIBUTIONS)}]"
        )
    for option in ("applyOnTransformedLogs", "fieldSelectionCriteria", "emitSystemFields"):
        if request.get(option):
            raise NotServed(f"PutSubscriptionFilter with {option} is not served by this version of Outfall.")
    _check_destination(call, group, destination, request.get("roleArn") or "")
    key = (*group.key, SUBSCRIPTION, name)
    before = call.tx.get(FILTERS, key)
    if before is None and sum(1 for _ in call.tx.scan(FILTERS, (*group.key, SUBSCRIPTION))) >= FILTERS_MAX:
        raise LimitExceededException()
    created_ms = before.created_ms if before else call.now
    call.tx.put(FILTERS, key, Filter(name, pattern, created_ms, destination, distribution))


def _check_destination(call: Call, group: Group, destination: str, role: str) -> None:
    try:
        arn = Arn.parse(destination)
    except MalformedArn:
        raise InvalidParameterException("Invalid destinationArn") from None
    if arn.service in ("kinesis", "firehose", "logs"):
        raise NotServed(f"Subscription filters to {arn.service} are not served by this version of Outfall.")
    if arn.service != "lambda":
        raise InvalidParameterException(
            f"PutSubscriptionFilter operation cannot work with destinationArn for vendor {arn.service}"
        )
    if role:
        raise InvalidParameterException("destinationArn for vendor lambda cannot be used with roleArn")
    if may_invoke(call, group, destination) is None:
        raise InvalidParameterException(NOT_ALLOWED)


@operation("DescribeSubscriptionFilters", action="logs:DescribeSubscriptionFilters", resource=stream_resource)
def describe_subscription_filters(call: Call, request: Request) -> Output:
    """The filters of a group by name, in pages."""
    group = require_group(call, request)
    found = filters.of_group(call, group, SUBSCRIPTION, request)
    page, token = filters.page(found, request)
    return {"subscriptionFilters": [_shown(group, one) for one in page]} | token


def _shown(group: Group, one: Filter) -> dict[str, Any]:
    return {
        "filterName": one.name,
        "logGroupName": group.name,
        "filterPattern": one.pattern,
        "destinationArn": one.destination,
        "distribution": one.distribution,
        "applyOnTransformedLogs": False,
        "creationTime": one.created_ms,
    }


@operation("DeleteSubscriptionFilter", action="logs:DeleteSubscriptionFilter", resource=stream_resource)
def delete_subscription_filter(call: Call, request: Request) -> Output:
    """Removes a filter; an error if there is none of that name."""
    filters.remove(call, require_group(call, request), SUBSCRIPTION, request, "subscription filter")


OPERATIONS = (put_subscription_filter, describe_subscription_filters, delete_subscription_filter)
