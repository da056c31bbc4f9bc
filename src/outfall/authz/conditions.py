"""Condition operators: one table from an operator's name to its test, and how a condition holds for a request.

Values of one key are alternatives; for a negated operator none of them may match. A missing key fails a positive
operator and satisfies a negated one. A key that holds a set never matches a plain operator, not even a negated one.

Rule: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
and the native captures [SD:condition_sets], [SD:condition_strings], [SD:condition_values], [SD:condition_ip].
"""

from __future__ import annotations

import ipaddress
import operator
import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal

import msgspec

from outfall.authz.glob import Lookup, Pattern

Test = Callable[[str, Lookup], bool]
"""Whether one value of the request matches any value of the policy."""
Maker = Callable[[tuple[str, ...], bool], Test]
"""Compiles the policy's values; the second argument says whether they may hold variables."""

_NUMBER = re.compile(r"[+-]?\d{1,40}(\.\d{1,40})?", re.ASCII)
_SETS: dict[str, Literal["all", "any"]] = {"forallvalues": "all", "foranyvalue": "any"}


class Condition(msgspec.Struct, frozen=True):
    """One operator on one key."""

    key: str
    quantifier: Literal["", "all", "any"]
    if_exists: bool
    negated: bool
    test: Test

    def holds(self, lookup: Lookup) -> bool:
        """Whether the request satisfies it."""
        value = lookup(self.key)
        if value is None:
            return self.if_exists or self.quantifier == "all" or (self.negated and not self.quantifier)
        if not self.quantifier:
            return isinstance(value, str) and self._one(value, lookup)
        values = (value,) if isinstance(value, str) else value
        if self.quantifier == "all":
            return all(self._one(one, lookup) for one in values)
        return any(self._one(one, lookup) for one in values)

    def _one(self, value: str, lookup: Lookup) -> bool:
        return self.test(value, lookup) != self.negated


class Presence(msgspec.Struct, frozen=True):
    """The operator Null: whether a key must be absent."""

    key: str
    absent: frozenset[bool]

    def holds(self, lookup: Lookup) -> bool:
        """Whether the request satisfies it."""
        return (lookup(self.key) is None) in self.absent


class Never(msgspec.Struct, frozen=True):
    """A condition that cannot be read: nothing satisfies it."""

    key: str

    def holds(self, lookup: Lookup) -> bool:
        """Whether the request satisfies it: no."""
        return False


AnyCondition = Condition | Presence | Never


def compile_condition(name: str, key: str, values: tuple[str, ...], *, variables: bool) -> AnyCondition:
    """The condition that operator `name` (with its prefix and suffix) states about `key`."""
    quantifier, base, if_exists = split_operator(name)
    if base == "null":
        return Presence(key.lower(), frozenset(value.lower() == "true" for value in values))
    known = OPERATORS.get(base)
    if known is None or quantifier is None:
        return Never(key.lower())
    maker, negated = known
    return Condition(key.lower(), quantifier, if_exists, negated, maker(values, variables))


def split_operator(name: str) -> tuple[Literal["", "all", "any"] | None, str, bool]:
    """The quantifier (None if there is no such one), the operator in lower case, and whether IfExists follows it."""
    prefix, colon, rest = name.lower().rpartition(":")
    quantifier: Literal["", "all", "any"] | None = _SETS.get(prefix) if colon else ""
    base = rest.removesuffix("ifexists")
    return quantifier, base, base != rest


def is_operator(name: str) -> bool:
    """Whether AWS has an operator of that name."""
    quantifier, base, if_exists = split_operator(name)
    return quantifier is not None and (base in OPERATORS or (base == "null" and not if_exists))


def _patterns(wildcards: bool) -> Maker:
    def make(values: tuple[str, ...], variables: bool) -> Test:
        patterns = [Pattern.of(value, variables=variables, wildcards=wildcards) for value in values]
        return lambda value, lookup: any(pattern.matches(value, lookup) for pattern in patterns)

    return make


def _ignoring_case(values: tuple[str, ...], variables: bool) -> Test:
    # Lower case, not Unicode case folding: S is not the long s. [SD:condition_values]
    patterns = [Pattern.of(value, variables=variables, wildcards=False) for value in values]

    def test(value: str, lookup: Lookup) -> bool:
        wanted = value.lower()
        for pattern in patterns:
            fixed = pattern.resolved(lookup)
            if fixed is not None and "".join(part for part in fixed if isinstance(part, str)).lower() == wanted:
                return True
        return False

    return test


def _arns(values: tuple[str, ...], variables: bool) -> Test:
    """Segment by segment, so that a wildcard does not cross a colon; the sixth segment is all that follows."""
    patterns = [
        [Pattern.of(part, variables=variables) for part in _arn_parts(value)]
        for value in values
        if len(_arn_parts(value)) == 6
    ]

    def test(value: str, lookup: Lookup) -> bool:
        parts = value.split(":", 5)
        if len(parts) != 6:
            return False
        return any(all(p.matches(part, lookup) for p, part in zip(six, parts, strict=True)) for six in patterns)

    return test


def _arn_parts(text: str) -> list[str]:
    """The six parts of an ARN pattern; a colon inside `${...}` separates nothing."""
    parts, depth = [""], 0
    for at, character in enumerate(text):
        if character == "{" and text[at - 1 : at] == "$":
            depth += 1
        elif character == "}" and depth:
            depth -= 1
        if character == ":" and not depth and len(parts) < 6:
            parts.append("")
        else:
            parts[-1] += character
    return parts


def _compared(read: Callable[[str], Any], compare: Callable[[Any, Any], bool]) -> Maker:
    def make(values: tuple[str, ...], variables: bool) -> Test:
        wanted = [known for known in map(read, values) if known is not None]

        def test(value: str, lookup: Lookup) -> bool:
            mine = read(value)
            return mine is not None and any(compare(mine, one) for one in wanted)

        return test

    return make


def _number(text: str) -> Decimal | None:
    """Leading zeros and a plus are fine. [SD:condition_values]"""
    return Decimal(text.strip()) if _NUMBER.fullmatch(text.strip()) else None


def _moment(text: str) -> int | None:
    """Milliseconds of an ISO 8601 date, or of seconds since the epoch. [SD:condition_values]"""
    number = _number(text)
    if number is not None:
        return int(number * 1000)
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    zoned = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    try:
        return int(zoned.timestamp() * 1000 + 0.5)
    except (OverflowError, ValueError):
        return None


def _truth(text: str) -> bool:
    return text.lower() == "true"


def _same(text: str) -> str:
    return text


_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    """Host bits of an IPv4 network are ignored; an IPv6 network with host bits matches nothing. [SD:condition_ip]"""
    try:
        return ipaddress.ip_network(text, strict=":" in text)
    except ValueError:
        return None


def _address(text: str) -> _Address | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _addresses(values: tuple[str, ...], variables: bool) -> Test:
    networks = [known for known in map(_network, values) if known is not None]

    def test(value: str, lookup: Lookup) -> bool:
        address = _address(value)
        return address is not None and any(address in network for network in networks)

    return test


OPERATORS: dict[str, tuple[Maker, bool]] = {
    "stringequals": (_patterns(False), False),
    "stringnotequals": (_patterns(False), True),
    "stringequalsignorecase": (_ignoring_case, False),
    "stringnotequalsignorecase": (_ignoring_case, True),
    "stringlike": (_patterns(True), False),
    "stringnotlike": (_patterns(True), True),
    "arnequals": (_arns, False),
    "arnnotequals": (_arns, True),
    "arnlike": (_arns, False),
    "arnnotlike": (_arns, True),
    "bool": (_compared(_truth, operator.eq), False),
    "binaryequals": (_compared(_same, operator.eq), False),
    "ipaddress": (_addresses, False),
    "notipaddress": (_addresses, True),
    "numericequals": (_compared(_number, operator.eq), False),
    "numericnotequals": (_compared(_number, operator.eq), True),
    "numericlessthan": (_compared(_number, operator.lt), False),
    "numericlessthanequals": (_compared(_number, operator.le), False),
    "numericgreaterthan": (_compared(_number, operator.gt), False),
    "numericgreaterthanequals": (_compared(_number, operator.ge), False),
    "dateequals": (_compared(_moment, operator.eq), False),
    "datenotequals": (_compared(_moment, operator.eq), True),
    "datelessthan": (_compared(_moment, operator.lt), False),
    "datelessthanequals": (_compared(_moment, operator.le), False),
    "dategreaterthan": (_compared(_moment, operator.gt), False),
    "dategreaterthanequals": (_compared(_moment, operator.ge), False),
}
"""Operator in lower case: how its values are compiled, and whether it is the negation of that test."""
