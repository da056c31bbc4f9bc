"""Rules: put, describe, list, enable and disable, delete."""

from __future__ import annotations

from typing import Any

import msgspec

from outfall.core.event_pattern import PatternError, compile_pattern
from outfall.core.service import Call, Output, Permission, Request, operation
from outfall.services.events import schedules
from outfall.services.events.errors import LimitExceededException, ValidationException, bad_pattern
from outfall.services.events.model import DEFAULT, RULES, TARGETS, Rule
from outfall.services.events.names import bus_key, every_rule, require_bus, require_rule, rule_in
from outfall.services.events.paging import page, start_of
from outfall.services.events.tags import as_dict

RULES_MAX = 300
"""Rules of one bus. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html"""


def _role(call: Call, request: Request) -> str:
    return str(request["RoleArn"])


PASS_ROLE = Permission(
    "iam:PassRole",
    _role,
    context=lambda call, request: {"iam:PassedToService": "events.amazonaws.com"},
    when=lambda call, request: bool(request.get("RoleArn")),
)
TAG_IF_GIVEN = Permission("events:TagResource", rule_in("Name"), when=lambda call, request: bool(request.get("Tags")))


@operation("PutRule", action="events:PutRule", resource=rule_in("Name"), also=(PASS_ROLE, TAG_IF_GIVEN))
def put_rule(call: Call, request: Request) -> Output:
    """A new rule, or a new definition of one; its targets stay. Tags are taken at creation alone.

    Errors: ValidationException, InvalidEventPatternException, ResourceNotFoundException, LimitExceededException.
    """
    pattern, schedule = request.get("EventPattern") or "", request.get("ScheduleExpression") or ""
    if not pattern and not schedule:
        raise ValidationException("Parameter(s) EventPattern or ScheduleExpression must be specified.")
    check_pattern(pattern)
    if schedule:
        schedules.check(schedule)
    bus = require_bus(call, request.get("EventBusName"))
    if schedule and bus.name != DEFAULT:
        raise ValidationException("ScheduleExpression is supported only on the default event bus.")
    before = call.tx.get(RULES, (*bus.key, request["Name"]))
    if before is None and sum(1 for _ in call.tx.scan(RULES, bus.key, limit=RULES_MAX)) == RULES_MAX:
        raise LimitExceededException()
    rule = Rule(
        *bus.key,
        request["Name"],
        pattern=pattern,
        schedule=schedule,
        state=request.get("State") or "ENABLED",
        description=request.get("Description") or "",
        role_arn=request.get("RoleArn") or "",
        created_by=before.created_by if before else call.account,
        tags=before.tags if before else as_dict(request.get("Tags")),
        item=before.item if before else 0,
    )
    call.tx.put(RULES, rule.key, schedules.arrange(call, rule))
    return {"RuleArn": rule.arn}


def check_pattern(pattern: str) -> None:
    """Raises InvalidEventPatternException; nothing for an empty text."""
    if pattern:
        try:
            compile_pattern(pattern)
        except PatternError as error:
            raise bad_pattern(error) from None


@operation("DescribeRule", action="events:DescribeRule", resource=rule_in("Name"))
def describe_rule(call: Call, request: Request) -> Output:
    """A rule, with who made it."""
    rule = require_rule(call, request["Name"], request.get("EventBusName"))
    return shown(rule) | {"CreatedBy": rule.created_by}


def shown(rule: Rule) -> dict[str, Any]:
    """A rule as lists show it."""
    told = {
        "Name": rule.name,
        "Arn": rule.arn,
        "EventPattern": rule.pattern,
        "ScheduleExpression": rule.schedule,
        "State": rule.state,
        "Description": rule.description,
        "RoleArn": rule.role_arn,
        "EventBusName": rule.bus,
    }
    return {name: value for name, value in told.items() if value}


@operation("ListRules", action="events:ListRules", resource=every_rule)
def list_rules(call: Call, request: Request) -> Output:
    """The rules of a bus, by name."""
    bus = require_bus(call, request.get("EventBusName"))
    found = call.tx.scan(RULES, bus.key, starts_with=request.get("NamePrefix") or "", start=start_of(request))
    return page(request, "Rules", ((rule.name, rule) for _, rule in found), shown)


@operation("ListRuleNamesByTarget", action="events:ListRuleNamesByTarget", resource=every_rule)
def list_rule_names_by_target(call: Call, request: Request) -> Output:
    """The names of the rules of a bus that have a target with this ARN."""
    bus = require_bus(call, request.get("EventBusName"))
    names = (
        (rule.name, rule.name)
        for _, rule in call.tx.scan(RULES, bus.key, start=start_of(request))
        if any(target.arn == request["TargetArn"] for _, target in call.tx.scan(TARGETS, rule.key))
    )
    return page(request, "RuleNames", names, str)


@operation("EnableRule", action="events:EnableRule", resource=rule_in("Name"))
def enable_rule(call: Call, request: Request) -> Output:
    """Lets the rule match again."""
    _set_state(call, request, "ENABLED")


@operation("DisableRule", action="events:DisableRule", resource=rule_in("Name"))
def disable_rule(call: Call, request: Request) -> Output:
    """Lets the rule match nothing, and its schedule pause."""
    _set_state(call, request, "DISABLED")


def _set_state(call: Call, request: Request, state: str) -> None:
    rule = require_rule(call, request["Name"], request.get("EventBusName"))
    if rule.state != state:
        changed = msgspec.structs.replace(rule, state=state)
        call.tx.put(RULES, rule.key, schedules.arrange(call, changed))


@operation("DeleteRule", action="events:DeleteRule", resource=rule_in("Name"))
def delete_rule(call: Call, request: Request) -> Output:
    """Removes a rule without targets; one that is not there is removed already, if its bus is there."""
    key = bus_key(call, request.get("EventBusName"))
    require_bus(call, request.get("EventBusName"))
    rule = call.tx.get(RULES, (*key, request["Name"]))
    if rule is None:
        return
    if next(call.tx.scan(TARGETS, rule.key, limit=1), None) is not None:
        raise ValidationException("Rule can't be deleted since it has targets.")
    schedules.cancel(call, rule)
    call.tx.delete(RULES, rule.key)


OPERATIONS = (
    put_rule,
    describe_rule,
    list_rules,
    list_rule_names_by_target,
    enable_rule,
    disable_rule,
    delete_rule,
)
