"""Reads the JSON of a pattern token by token, so that a complaint can say where it arose, in the words of AWS's parser.

What is read must be at most a few kilobytes long. Positions follow the recordings: a string that was not looked into
yet counts up to its opening quote, and the name of a field reaches into the value behind it. [LS:test_event_pattern]
"""

from __future__ import annotations

import re
from json import JSONDecodeError, JSONDecoder
from typing import Any, Literal, NoReturn

import msgspec

Kind = Literal["{", "}", "[", "]", "field", "string", "number", "true", "false", "null"]

SNIPPET_LENGTH_MAX = 500
DEPTH_MAX = 64
"""Deeper patterns are refused; AWS's own bound is not documented."""

_decode_string = JSONDecoder().raw_decode
_blank = re.compile(r"[ \t\r\n]*").match
_number = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?").match
_word = re.compile(r"[A-Za-z0-9_$]+").match
CONSTANTS: dict[str, tuple[Kind, Any]] = {"true": ("true", True), "false": ("false", False), "null": ("null", None)}


class PatternError(ValueError):
    """A pattern that is none. The text is AWS's reason, with the place where it arose if AWS tells one; `reason` is
    the sentence alone."""

    def __init__(self, reason: str, place: str = "") -> None:
        super().__init__(reason + place)
        self.reason = reason


class Token(msgspec.Struct, frozen=True):
    """A token: what a complaint about it shows as its place (`at`), and where it ends."""

    kind: Kind
    value: Any
    at: int
    end: int


class Reader:
    """Hands out the tokens of a JSON text. Raises `PatternError` where it is not JSON."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._open: list[str] = []
        self._expect_value = True

    def next(self) -> Token:
        """The token that comes next."""
        self._at = self._skip(self._at)
        if not self._expect_value:
            if self._char() == ",":
                self._at = self._skip(self._at + 1)
                return self._field() if self._open[-1] == "{" else self._value()
            return self._close()
        if self._open and self._char() in "}]":
            return self._close()
        if self._open and self._open[-1] == "{":
            return self._field()
        return self._value()

    def fail(self, reason: str, token: Token, *, looked_into: bool = False, told_twice: bool = False) -> NoReturn:
        """Raises `PatternError` with the place of this token; with that of its end once it was looked into."""
        place = self._place(token.end if looked_into else token.at)
        raise PatternError(reason, place * 2 if told_twice else place)

    def _place(self, offset: int) -> str:
        shown = self._text[:SNIPPET_LENGTH_MAX]
        rest = len(self._text) - len(shown)
        more = f"[truncated {rest} chars]" if rest else ""
        line = self._text.count("\n", 0, offset) + 1
        column = offset - (self._text.rfind("\n", 0, offset) + 1) + 1
        return f'\n at [Source: (String)"{shown}"{more}; line: {line}, column: {column}]'

    def _skip(self, offset: int) -> int:
        found = _blank(self._text, offset)
        return found.end() if found else offset

    def _char(self) -> str:
        if self._at >= len(self._text):
            what = "Object" if self._open and self._open[-1] == "{" else "Array"
            reason = (
                f"Unexpected end-of-input: expected close marker for {what}"
                if self._open
                else ("No content to map due to end-of-input")
            )
            raise PatternError(reason, self._place(len(self._text)))
        return self._text[self._at]

    def _close(self) -> Token:
        char = self._char()
        closes = {"{": "}", "[": "]"}[self._open[-1]]
        if char != closes:
            what = "Object" if closes == "}" else "Array"
            reason = (
                f"Unexpected character ('{char}' (code {ord(char)})): was expecting comma to separate {what} entries"
            )
            raise PatternError(reason, self._place(self._at))
        self._open.pop()
        self._at += 1
        self._expect_value = not self._open
        return Token("}" if char == "}" else "]", None, self._at, self._at)

    def _field(self) -> Token:
        char = self._char()
        if char != '"':
            reason = (
                f"Unexpected character ('{char}' (code {ord(char)})): was expecting double-quote to start field name"
            )
            raise PatternError(reason, self._place(self._at))
        name, self._at = self._string()
        self._at = self._skip(self._at)
        char = self._char()
        if char != ":":
            reason = (
                f"Unexpected character ('{char}' (code {ord(char)})): was expecting a colon to separate field name "
                "and value"
            )
            raise PatternError(reason, self._place(self._at))
        self._at = self._skip(self._at + 1)
        self._expect_value = True
        self._open.append(":")
        ahead = self._peek()
        return Token("field", name, ahead, ahead)

    def _peek(self) -> int:
        """Where the parser stands once it has looked at the beginning of the value that comes."""
        before = self._at, list(self._open), self._expect_value
        token = self._value()
        self._at, self._open, self._expect_value = before
        return token.at

    def _value(self) -> Token:
        start, char = self._at, self._char()
        if self._open and self._open[-1] == ":":
            self._open.pop()
        if char in "{[":
            if len(self._open) >= DEPTH_MAX:
                raise PatternError("Pattern is nested too deeply", self._place(start))
            self._open.append(char)
            self._at, self._expect_value = start + 1, True
            return Token("{" if char == "{" else "[", None, start + 1, start + 1)
        self._expect_value = not self._open
        if char == '"':
            text, self._at = self._string()
            return Token("string", text, start + 1, self._at)
        number = _number(self._text, start)
        if number:
            self._at = number.end()
            written = number.group()
            value = int(written) if written.lstrip("-").isdigit() else float(written)
            return Token("number", value, self._at, self._at)
        word = _word(self._text, start)
        if word and word.group() in CONSTANTS:
            self._at = word.end()
            kind, constant = CONSTANTS[word.group()]
            return Token(kind, constant, self._at, self._at)
        expected = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"
        if word:
            raise PatternError(
                f"Unrecognized token '{word.group()}': was expecting {expected}", self._place(word.end())
            )
        raise PatternError(
            f"Unexpected character ('{char}' (code {ord(char)})): expected a valid value {expected}",
            self._place(start),
        )

    def _string(self) -> tuple[str, int]:
        try:
            text, end = _decode_string(self._text, self._at)
            return str(text), end
        except JSONDecodeError as error:
            reason = "Unexpected end-of-input in a String value"
            if not error.msg.startswith("Unterminated"):
                reason = "Illegal character or escape in a String value"
            raise PatternError(reason, self._place(min(error.pos, len(self._text)))) from None


def close(reader: Reader, complaint: str = "Only one key allowed in match expression") -> None:
    """Reads the brace that ends a match expression; complains of anything else."""
    token = reader.next()
    if token.kind != "}":
        reader.fail(complaint, token)


def is_number(value: Any) -> bool:
    """Whether a JSON value is a number (a boolean is none)."""
    return isinstance(value, int | float) and not isinstance(value, bool)
