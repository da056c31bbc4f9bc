"""Filter policies of SNS subscriptions: whether a message passes. What a policy may be is judged by the service.

Keys are all to match, values are alternatives. A policy over the message's body is a tree, and what it asks of one
array element has to hold in one element; dots in keys and levels of nesting are the same
[LS:test_filter_policy_on_message_body_dot_attribute]. Rule: https://docs.aws.amazon.com/sns/latest/dg/sns-subscription-filter-policies.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from ipaddress import ip_address, ip_network
from typing import Any

MISSING: Any = object()
Tree = Mapping[str, Any]


def attributes_pass(policy: Mapping[str, Any], attributes: Mapping[str, Any]) -> bool:
    """Whether message attributes (a string, a number, or the list of a String.Array, by name) pass the policy."""
    for key, wanted in policy.items():
        if is_alternatives(key, wanted):
            if not any(attributes_pass(one, attributes) for one in wanted):
                return False
        elif not _attribute_passes(wanted, attributes.get(key, MISSING)):
            return False
    return True


def _attribute_passes(wanted: Any, value: Any) -> bool:
    if value is MISSING and None in wanted:
        return True  # null asks for an attribute that is not there. [LS:test_filter_policy]
    return _leaf_passes(wanted, value)


def body_passes(policy: Mapping[str, Any], message: str) -> bool:
    """Whether the text of a message passes the policy; what is no JSON object never does."""
    try:
        body = json.loads(message)
    except (ValueError, RecursionError):
        return False
    return isinstance(body, dict) and _node_passes(_undotted_policy(policy), _undotted(body))


def is_alternatives(key: str, value: Any) -> bool:
    """Whether this member of a policy is the operator `$or`."""
    return key == "$or" and isinstance(value, list) and len(value) > 1 and all(isinstance(one, dict) for one in value)


def _node_passes(tree: Tree, node: Any) -> bool:
    if isinstance(node, list):
        return any(_node_passes(tree, one) for one in node) if node else _node_passes(tree, MISSING)
    members = node if isinstance(node, dict) else {}
    for key, wanted in tree.items():
        if is_alternatives(key, wanted):
            if not any(_node_passes(one, node) for one in wanted):
                return False
        elif isinstance(wanted, dict):
            if not _node_passes(wanted, members.get(key, MISSING)):
                return False
        elif not _leaf_passes(wanted, members.get(key, MISSING)):
            return False
    return True


def _leaf_passes(wanted: list[Any], value: Any) -> bool:
    if value is MISSING or isinstance(value, dict):
        return any(isinstance(one, dict) and one.get("exists") is False for one in wanted)
    return any(_matches(one, element) for element in _elements(value) for one in wanted)


def _elements(value: Any) -> Iterator[Any]:
    if isinstance(value, list):
        for one in value:
            yield from _elements(one)
    elif not isinstance(value, dict):
        yield value


def _matches(condition: Any, value: Any) -> bool:
    if isinstance(condition, dict):
        for operator, operand in condition.items():
            return OPERATORS[operator](operand, value) if operator in OPERATORS else False
        return False
    return _equal(condition, value)


def _equal(wanted: Any, value: Any) -> bool:
    if isinstance(wanted, bool) or isinstance(value, bool) or wanted is None or value is None:
        return wanted is value
    if is_number(wanted) and is_number(value):
        return bool(wanted == value)
    return isinstance(wanted, str) and isinstance(value, str) and wanted == value


def is_number(value: Any) -> bool:
    """Whether a JSON value is a number."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _text(test: Callable[[str, str], bool]) -> Callable[[Any, Any], bool]:
    return lambda operand, value: isinstance(value, str) and test(operand, value)


def _anything_but(operand: Any, value: Any) -> bool:
    if isinstance(operand, dict):
        return not any(
            _matches({operator: one}, value)
            for operator, given in operand.items()
            for one in (given if isinstance(given, list) else [given])
        )
    return not any(_equal(one, value) for one in (operand if isinstance(operand, list) else [operand]))


NUMERIC: Mapping[str, Callable[[float, float], bool]] = {
    "=": lambda value, bound: value == bound,
    "<": lambda value, bound: value < bound,
    "<=": lambda value, bound: value <= bound,
    ">": lambda value, bound: value > bound,
    ">=": lambda value, bound: value >= bound,
}


def _numeric(operand: list[Any], value: Any) -> bool:
    if not is_number(value):
        return False
    return all(NUMERIC[name](value, bound) for name, bound in zip(operand[::2], operand[1::2], strict=True))


def _cidr(network: str, value: str) -> bool:
    try:
        return ip_address(value) in ip_network(network, strict=False)
    except ValueError:
        return False


def wildcard_matches(pattern: str, text: str) -> bool:
    """Whether `text` is as `pattern` says, where `*` stands for any characters. Takes time in the lengths alone."""
    first, *rest = pattern.split("*")
    if not rest:
        return text == first
    if not text.startswith(first) or len(text) < len(first) + len(rest[-1]) or not text.endswith(rest[-1]):
        return False
    at, end = len(first), len(text) - len(rest[-1])
    for part in rest[:-1]:
        found = text.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return True


OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "prefix": _text(lambda prefix, value: value.startswith(prefix)),
    "suffix": _text(lambda suffix, value: value.endswith(suffix)),
    "equals-ignore-case": _text(lambda wanted, value: value.lower() == wanted.lower()),
    "wildcard": _text(wildcard_matches),
    "cidr": _text(_cidr),
    "anything-but": _anything_but,
    "numeric": _numeric,
    "exists": lambda wanted, value: wanted is True,
}
"""Each operator: whether a value that is there satisfies it."""


def _undotted(node: Any) -> Any:
    if isinstance(node, list):
        return [_undotted(one) for one in node]
    if not isinstance(node, dict):
        return node
    made: dict[str, Any] = {}
    for key, value in node.items():
        _graft(made, key, _undotted(value), lambda first, second: [first, second])
    return made


def _undotted_policy(policy: Mapping[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for key, value in policy.items():
        if is_alternatives(key, value):
            made[key] = [_undotted_policy(one) for one in value]
        else:
            _graft(made, key, _undotted_policy(value) if isinstance(value, dict) else value, lambda _, last: last)
    return made


def _graft(tree: dict[str, Any], path: str, value: Any, both: Callable[[Any, Any], Any]) -> None:
    """Puts a value at a dotted path; `both` says what becomes of two that meet there and are no objects."""
    head, _, rest = path.partition(".")
    if rest:
        grown: dict[str, Any] = {}
        _graft(grown, rest, value, both)
        value = grown
    there = tree.get(head, MISSING)
    if there is MISSING:
        tree[head] = value
    elif isinstance(there, dict) and isinstance(value, dict):
        for key, one in value.items():
            _graft(there, key, one, both)
    else:
        tree[head] = both(there, value)
