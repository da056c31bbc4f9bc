"""The targets of a rule: put, list, remove; and every reason to refuse one.

[LS:TestEventTarget, LS:TestInputTransformer]
"""

from __future__ import annotations

from typing import Any

import msgspec

from outfall.authz import Ask, authorize, denial
from outfall.core.arn import Arn, MalformedArn
from outfall.core.errors import NotServed
from outfall.core.service import Call, Output, Request, operation
from outfall.flow.send import MAY_REACH
from outfall.services.events import inputs
from outfall.services.events.errors import LimitExceededException, ValidationException, not_valid
from outfall.services.events.model import TARGETS, Rule, RuleTarget
from outfall.services.events.names import BUS_PREFIX, require_rule, rule_in
from outfall.services.events.paging import page, start_of

TARGETS_MAX = 5
"""Targets of one rule. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html"""

SERVED = frozenset(
    {
        "Id",
        "Arn",
        "RoleArn",
        "Input",
        "InputPath",
        "InputTransformer",
        "SqsParameters",
        "DeadLetterConfig",
        "RetryPolicy",
    }
)
"""The settings of a target that have a meaning here; the others belong to targets that are not served."""


@operation("PutTargets", action="events:PutTargets", resource=rule_in("Rule"))
def put_targets(call: Call, request: Request) -> Output:
    """Adds targets to a rule, or changes those of the same id.

    Errors: ResourceNotFoundException, ValidationException, LimitExceededException.
    """
    _require_pass_role(call, request)
    rule = require_rule(call, request["Rule"], request.get("EventBusName"))
    targets = [_target(call, rule, one) for one in request["Targets"]]
    ids = {target.id for _, target in call.tx.scan(TARGETS, rule.key)} | {target.id for target in targets}
    if len(ids) > TARGETS_MAX:
        raise LimitExceededException()
    for target in targets:
        call.tx.put(TARGETS, (*rule.key, target.id), target)
    return {"FailedEntryCount": 0, "FailedEntries": []}


def _require_pass_role(call: Call, request: Request) -> None:
    """Who gives EventBridge roles to act with must be allowed to pass each of them."""
    for role in sorted({str(one["RoleArn"]) for one in request["Targets"] if one.get("RoleArn")}):
        keys = {"iam:PassedToService": "events.amazonaws.com"}
        decision = authorize(call, Ask(call.principal, "iam:PassRole", role, keys))
        if not decision.allowed:
            raise denial(decision, "events")


def _target(call: Call, rule: Rule, given: dict[str, Any]) -> RuleTarget:
    arn = _arn(given["Arn"])
    unserved = sorted(set(given) - SERVED)
    if unserved:
        raise NotServed(f"{', '.join(unserved)} of a target is not served by this version of Outfall.")
    if arn.service not in MAY_REACH["events"] or arn.service not in call.house.targets:
        raise NotServed(f"Targets of the service {arn.service} are not served by this version of Outfall.")
    _check_kind(rule, arn, given)
    _check_input(given)
    dead_letter = (given.get("DeadLetterConfig") or {}).get("Arn") or ""
    if dead_letter and (_arn(dead_letter).service != "sqs" or dead_letter.endswith(".fifo")):
        # AWS's text is not known.
        raise not_valid("DeadLetterConfig.Arn", "Only standard SQS queues are supported as dead-letter queues.")
    transformer = given.get("InputTransformer") or {}
    retry = given.get("RetryPolicy") or {}
    return RuleTarget(
        given["Id"],
        given["Arn"],
        given.get("RoleArn") or "",
        given.get("Input"),
        given.get("InputPath"),
        transformer.get("InputPathsMap"),
        transformer.get("InputTemplate"),
        (given.get("SqsParameters") or {}).get("MessageGroupId"),
        dead_letter,
        retry.get("MaximumRetryAttempts"),
        retry.get("MaximumEventAgeInSeconds"),
    )


def _arn(text: str) -> Arn:
    try:
        return Arn.parse(text)
    except MalformedArn:
        raise not_valid(text, "Provided Arn is not in correct format.") from None


def _check_kind(rule: Rule, arn: Arn, given: dict[str, Any]) -> None:
    group = (given.get("SqsParameters") or {}).get("MessageGroupId")
    if arn.service == "sqs" and arn.resource.endswith(".fifo") and not group:
        raise ValidationException(f"Parameter(s) SqsParameters must be specified for target: {given['Id']}.")
    if arn.service == "events":
        if not arn.resource.startswith(BUS_PREFIX):
            raise NotServed("Of EventBridge, buses alone are served as targets.")
        own = (rule.account, rule.region, rule.bus)
        if (arn.account, arn.region, arn.resource.removeprefix(BUS_PREFIX)) == own:
            raise not_valid("Target", "Source and target event buses must be different.")  # AWS's text is not known.


def _check_input(given: dict[str, Any]) -> None:
    name = given["Id"]
    if sum(given.get(one) is not None for one in ("Input", "InputPath", "InputTransformer")) > 1:
        raise ValidationException(
            f"Only one of Input, InputPath, or InputTransformer must be provided for target {name}."
        )
    text, path = given.get("Input"), given.get("InputPath")
    if text is not None:
        try:
            msgspec.json.decode(text)
        except msgspec.DecodeError:
            raise ValidationException(f"JSON syntax error in input for target {name}") from None
    if path is not None and not inputs.is_path(path):
        raise ValidationException(f"InputPath for target {name} is invalid.")
    transformer = given.get("InputTransformer")
    if transformer:
        _check_transformer(name, transformer)


def _check_transformer(name: str, transformer: dict[str, Any]) -> None:
    paths = transformer.get("InputPathsMap") or {}
    for key, path in paths.items():
        if key.upper().startswith("AWS"):  # "keys starting with AWS are reserved"; the text is not known.
            raise ValidationException(f"InputPathsMap for target {name} contains reserved key {key}.")
        if not inputs.is_path(path):
            raise ValidationException(f"InputPathsMap for target {name} contains invalid path {path}.")
    for key in inputs.placeholders(transformer["InputTemplate"]):
        if key not in paths and key not in inputs.RESERVED:
            raise ValidationException(f"InputTemplate for target {name} contains invalid placeholder {key}.")


def shown(target: RuleTarget) -> dict[str, Any]:
    """A target as it was put."""
    told: dict[str, Any] = {"Id": target.id, "Arn": target.arn}
    if target.role_arn:
        told["RoleArn"] = target.role_arn
    if target.input is not None:
        told["Input"] = target.input
    if target.input_path is not None:
        told["InputPath"] = target.input_path
    if target.template is not None:
        map_given = {} if target.paths is None else {"InputPathsMap": target.paths}
        told["InputTransformer"] = map_given | {"InputTemplate": target.template}
    if target.group is not None:
        told["SqsParameters"] = {"MessageGroupId": target.group}
    if target.dead_letter:
        told["DeadLetterConfig"] = {"Arn": target.dead_letter}
    retry = {"MaximumRetryAttempts": target.retries_max, "MaximumEventAgeInSeconds": target.event_age_s_max}
    retry = {key: value for key, value in retry.items() if value is not None}
    if retry:
        told["RetryPolicy"] = retry
    return told


@operation("ListTargetsByRule", action="events:ListTargetsByRule", resource=rule_in("Rule"))
def list_targets_by_rule(call: Call, request: Request) -> Output:
    """The targets of a rule, by id."""
    rule = require_rule(call, request["Rule"], request.get("EventBusName"))
    found = call.tx.scan(TARGETS, rule.key, start=start_of(request))
    return page(request, "Targets", ((target.id, target) for _, target in found), shown)


@operation("RemoveTargets", action="events:RemoveTargets", resource=rule_in("Rule"))
def remove_targets(call: Call, request: Request) -> Output:
    """Removes targets by id; an id that is not there is no error."""
    rule = require_rule(call, request["Rule"], request.get("EventBusName"))
    for one in request["Ids"]:
        call.tx.delete(TARGETS, (*rule.key, one))
    return {"FailedEntryCount": 0, "FailedEntries": []}


OPERATIONS = (put_targets, list_targets_by_rule, remove_targets)
