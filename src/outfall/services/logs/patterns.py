"""Filter patterns: terms, quoted phrases, optional and excluded terms, regular expressions, and JSON conditions.

Rule: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
Patterns for space-delimited events, `[a, b]`, are not served.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from outfall.core.errors import NotServed
from outfall.services.logs import json_patterns
from outfall.services.logs.errors import InvalidParameterException

Matches = Callable[[str], bool]

_term = re.compile(
    r"""\s*(?P<sign>[?-]?)(?:"(?P<phrase>(?:[^"\\]|\\.)*)"|%(?P<regex>[^%]+)%|(?P<word>[^\s"?%-][^\s"]*))(?=\s|$)"""
)
_escaped = re.compile(r"\\(.)")


def compile_pattern(pattern: str) -> Matches:
    """What tells whether an event's text fits; the empty pattern fits all. Raises InvalidParameterException."""
    stripped = pattern.strip()
    if not stripped:
        return lambda text: True
    if stripped.startswith("{"):
        return json_patterns.compile_pattern(stripped)
    if stripped.startswith("["):
        raise NotServed("Filter patterns for space-delimited log events are not served.")
    return _terms(stripped)


def invalid_pattern() -> InvalidParameterException:
    """The error for a pattern that cannot be read."""
    return InvalidParameterException("Invalid filter pattern")


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
    term = found["word"] if found["phrase"] is None else _escaped.sub(r"\1", found["phrase"])
    return lambda text: term in text


_regex_allowed = re.compile(r"(?:[A-Za-z0-9_\s:#=@/;,\-\[\]^$.|?*+{}]|\\[dDsSwW^$?\[\]{}|\\*+.\-/])*").fullmatch
_nested_quantifier = re.compile(r"[*+}][*+{]")


def compile_regex(source: str) -> Matches:
    """What tells whether a regular expression is found in a text. AWS's are a small language without groups, which also
    keeps their run time bounded. Raises InvalidParameterException."""
    if not _regex_allowed(source) or _nested_quantifier.search(source):
        raise invalid_pattern()
    try:
        search = re.compile(source).search
    except re.error:
        raise invalid_pattern() from None
    return lambda text: search(text) is not None
