"""Which bus or rule a request means, and the ARNs that permissions are asked on."""

from __future__ import annotations

from outfall.core.arn import Arn, MalformedArn
from outfall.core.context import Context
from outfall.core.service import Call, Request, Resource
from outfall.services.events.errors import no_bus, no_rule
from outfall.services.events.model import BUSES, DEFAULT, RULES, Bus, Key, Rule

BUS_PREFIX = "event-bus/"


def bus_key(ctx: Context, named: str | None) -> Key:
    """Account, region and name of the bus that a name or an ARN means; the default bus if nothing is given."""
    text = named or DEFAULT
    if text.startswith("arn:"):
        try:
            arn = Arn.parse(text)
        except MalformedArn:
            return (ctx.account, ctx.region, text)
        return (arn.account, arn.region, arn.resource.removeprefix(BUS_PREFIX))
    return (ctx.account, ctx.region, text)


def find_bus(ctx: Context, key: Key) -> Bus | None:
    """The bus at this key; the default bus is always there."""
    bus = ctx.tx.get(BUSES, key)
    return Bus(*key) if bus is None and key[2] == DEFAULT else bus


def require_bus(ctx: Context, named: str | None) -> Bus:
    """The bus that a name or ARN means; raises when there is none."""
    key = bus_key(ctx, named)
    bus = find_bus(ctx, key)
    if bus is None:
        raise no_bus(key[2])
    return bus


def require_rule(ctx: Context, name: str, bus: str | None) -> Rule:
    """The rule of that name on that bus; raises when the bus or the rule is not there."""
    found = require_bus(ctx, bus)
    rule = ctx.tx.get(RULES, (*found.key, name))
    if rule is None:
        raise no_rule(name, found.name)
    return rule


def bus_arn_of(key: Key) -> str:
    """The ARN of the bus at this key."""
    return Bus(*key).arn


def bus_in(member: str) -> Resource:
    """The permission resource of a request that names its bus in this member."""
    return lambda call, request: bus_arn_of(bus_key(call, request.get(member)))


def rule_in(member: str) -> Resource:
    """The permission resource of a request that names its rule in this member, and the bus in EventBusName."""
    return lambda call, request: Rule(*bus_key(call, request.get("EventBusName")), str(request.get(member) or "")).arn


def every_rule(call: Call, request: Request) -> str:
    """`arn:aws:events:REGION:ACCOUNT:rule/*`: the resource of the operations that list rules."""
    return f"arn:aws:events:{call.region}:{call.account}:rule/*"


def every_bus(call: Call, request: Request) -> str:
    """`arn:aws:events:REGION:ACCOUNT:event-bus/*`."""
    return f"arn:aws:events:{call.region}:{call.account}:event-bus/*"
