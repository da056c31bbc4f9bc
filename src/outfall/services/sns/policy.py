"""The policy of a topic: the one it is born with, AddPermission and RemovePermission, and how others read it.

Rules: [SD raw], [LS:test_add_permission_errors]
"""

from __future__ import annotations

import json
from typing import Any

import msgspec

from outfall.core.arn import Arn
from outfall.core.context import Context
from outfall.core.service import Call, Output, Request, operation
from outfall.services.sns.address import find_topic, require_topic, topic_arn
from outfall.services.sns.errors import invalid
from outfall.services.sns.model import TOPICS, Topic

OWNERS_ACTIONS = (
    "GetTopicAttributes",
    "SetTopicAttributes",
    "AddPermission",
    "RemovePermission",
    "DeleteTopic",
    "Subscribe",
    "ListSubscriptionsByTopic",
    "Publish",
)
ACTIONS = frozenset((*OWNERS_ACTIONS, "GetDataProtectionPolicy", "PutDataProtectionPolicy"))


def default_policy(topic: Topic) -> str:
    """The document of a topic whose policy nobody has set."""
    statement = {
        "Sid": "__default_statement_ID",
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": [f"SNS:{name}" for name in OWNERS_ACTIONS],
        "Resource": topic.arn,
        "Condition": {"StringEquals": {"AWS:SourceOwner": topic.account}},
    }
    return _text({"Version": "2008-10-17", "Id": "__default_policy_ID", "Statement": [statement]})


def policy_of(topic: Topic) -> str:
    """The topic's policy document."""
    return topic.settings.get("Policy") or default_policy(topic)


def topic_policy(ctx: Context, arn: Arn) -> str | None:
    """The policy document of the topic at `arn`, or of the topic of the subscription there."""
    topic = find_topic(ctx, Arn(arn.service, arn.region, arn.account, arn.resource.split(":", 1)[0]))
    return policy_of(topic) if topic is not None else None


def check(text: str) -> None:
    """Raises unless `text` can be a policy."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict) or not isinstance(document.get("Statement"), list | dict):
        raise invalid("Policy Error: null")


@operation("AddPermission", action="sns:AddPermission", resource=topic_arn)
def add_permission(call: Call, request: Request) -> Output:
    """Adds a statement that allows these accounts these actions, under a label."""
    topic, label = require_topic(call, request), request.get("Label") or ""
    actions, accounts = request.get("ActionName") or [], request.get("AWSAccountId") or []
    if any(action not in ACTIONS for action in actions):
        raise invalid("Policy statement action out of service scope!")
    document = _document(topic)
    if any(statement.get("Sid") == label for statement in document["Statement"]):
        raise invalid("Statement already exists")
    principals = [f"arn:aws:iam::{account}:root" for account in accounts]
    document["Statement"].append(
        {
            "Sid": label,
            "Effect": "Allow",
            "Principal": {"AWS": _one_or_all(principals)},
            "Action": _one_or_all([f"SNS:{action}" for action in actions]),
            "Resource": topic.arn,
        }
    )
    _write(call, topic, document)


@operation("RemovePermission", action="sns:RemovePermission", resource=topic_arn)
def remove_permission(call: Call, request: Request) -> Output:
    """Removes the statement with this label; none is no error."""
    topic = require_topic(call, request)
    document = _document(topic)
    document["Statement"] = [one for one in document["Statement"] if one.get("Sid") != request.get("Label")]
    _write(call, topic, document)


def _document(topic: Topic) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(policy_of(topic))
    statements = document.get("Statement", [])
    document["Statement"] = list(statements) if isinstance(statements, list) else [statements]
    return document


def _one_or_all(values: list[str]) -> str | list[str]:
    return values[0] if len(values) == 1 else values


def _write(call: Call, topic: Topic, document: dict[str, Any]) -> None:
    settings = {**topic.settings, "Policy": _text(document)}
    call.tx.put(TOPICS, topic.key, msgspec.structs.replace(topic, settings=settings))


def _text(document: dict[str, Any]) -> str:
    return json.dumps(document, separators=(",", ":"))


OPERATIONS = (add_permission, remove_permission)
