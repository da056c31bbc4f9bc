"""The tokens of a filter pattern, read one after the other: what patterns on JSON and on columns have in common."""

from __future__ import annotations

import re
from collections.abc import Iterator

from outfall.services.logs.comparing import Test, compare, invalid_pattern

END = ("", "")
"""What stands behind the last token."""


class PatternTokens:
    """Reads `text` as `token` cuts it: a token's kind is the name of the group that matched. Raises
    InvalidParameterException for what is no token, and where another one was needed."""

    def __init__(self, token: re.Pattern[str], text: str) -> None:
        self._tokens = list(_split(token, text.rstrip()))
        self._at = 0

    def peek(self) -> tuple[str, str]:
        """Kind and text of the next token, or `END`."""
        return self._tokens[self._at] if self._at < len(self._tokens) else END

    def take(self, kind: str, *texts: str) -> str | None:
        """The next token's text, if it is of that kind (and one of those texts, in any case)."""
        is_kind, text = self.peek()
        if is_kind != kind or (texts and text.upper() not in texts):
            return None
        self._at += 1
        return text

    def need(self, kind: str, *texts: str) -> str:
        """The same, where nothing else will do."""
        found = self.take(kind, *texts)
        if found is None:
            raise invalid_pattern()
        return found

    def test(self, sign: str) -> Test:
        """What the value that comes next asks for after this sign."""
        kind, text = self.peek()
        if kind not in ("word", "quoted", "regex"):
            raise invalid_pattern()
        self._at += 1
        return compare(sign, text, kind)


def _split(token: re.Pattern[str], text: str) -> Iterator[tuple[str, str]]:
    at = 0
    while at < len(text):
        found = token.match(text, at)
        if found is None or found.lastgroup is None:
            raise invalid_pattern()
        yield found.lastgroup, found[found.lastgroup]
        at = found.end()
