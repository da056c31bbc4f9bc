"""`wildcard` in event patterns: literal parts around `*`."""

from __future__ import annotations

from outfall.core.pattern_reader import Reader, Token


def wildcard_parts(reader: Reader, text: str, token: Token) -> tuple[str, ...]:
    """The literal parts between the `*` of a wildcard; `\\*` and `\\\\` stand for themselves. Positions in complaints
    count the quote before the text. [LS:content_wildcard_repeating_star_EXC]"""
    parts, at = [""], 0
    while at < len(text):
        char = text[at]
        if char == "\\":
            if text[at + 1 : at + 2] not in ("*", "\\"):
                reader.fail(f"Invalid escape character at pos {at + 1}", token, looked_into=True)
            parts[-1] += text[at + 1]
            at += 2
            continue
        if char == "*":
            if text[at + 1 : at + 2] == "*":
                reader.fail(f"Consecutive wildcard characters at pos {at + 1}", token, looked_into=True)
            parts.append("")
        else:
            parts[-1] += char
        at += 1
    return tuple(parts)


def wildcard_matches(parts: tuple[str, ...], value: str) -> bool:
    """Whether these parts stand in a text in this order, the first at its begin and the last at its end."""
    first, last = parts[0], parts[-1]
    if len(parts) == 1:
        return value == first
    if len(value) < len(first) + len(last) or not value.startswith(first) or not value.endswith(last):
        return False
    at, end = len(first), len(value) - len(last)
    for part in parts[1:-1]:
        found = value.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return True
