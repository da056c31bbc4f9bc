"""AddPermission and RemovePermission: shorthand for statements of the queue's policy.

Rule: [LS:test_sqs_permission_lifecycle]
"""

from __future__ import annotations

import json
from typing import Any

import msgspec

from outfall.core.service import Call, Output, Request, operation
from outfall.services.sqs.address import arn_in_url, require
from outfall.services.sqs.errors import OverLimit, invalid, missing
from outfall.services.sqs.model import QUEUES, Queue

ACTIONS = frozenset(
    (
        "*",
        "ChangeMessageVisibility",
        "DeleteMessage",
        "GetQueueAttributes",
        "GetQueueUrl",
        "ListDeadLetterSourceQueues",
        "PurgeQueue",
        "ReceiveMessage",
        "SendMessage",
    )
)
ACTIONS_MAX = 7


@operation("AddPermission", action="sqs:AddPermission", resource=arn_in_url)
def add_permission(call: Call, request: Request) -> Output:
    """Adds a statement that allows these accounts these actions, under a label."""
    queue = require(call, request)
    label = _label(request)
    accounts, actions = request.get("AWSAccountIds") or [], request.get("Actions") or []
    if not accounts:
        raise missing("AWSAccountIds")
    if not actions:
        raise missing("Actions")
    for action in actions:
        if action not in ACTIONS:
            raise invalid("ActionName", action, "Only the queue owner is allowed to invoke this action.")
    if len(actions) > ACTIONS_MAX:
        raise OverLimit(f"{len(actions)} Actions were found, maximum allowed is {ACTIONS_MAX}.")
    for account in accounts:
        if not (account.isascii() and account.isdigit() and len(account) == 12):
            raise invalid("PrincipalId", account, "Unable to verify.")
    policy = _policy(queue)
    if any(statement.get("Sid") == label for statement in policy["Statement"]):
        raise invalid("Label", label, "Already exists.")
    policy["Statement"].append(_statement(queue, label, accounts, actions))
    _write(call, queue, policy)


@operation("RemovePermission", action="sqs:RemovePermission", resource=arn_in_url)
def remove_permission(call: Call, request: Request) -> Output:
    """Removes the statement with this label."""
    queue = require(call, request)
    label = _label(request)
    policy = _policy(queue)
    kept = [statement for statement in policy["Statement"] if statement.get("Sid") != label]
    if len(kept) == len(policy["Statement"]):
        raise invalid("Label", label, "can't find label.")
    policy["Statement"] = kept
    _write(call, queue, policy)


def _label(request: Request) -> str:
    label = request.get("Label")
    if not label:
        raise missing("Label")
    if len(label) > 80 or not label.replace("-", "").replace("_", "").isalnum() or not label.isascii():
        reason = "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length."
        raise invalid("Label", label, reason)
    return str(label)


def _policy(queue: Queue) -> dict[str, Any]:
    text = queue.settings.get("Policy")
    if not text:
        return {"Version": "2008-10-17", "Id": f"{queue.arn}/SQSDefaultPolicy", "Statement": []}
    policy: dict[str, Any] = json.loads(text)
    statements = policy.get("Statement", [])
    policy["Statement"] = list(statements) if isinstance(statements, list) else [statements]
    return policy


def _statement(queue: Queue, label: str, accounts: list[str], actions: list[str]) -> dict[str, Any]:
    principals = [f"arn:aws:iam::{account}:root" for account in accounts]
    return {
        "Sid": label,
        "Effect": "Allow",
        "Principal": {"AWS": _one_or_all(principals)},
        "Action": _one_or_all([f"SQS:{action}" for action in actions]),
        "Resource": queue.arn,
    }


def _one_or_all(values: list[str]) -> str | list[str]:
    return values[0] if len(values) == 1 else values


def _write(call: Call, queue: Queue, policy: dict[str, Any]) -> None:
    """A policy without statements vanishes."""
    settings = {name: value for name, value in queue.settings.items() if name != "Policy"}
    if policy["Statement"]:
        settings["Policy"] = json.dumps(policy, separators=(",", ":"))
    call.tx.put(QUEUES, queue.key, msgspec.structs.replace(queue, settings=settings, modified_ms=call.now))


OPERATIONS = (add_permission, remove_permission)
