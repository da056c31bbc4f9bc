"""What a leaf of an event pattern may ask of a value: equal to one of these, or one of the match expressions.

Rule: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
"""

from __future__ import annotations

import ipaddress
import operator
from collections.abc import Callable
from typing import Any

import msgspec

from outfall.core.anything_but import anything_but
from outfall.core.pattern_reader import PatternError, Reader, Token, close, is_number
from outfall.core.wildcards import wildcard_matches, wildcard_parts

Test = Callable[[Any], bool]

NUMBER_MAX = 5_000_000_000
"""Numbers in numeric expressions lie between minus and plus this. [DOC]"""

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    "=": operator.eq,
    ">": operator.gt,
    ">=": operator.ge,
}


class Values(msgspec.Struct, frozen=True):
    """The alternatives of one leaf. `absent`: it may also be missing; `any`: there is an alternative beside that."""

    strings: frozenset[str]
    numbers: frozenset[float]
    constants: frozenset[str]
    tests: tuple[Test, ...]
    absent: bool
    any: bool

    def match(self, value: Any) -> bool:
        """Whether a string, number, boolean or null is one of the alternatives."""
        if isinstance(value, str):
            found = value in self.strings
        elif value is None or isinstance(value, bool):
            found = _constant(value) in self.constants
        else:
            found = value in self.numbers
        return found or any(test(value) for test in self.tests)


def _constant(value: bool | None) -> str:
    return "null" if value is None else "true" if value else "false"


def read_values(reader: Reader) -> Values:
    """The alternatives in an array whose bracket was read; raises `PatternError`."""
    strings: set[str] = set()
    numbers: set[float] = set()
    constants: set[str] = set()
    tests: list[Test] = []
    absent = False
    count = 0
    while (token := reader.next()).kind != "]":
        count += 1
        if token.kind == "string":
            strings.add(token.value)
        elif token.kind == "number":
            numbers.add(token.value)
        elif token.kind in ("true", "false", "null"):
            constants.add(token.kind)
        elif token.kind == "{":
            test = _expression(reader)
            if test is None:
                absent = True
            else:
                tests.append(test)
        else:
            reader.fail("Match value must be String, number, true, false, or null", token)
    if not count:
        reader.fail("Empty arrays are not allowed", token)
    some = bool(strings or numbers or constants or tests)
    return Values(frozenset(strings), frozenset(numbers), frozenset(constants), tuple(tests), absent, some)


def _expression(reader: Reader) -> Test | None:
    """A match expression whose brace was read; None is `exists: false`."""
    name = reader.next()
    if name.kind != "field":
        reader.fail("Match expression name not found", name)
    read = _EXPRESSIONS.get(str(name.value))
    if read is None:
        reader.fail(f"Unrecognized match type {name.value}", name)
    return read(reader)


def _exists(reader: Reader) -> Test | None:
    token = reader.next()
    if token.kind not in ("true", "false"):
        reader.fail("exists match pattern must be either true or false.", token)
    close(reader)
    return (lambda value: True) if token.value else None


def _text(reader: Reader, complaint: str) -> tuple[str, Token]:
    token = reader.next()
    if token.kind != "string":
        reader.fail(complaint, token)
    return str(token.value), token


def _affix(name: str, meets: Callable[[str, str], bool]) -> Callable[[Reader], Test]:
    """`prefix` and `suffix`, of a string or of `{"equals-ignore-case": string}`."""

    def read(reader: Reader) -> Test:
        token = reader.next()
        if token.kind == "{":
            inner = reader.next()
            if inner.kind != "field" or inner.value != "equals-ignore-case":
                reader.fail(f"Unsupported {name} pattern: {inner.value}", inner)
            affix = _text(reader, "equals-ignore-case match pattern must be a string")[0].casefold()
            close(reader)
            close(reader)
            return lambda value: isinstance(value, str) and meets(value.casefold(), affix)
        if token.kind != "string":
            reader.fail(f"{name} match pattern must be a string", token)
        affix = str(token.value)
        close(reader)
        return lambda value: isinstance(value, str) and meets(value, affix)

    return read


def _ignore_case(reader: Reader) -> Test:
    wanted = _text(reader, "equals-ignore-case match pattern must be a string")[0].casefold()
    close(reader)
    return lambda value: isinstance(value, str) and value.casefold() == wanted


def _wildcard(reader: Reader) -> Test:
    text, token = _text(reader, "wildcard match pattern must be a string")
    parts = wildcard_parts(reader, text, token)
    close(reader)
    return lambda value: isinstance(value, str) and wildcard_matches(parts, value)


def _cidr(reader: Reader) -> Test:
    text, _ = _text(reader, "prefix match pattern must be a string")
    network = _network(text)
    close(reader)

    def test(value: Any) -> bool:
        if not isinstance(value, str):
            return False
        try:
            return ipaddress.ip_address(value) in network
        except ValueError:
            return False

    return test


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    """Complaints about a CIDR come without a place. [LS:content_ip_address_EXC]"""
    address, slash, bits = text.partition("/")
    if not slash or "/" in bits:
        raise PatternError("Malformed CIDR, one '/' required")
    if not (bits.isascii() and bits.isdigit()):
        raise PatternError("Malformed CIDR, mask bits must be an integer")
    try:
        ipaddress.ip_address(address)
    except ValueError:
        raise PatternError(f"Nonstandard IP address: {address}") from None
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        limit = 128 if ":" in address else 32
        raise PatternError(f"IPv{6 if limit == 128 else 4} mask bits must be < {limit + 1}") from None


def _numeric(reader: Reader) -> Test:
    opening = reader.next()
    if opening.kind != "[":
        reader.fail("Value of numeric must be an array.", opening)
    bounds = _bounds(reader)
    close(reader, "Too many elements in numeric expression")
    if len(bounds) == 1:
        ((meets, bound),) = bounds
        return lambda value: is_number(value) and meets(value, bound)
    return lambda value: is_number(value) and all(meets(value, bound) for meets, bound in bounds)


def _bounds(reader: Reader) -> list[tuple[Callable[[Any, Any], bool], float]]:
    token = reader.next()
    if token.kind != "string":
        reader.fail(f"Invalid member in numeric match: {_shown(token)}", token)
    compare = str(token.value)
    if compare not in _COMPARE:
        reader.fail(f"Unrecognized numeric range operator: {compare}", token, looked_into=True)
    low = _bound(reader, "equals" if compare == "=" else compare)
    bounds = [(_COMPARE[compare], low)]
    token = reader.next()
    if token.kind == "]":
        return bounds
    if compare not in (">", ">="):
        reader.fail("Too many elements in numeric expression", token)
    if token.kind != "string":
        reader.fail(f"Bad value in numeric range: {_shown(token)}", token)
    if token.value not in ("<", "<="):
        reader.fail(f"Bad numeric range operator: {token.value}", token, looked_into=True)
    high = _bound(reader, token.value)
    end = reader.next()
    if end.kind != "]":
        reader.fail("Too many terms in numeric range expression", end)
    if low >= high:
        reader.fail("Bottom must be less than top", end)
    return [*bounds, (_COMPARE[token.value], high)]


def _bound(reader: Reader, compare: str) -> float:
    token = reader.next()
    if token.kind != "number":
        reader.fail(f"Value of {compare} must be numeric", token)
    if not -NUMBER_MAX <= token.value <= NUMBER_MAX:
        reader.fail("Value must be between -5.0E9 and 5.0E9, inclusive", token)
    return float(token.value)


def _shown(token: Token) -> str:
    return str(token.value) if token.kind in ("string", "number") else token.kind


_EXPRESSIONS: dict[str, Callable[[Reader], Test | None]] = {
    "prefix": _affix("prefix", str.startswith),
    "suffix": _affix("suffix", str.endswith),
    "equals-ignore-case": _ignore_case,
    "wildcard": _wildcard,
    "anything-but": anything_but,
    "numeric": _numeric,
    "exists": _exists,
    "cidr": _cidr,
}
