"""What a server holds that is likely to go wrong.

Asked through AWS's own APIs alone, so that it says of a real account what it says of this one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

Finding = tuple[str, str, str]
"""`ok` or `warn`, what was looked at, and what was seen."""

ACTIONS = {
    "sqs": "sqs:SendMessage",
    "sns": "sns:Publish",
    "lambda": "lambda:InvokeFunction",
    "events": "events:PutEvents",
    "s3": "s3:PutObject",
}
"""What an execution role needs for a destination, by the service in its ARN. [destinations.md 2.4]"""


@dataclass(frozen=True, slots=True)
class Function:
    """A function, and where its failures and successes go."""

    name: str
    arn: str
    role: str
    timeout_s: int
    failure_targets: tuple[str, ...]
    success_targets: tuple[str, ...]


def findings(client: Callable[[str], Any]) -> Iterator[Finding]:
    """Every finding about functions, their destinations, their buckets and their queues."""
    functions = [_function(client("lambda"), one) for one in _all_functions(client("lambda"))]
    for function in functions:
        if function.failure_targets:
            yield "ok", "function", f"{function.name} keeps its failures"
        else:
            seen = f"{function.name} has no failure destination and no dead-letter queue: failures vanish"
            yield "warn", "function", seen
        yield from _unreachable(client("iam"), function)
    by_arn = {function.arn: function for function in functions}
    yield from _loops(client("s3"), client("iam"), by_arn)
    yield from _short_visibility(client("lambda"), client("sqs"), by_arn)
    yield from _unguarded(client("sqs"), sorted({*_subscribed(client("sns")), *_targeted(client("events"))}))


def _all_functions(client: Any) -> Iterator[dict[str, Any]]:
    for page in client.get_paginator("list_functions").paginate():
        yield from page["Functions"]


def _function(client: Any, told: dict[str, Any]) -> Function:
    configs = client.list_function_event_invoke_configs(FunctionName=told["FunctionName"])
    targets: dict[str, list[str]] = {"OnFailure": [], "OnSuccess": []}
    for config in configs["FunctionEventInvokeConfigs"]:
        for condition, found in targets.items():
            destination = config.get("DestinationConfig", {}).get(condition, {}).get("Destination")
            if destination:
                found.append(destination)
    dead_letter = (told.get("DeadLetterConfig") or {}).get("TargetArn")
    return Function(
        told["FunctionName"],
        told["FunctionArn"],
        told["Role"],
        told["Timeout"],
        (*targets["OnFailure"], *([dead_letter] if dead_letter else [])),
        tuple(targets["OnSuccess"]),
    )


def _unreachable(iam: Any, function: Function) -> Iterator[Finding]:
    for target in sorted({*function.failure_targets, *function.success_targets}):
        service = target.split(":")[2]
        resource = f"{target}/*" if service == "s3" else target
        if service in ACTIONS and not _allowed(iam, function.role, ACTIONS[service], resource):
            seen = f"{function.name}: its role {function.role} may not {ACTIONS[service]} on {target}: records vanish"
            yield "warn", "destination", seen


def _loops(s3: Any, iam: Any, functions: dict[str, Function]) -> Iterator[Finding]:
    """A function that a bucket invokes, and that may write to the same bucket."""
    for bucket in s3.list_buckets()["Buckets"]:
        name = bucket["Name"]
        told = s3.get_bucket_notification_configuration(Bucket=name)
        for rule in told.get("LambdaFunctionConfigurations", []):
            function = functions.get(":".join(rule["LambdaFunctionArn"].split(":")[:7]))
            if function and _allowed(iam, function.role, "s3:PutObject", f"arn:aws:s3:::{name}/*"):
                seen = f"{name} invokes {function.name}, whose role may write to {name} again: a loop, if it does"
                yield "warn", "bucket", seen


def _short_visibility(client: Any, sqs: Any, functions: dict[str, Function]) -> Iterator[Finding]:
    """A queue whose messages reappear while their function may still be at work on them."""
    for page in client.get_paginator("list_event_source_mappings").paginate():
        for mapping in page["EventSourceMappings"]:
            source = mapping.get("EventSourceArn", "")
            function = functions.get(":".join(mapping["FunctionArn"].split(":")[:7]))
            if not function or source.split(":")[2:3] != ["sqs"]:
                continue
            visibility_s = _visibility_s(sqs, source)
            if visibility_s is not None and visibility_s < function.timeout_s:
                seen = (
                    f"{source}: its visibility timeout of {visibility_s} s is shorter than the {function.timeout_s} s "
                    f"that {function.name} may take: messages are worked on twice"
                )
                yield "warn", "queue", seen


def _subscribed(sns: Any) -> Iterator[str]:
    for page in sns.get_paginator("list_subscriptions").paginate():
        yield from (one["Endpoint"] for one in page["Subscriptions"] if one["Protocol"] == "sqs")


def _targeted(events: Any) -> Iterator[str]:
    for bus in events.list_event_buses()["EventBuses"]:
        for rule in events.list_rules(EventBusName=bus["Name"])["Rules"]:
            targets = events.list_targets_by_rule(Rule=rule["Name"], EventBusName=bus["Name"])["Targets"]
            yield from (target["Arn"] for target in targets if target["Arn"].split(":")[2] == "sqs")


def _unguarded(sqs: Any, queues: list[str]) -> Iterator[Finding]:
    """Queues that topics and rules deliver to, and that have no policy which lets them."""
    for arn in queues:
        account, name = arn.split(":")[4:6]
        try:
            url = sqs.get_queue_url(QueueName=name, QueueOwnerAWSAccountId=account)["QueueUrl"]
        except ClientError:
            continue
        told = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])
        if "Policy" not in told.get("Attributes", {}):
            yield "warn", "queue", f"{arn} has no policy: AWS would deliver nothing from SNS or EventBridge to it"


def _visibility_s(sqs: Any, arn: str) -> int | None:
    account, name = arn.split(":")[4:6]
    try:
        url = sqs.get_queue_url(QueueName=name, QueueOwnerAWSAccountId=account)["QueueUrl"]
        told = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])
    except ClientError:
        return None
    return int(told["Attributes"]["VisibilityTimeout"])


def _allowed(iam: Any, role: str, action: str, resource: str) -> bool:
    """Whether a role's policies allow it; a role that is gone allows nothing."""
    try:
        told = iam.simulate_principal_policy(PolicySourceArn=role, ActionNames=[action], ResourceArns=[resource])
    except ClientError:
        return False
    return all(result["EvalDecision"] == "allowed" for result in told["EvaluationResults"])
