"""Filter patterns: terms, quoted phrases, optional and excluded terms, regular expressions, JSON conditions, columns.

Rule: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
"""

from __future__ import annotations

import re
from collections.abc import Callable

from outfall.services.logs.comparing import compile_regex, invalid_pattern, unescaped
from outfall.services.logs.errors import InvalidParameterException
from outfall.services.logs.json_patterns import JsonCondition
from outfall.services.logs.space_patterns import Columns

Matches = Callable[[str], bool]
Extract = Callable[[str], "dict[str, str] | None"]

PATTERN_LENGTH_MAX = 1024
_term = re.compile(
    r"""\s*(?P<sign>[?-]?)(?:"(?P<phrase>(?:[^"\\]|\\.)*)"|%(?P<regex>[^%]+)%|(?P<word>[^\s"?%-][^\s"]*))(?=\s|$)"""
)
_foreign = re.compile(r"[^\w.\-]").search


def compile_pattern(pattern: str) -> Matches:
    """What tells whether an event's text fits; the empty pattern fits all. Raises InvalidParameterException."""
    stripped = pattern.strip()
    if not stripped:
        return lambda text: True
    if stripped.startswith("{"):
        return JsonCondition(stripped).matches
    if stripped.startswith("["):
        extract = Columns(stripped).extract
        return lambda text: extract(text) is not None
    return _terms(stripped)


def compile_extract(pattern: str) -> Extract:
    """What tells the values that a pattern names in an event that fits, and None of one that does not. Raises
    InvalidParameterException."""
    stripped = pattern.strip()
    if stripped.startswith("{"):
        return JsonCondition(stripped).extract
    if stripped.startswith("["):
        return Columns(stripped).extract
    matches = compile_pattern(stripped)
    return lambda text: {} if matches(text) else None


def _terms(pattern: str) -> Matches:
    """All plain terms must be there and no excluded one. Optional terms, of which one is enough, count only where there
    are no others: AWS ignores them beside plain or excluded ones. Case matters."""
    kinds: dict[str, list[Matches]] = {"": [], "?": [], "-": []}
    at = 0
    while at < len(pattern.rstrip()):
        found = _term.match(pattern, at)
        if found is None:
            raise invalid_pattern()
        kinds[found["sign"]].append(_contains(found))
        at = found.end()
    required, optional, excluded = kinds[""], kinds["?"], kinds["-"]
    if optional and not required and not excluded:
        return lambda text: any(one(text) for one in optional)
    return lambda text: all(one(text) for one in required) and not any(one(text) for one in excluded)


def _contains(found: re.Match[str]) -> Matches:
    if found["regex"] is not None:
        return compile_regex(found["regex"])
    if found["phrase"] is not None:
        term = unescaped(found["phrase"])
    else:
        term = found["word"]
        foreign = _foreign(term)
        if foreign:  # What is more than letters, digits and underscores has to stand in quotes. [GH]
            raise InvalidParameterException(f"Invalid character(s) in term '{foreign[0]}'")
    return lambda text: term in text
