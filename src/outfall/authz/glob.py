"""Texts of a policy that may hold wildcards and variables, compiled once and matched in linear time.

`*` is any run of characters and `?` one UTF-16 unit; there are no other pattern characters. `${key}` and
`${key, 'default'}` stand for a value of the request, `${*}`, `${?}` and `${$}` for the character itself. What a
variable brings in is literal.

Rule: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from enum import Enum

import msgspec

KeyValue = str | tuple[str, ...] | None
"""What the request holds under a condition key: one value, a set of values, or nothing."""
Lookup = Callable[[str], KeyValue]
"""Finds the value of a condition key, given in lower case."""

_VARIABLE = re.compile(r"\$\{([^{}]*)\}")
_DEFAULT = re.compile(r"\s*([^,\s]+)\s*,\s*'([^']*)'\s*", re.DOTALL)
_ESCAPES = ("*", "?", "$")


class Wild(Enum):
    """The two wildcards."""

    STAR = "*"
    ANY = "?"


class Variable(msgspec.Struct, frozen=True):
    """A policy variable: its condition key in lower case, and what stands for it where the request has no value."""

    key: str
    default: str | None


Token = str | Wild | Variable
_Piece = str | re.Pattern[str]


def _units(text: str) -> str:
    """The text with each character outside the basic plane as its two UTF-16 units, for `?` counts those."""
    if all(character <= "\uffff" for character in text):
        return text
    raw = text.encode("utf-16-le", "surrogatepass")
    return "".join(chr(int.from_bytes(raw[at : at + 2], "little")) for at in range(0, len(raw), 2))


class Glob(msgspec.Struct, frozen=True):
    """A compiled pattern without variables: the fixed pieces between its stars, with their sizes."""

    pieces: tuple[_Piece, ...]
    sizes: tuple[int, ...]
    has_any: bool

    def matches(self, text: str) -> bool:
        """Whether the whole text matches."""
        if self.has_any and not text.isascii():
            text = _units(text)
        pieces, sizes = self.pieces, self.sizes
        if not _at(pieces[0], text, 0):
            return False
        if len(pieces) == 1:
            return len(text) == sizes[0]
        place, end = sizes[0], len(text) - sizes[-1]
        if end < place or not _at(pieces[-1], text, end):
            return False
        for piece, size in zip(pieces[1:-1], sizes[1:-1], strict=True):
            found = _find(piece, text, place, end)
            if found < 0:
                return False
            place = found + size
        return True


def _at(piece: _Piece, text: str, place: int) -> bool:
    if isinstance(piece, str):
        return text.startswith(piece, place)
    return piece.match(text, place) is not None


def _find(piece: _Piece, text: str, start: int, end: int) -> int:
    if isinstance(piece, str):
        return text.find(piece, start, end)
    found = piece.search(text, start, end)
    return found.start() if found else -1


def compile_glob(tokens: tuple[str | Wild, ...]) -> Glob:
    """The pattern that these tokens spell."""
    runs: list[list[str | Wild]] = [[]]
    for token in tokens:
        if token is Wild.STAR:
            runs.append([])
        else:
            runs[-1].append(token)
    has_any = Wild.ANY in tokens
    pieces, sizes = zip(*(_piece(run, has_any) for run in runs), strict=True)
    return Glob(pieces, sizes, has_any)


def _piece(run: list[str | Wild], has_any: bool) -> tuple[_Piece, int]:
    parts = [_units(part) if has_any and isinstance(part, str) else part for part in run]
    size = sum(len(part) if isinstance(part, str) else 1 for part in parts)
    if Wild.ANY not in parts:
        return "".join(part for part in parts if isinstance(part, str)), size
    return re.compile("".join(re.escape(p) if isinstance(p, str) else "." for p in parts), re.DOTALL), size


def tokens_of(text: str, *, variables: bool, wildcards: bool) -> tuple[Token, ...]:
    """Splits a policy's text into literals, wildcards and variables, of which either may be switched off."""
    return tuple(_tokens(text, variables, wildcards))


def _tokens(text: str, variables: bool, wildcards: bool) -> Iterator[Token]:
    place = 0
    if variables:
        for found in _VARIABLE.finditer(text):
            yield from _plain(text[place : found.start()], wildcards)
            yield _variable(found[1])
            place = found.end()
    yield from _plain(text[place:], wildcards)


def _variable(inside: str) -> Token:
    if inside in _ESCAPES:
        return inside
    told = _DEFAULT.fullmatch(inside)
    return Variable(told[1].lower(), told[2]) if told else Variable(inside.strip().lower(), None)


def _plain(text: str, wildcards: bool) -> Iterator[Token]:
    if not wildcards:
        if text:
            yield text
        return
    for part in re.split(r"([*?])", text):
        if part in ("*", "?"):
            yield Wild(part)
        elif part:
            yield part


class Pattern(msgspec.Struct, frozen=True):
    """A text of a policy, ready to be matched: at once, or after its variables are known."""

    tokens: tuple[Token, ...]
    glob: Glob | None
    exact: str | None

    @classmethod
    def of(cls, text: str, *, variables: bool = True, wildcards: bool = True) -> Pattern:
        """Compiles a text; variables exist in policies of version 2012-10-17 alone."""
        tokens = tokens_of(text, variables=variables, wildcards=wildcards)
        fixed = _without_variables(tokens)
        if fixed is None:
            return cls(tokens, None, None)
        if all(isinstance(token, str) for token in fixed):
            return cls(tokens, None, "".join(token for token in fixed if isinstance(token, str)))
        return cls(tokens, compile_glob(fixed), None)

    def matches(self, text: str, lookup: Lookup) -> bool:
        """Whether the text matches; never, where a variable has no single value."""
        if self.exact is not None:
            return text == self.exact
        if self.glob is not None:
            return self.glob.matches(text)
        fixed = self.resolved(lookup)
        return fixed is not None and compile_glob(fixed).matches(text)

    def resolved(self, lookup: Lookup) -> tuple[str | Wild, ...] | None:
        """The tokens with the request's values for the variables; None if one of them has none."""
        fixed: list[str | Wild] = []
        for token in self.tokens:
            if not isinstance(token, Variable):
                fixed.append(token)
                continue
            value = lookup(token.key)
            known = value if isinstance(value, str) else token.default if value is None else None
            if known is None:
                return None
            fixed.append(known)
        return tuple(fixed)


def _without_variables(tokens: tuple[Token, ...]) -> tuple[str | Wild, ...] | None:
    fixed = tuple(token for token in tokens if not isinstance(token, Variable))
    return fixed if len(fixed) == len(tokens) else None
