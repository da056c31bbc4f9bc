"""What AWS's JSON parser says of a text that it cannot read.

SNS passes the parser's own sentence on to the client. [LS:test_validate_set_sub_attributes,
test_subscribe_invalid_filter_policy]
"""

from __future__ import annotations

import json
import re
from typing import Any

_SOURCE = (
    "\n at [Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: {line}, column: {column}]"
)
_word = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")


class Unreadable(ValueError):
    """The text is no JSON; the message is the parser's."""


def loads(text: str) -> Any:
    """The value of a JSON text; raises `Unreadable`."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise Unreadable(_explain(text, error.pos)) from None
    except (ValueError, RecursionError):
        raise Unreadable("Unexpected end-of-input" + _at(text, len(text))) from None


def _explain(text: str, at: int) -> str:
    before = text[:at].rstrip()
    if at >= len(text):
        return "Unexpected end-of-input" + _at(text, at)
    if before[-1:] == "{" or (before[-1:] == "," and before.count("{") > before.count("}")):
        character = text[at]
        what = f"Unexpected character ('{character}' (code {ord(character)}))"
        return f"{what}: was expecting double-quote to start field name" + _at(text, at + 1)
    word = _word.match(text, at)
    if word is not None:
        expected = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"
        return f"Unrecognized token '{word[0]}': was expecting {expected}" + _at(text, word.end() + 1)
    character = text[at]
    return f"Unexpected character ('{character}' (code {ord(character)}))" + _at(text, at + 1)


def _at(text: str, position: int) -> str:
    line = text.count("\n", 0, position) + 1
    column = position - (text.rfind("\n", 0, position) + 1)
    return _SOURCE.format(line=line, column=max(column, 1))
