"""`anything-but` in event patterns: what a value must not be, begin with, end with, or look like.

Rule: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from outfall.core.pattern_reader import Reader, Token, close, is_number
from outfall.core.wildcards import wildcard_matches, wildcard_parts

Test = Callable[[Any], bool]

_NUMBER_OR_STRING = frozenset({"string", "number"})


def anything_but(reader: Reader) -> Test:
    """The test behind `anything-but`, whose name was read; raises `PatternError`."""
    token = reader.next()
    if token.kind != "{":
        return _but_values(reader, token)
    name = reader.next()
    if name.kind != "field":
        reader.fail("Anything-But expression name not found", name)
    kind = _BUT_EXPRESSIONS.get(str(name.value))
    if kind is None:
        reader.fail(f"Unsupported anything-but pattern: {name.value}", name)
    complaint, prepare = kind
    refused = tuple(prepare(reader, text) for text in _but_texts(reader, complaint))
    close(reader)
    close(reader)
    return lambda value: not (isinstance(value, str) and any(one(value) for one in refused))


def _but_values(reader: Reader, token: Token) -> Test:
    if token.kind != "[" and token.kind not in _NUMBER_OR_STRING:
        reader.fail("Value of anything-but must be an array or single string/number value.", token)
    values, kinds = [token.value], {token.kind}
    if token.kind == "[":
        values, kinds = [], set()
        while (one := reader.next()).kind != "]":
            if one.kind not in _NUMBER_OR_STRING:
                reader.fail("Inside anything but list, start|null|boolean is not supported.", one, told_twice=True)
            values.append(one.value)
            kinds.add(one.kind)
        if len(kinds) != 1:
            reader.fail(
                "Inside anything but list, either all values are number or string, mixed type is not supported", one
            )
    close(reader, "Too many elements in numeric expression")
    refused = frozenset(values)
    if "number" in kinds:
        return lambda value: not (is_number(value) and value in refused)
    return lambda value: not (isinstance(value, str) and value in refused)


def _but_texts(reader: Reader, complaint: str) -> list[Token]:
    """The string, or the strings of the array, behind an operator inside `anything-but`."""
    token = reader.next()
    if token.kind != "[" and token.kind not in _NUMBER_OR_STRING:
        reader.fail("Value of anything-but must be an array or single string/number value.", token)
    if token.kind != "[":
        if token.kind != "string":
            reader.fail(complaint, token)
        return [token]
    texts: list[Token] = []
    while (one := reader.next()).kind != "]":
        if one.kind != "string":
            reader.fail(complaint, one, told_twice=True)
        texts.append(one)
    return texts


Prepare = Callable[[Reader, Token], Callable[[str], bool]]


def _but_affix(meets: Callable[[str, str], bool]) -> Prepare:
    def prepare(reader: Reader, token: Token) -> Callable[[str], bool]:
        if not token.value:
            reader.fail("Null prefix/suffix not allowed", token, looked_into=True)
        return lambda value: meets(value, token.value)

    return prepare


def _but_ignore_case(reader: Reader, token: Token) -> Callable[[str], bool]:
    refused = str(token.value).casefold()
    return lambda value: value.casefold() == refused


def _but_wildcard(reader: Reader, token: Token) -> Callable[[str], bool]:
    parts = wildcard_parts(reader, str(token.value), token)
    return lambda value: wildcard_matches(parts, value)


_AFFIX_COMPLAINT = "prefix/suffix match pattern must be a string"
_BUT_EXPRESSIONS: dict[str, tuple[str, Prepare]] = {
    "prefix": (_AFFIX_COMPLAINT, _but_affix(str.startswith)),
    "suffix": (_AFFIX_COMPLAINT, _but_affix(str.endswith)),
    "equals-ignore-case": (
        "Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported.",
        _but_ignore_case,
    ),
    "wildcard": ("wildcard match pattern must be a string", _but_wildcard),
}
