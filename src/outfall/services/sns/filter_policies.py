"""Whether a filter policy can be one. How it then judges messages is in `core/filter_policy.py`.

Texts: [LS:TestSNSFilterPolicyConditions], without the place in the text that AWS's parser adds to them. Limits:
https://docs.aws.amazon.com/sns/latest/dg/subscription-filter-policy-constraints.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from ipaddress import ip_network
from typing import Any

from outfall.core.filter_policy import NUMERIC, is_alternatives, is_number
from outfall.services.sns import jackson

SIZE_MAX = 256 * 1024
KEYS_MAX = 5
COMBINATIONS_MAX = 150


class Wrong(ValueError):
    """What is wrong with a policy, in AWS's words."""


class Nested(Wrong):
    """Filter policy scope MessageAttributes does not support nested filter policy"""


def check(text: str, scope: str) -> None:
    """Raises `Wrong` unless `text` can be a policy over the scope `MessageAttributes` or `MessageBody`."""
    try:
        policy = jackson.loads(text)
    except jackson.Unreadable as error:
        raise Wrong(f"failed to parse JSON. {error}") from None
    if len(text.encode("utf-8", "surrogatepass")) > SIZE_MAX:
        raise Wrong("Filter policy is too large")
    if not isinstance(policy, dict):
        raise Wrong("Filter is not an object")
    body = scope == "MessageBody"
    keys: set[str] = set()
    combinations = _object(policy, body, 1, "", keys)
    if len(keys) > KEYS_MAX:
        raise Wrong(f"Filter policy can not have more than {KEYS_MAX} keys")
    if combinations > COMBINATIONS_MAX:
        raise Wrong("Filter policy is too complex")


def _object(policy: Mapping[str, Any], body: bool, depth: int, path: str, keys: set[str]) -> int:
    """Checks an object; the number of combinations that it makes, to which each level of nesting adds its depth."""
    combinations = 1
    for key, value in policy.items():
        if is_alternatives(key, value):
            combinations *= sum(_object(one, body, depth, path, keys) for one in value)
        elif isinstance(value, dict):
            if not body:
                _object(value, True, depth + 1, path, set())
                raise Nested(Nested.__doc__)
            combinations *= _object(value, body, depth + 1, f"{path}{key}.", keys)
        elif isinstance(value, list):
            keys.add(path + key)
            if not value:
                raise Wrong("Empty arrays are not allowed")
            for condition in value:
                _condition(condition)
            combinations *= max(1, sum(_count(one) for one in value)) * (depth if body else 1)
        else:
            raise Wrong(f'"{key}" must be an object or an array')
    return combinations


def _count(condition: Any) -> int:
    """How many values a condition stands for."""
    if isinstance(condition, dict) and isinstance(condition.get("anything-but"), list):
        return len(condition["anything-but"])
    return 1


def _condition(condition: Any) -> None:
    if isinstance(condition, list):
        raise Wrong("Match value must be String, number, true, false, or null")
    if not isinstance(condition, dict):
        return
    if not condition:
        raise Wrong("Empty objects are not allowed")
    operator = next(iter(condition))
    if operator not in CHECKS:
        raise Wrong(f"Unrecognized match type {operator}")
    CHECKS[operator](condition[operator])
    if len(condition) > 1:
        raise Wrong("Only one key allowed in match expression")


def _string(operator: str) -> Callable[[Any], None]:
    def check_string(operand: Any) -> None:
        if not isinstance(operand, str):
            raise Wrong(f"{operator} match pattern must be a string")

    return check_string


def _anything_but(operand: Any) -> None:
    if isinstance(operand, dict):
        for operator, pattern in operand.items():
            if operator not in ("prefix", "suffix"):
                raise Wrong(f"Unsupported anything-but pattern: {operator}")
            if not isinstance(pattern, str):
                raise Wrong(f"{operator} match pattern must be a string")
    elif isinstance(operand, list):
        if not all(isinstance(one, str) for one in operand) and not all(is_number(one) for one in operand):
            raise Wrong("Inside anything but list, either all values are number or string, mixed type is not supported")
    elif not isinstance(operand, str) and not is_number(operand):
        raise Wrong("Value of anything-but must be an array or single string/number value.")


def _exists(operand: Any) -> None:
    if not isinstance(operand, bool):
        raise Wrong("exists match pattern must be either true or false.")


def _cidr(operand: Any) -> None:
    _string("prefix")(operand)
    try:
        ip_network(operand, strict=False)
    except ValueError:
        raise Wrong("Malformed CIDR, one '/' required") from None


def _wildcard(operand: Any) -> None:
    _string("wildcard")(operand)
    if "**" in operand:
        raise Wrong("Consecutive wildcard characters at pos " + str(operand.index("**")))


def _numeric(operand: Any) -> None:
    """[LS:test_validate_policy_numeric_operator]"""
    if not isinstance(operand, list):
        raise Wrong("Value of numeric must be an array.")
    if not operand or not isinstance(operand[0], str):
        raise Wrong(f"Invalid member in numeric match: {operand[0] if operand else ']'}")
    first = operand[0]
    if first not in NUMERIC:
        raise Wrong(f"Unrecognized numeric range operator: {first}")
    _bound(first, operand[1:2])
    if len(operand) == 2:
        return
    if first not in (">", ">="):
        raise Wrong("Too many elements in numeric expression")
    second = operand[2]
    if not isinstance(second, str):
        raise Wrong(f"Bad value in numeric range: {second}")
    if second not in ("<", "<="):
        raise Wrong(f"Bad numeric range operator: {second}")
    _bound(second, operand[3:4])
    if operand[1] >= operand[3]:
        raise Wrong("Bottom must be less than top")
    if len(operand) > 4:
        raise Wrong("Too many terms in numeric range expression")


def _bound(operator: str, value: list[Any]) -> None:
    if not value or not is_number(value[0]):
        raise Wrong(f"Value of {'equals' if operator == '=' else operator} must be numeric")


CHECKS: Mapping[str, Callable[[Any], None]] = {
    "prefix": _string("prefix"),
    "suffix": _string("suffix"),
    "equals-ignore-case": _string("equals-ignore-case"),
    "wildcard": _wildcard,
    "cidr": _cidr,
    "anything-but": _anything_but,
    "exists": _exists,
    "numeric": _numeric,
}
