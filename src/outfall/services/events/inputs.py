"""What a target receives: the event, a constant, a part of the event, or a template filled from it.

Rule: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html and
[LS:TestInputTransformer, LS:TestInputPath].
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec

from outfall.services.events.model import Event, Rule, RuleTarget

_placeholder = re.compile(r"<([A-Za-z0-9_.\-]+)>")
_string_or_placeholder = re.compile(r'"(?:[^"\\]|\\.)*"|<[A-Za-z0-9_.\-]+>')
_step = re.compile(r"\.([^.\[\]]+)|\[(\d+|\*)\]|\[['\"]([^'\"]+)['\"]\]")

RESERVED = (
    "aws.events.rule-arn",
    "aws.events.rule-name",
    "aws.events.event.ingestion-time",
    "aws.events.event",
    "aws.events.event.json",
)
"""Variables that every template may use without defining them."""

_NOTHING = object()


def body_for(rule: Rule, target: RuleTarget, event: Event) -> str:
    """The text that this target receives of this event."""
    if target.input is not None:
        return target.input
    if target.input_path is not None:
        found = select(target.input_path, event.fields)
        return "null" if found is _NOTHING else _json(found)  # What AWS sends for a path that leads nowhere: not known.
    if target.template is not None:
        return _fill(target.template, _variables(rule, target, event))
    return event.text


def placeholders(template: str) -> list[str]:
    """The names of the variables in a template, in order."""
    return _placeholder.findall(template)


def is_path(text: str) -> bool:
    """Whether this is a JSON path of the kind that EventBridge knows: names, indexes, wildcards."""
    return text.startswith("$") and not _step.sub("", text[1:])


def select(path: str, value: Any) -> Any:
    """What lies at a JSON path (a list of all of it where the path has a wildcard); `_NOTHING` if nothing does."""
    many = False
    found = [value]
    for name, index, quoted in _step.findall(path[1:]):
        below: list[Any] = []
        for one in found:
            if index == "*":
                many = True
                below += one if isinstance(one, list) else one.values() if isinstance(one, dict) else ()
            elif index:
                below += one[int(index) : int(index) + 1] if isinstance(one, list) else ()
            elif name == "*":
                many = True
                below += one.values() if isinstance(one, dict) else one if isinstance(one, list) else ()
            elif isinstance(one, dict) and (name or quoted) in one:
                below.append(one[name or quoted])
        found = below
    if many:
        return found
    return found[0] if found else _NOTHING


def _variables(rule: Rule, target: RuleTarget, event: Event) -> Callable[[str], Any]:
    """The value of a variable by its name; `_NOTHING` where the event has none."""
    fields = event.fields
    paths = target.paths or {}

    def value(name: str) -> Any:
        if name == "aws.events.rule-arn":
            return rule.arn
        if name == "aws.events.rule-name":
            return rule.name
        if name == "aws.events.event.ingestion-time":
            return second(event.ingested_ms)
        if name == "aws.events.event":
            shown = {("detailType" if key == "detail-type" else key): one for key, one in fields.items()}
            shown.pop("detail", None)
            return shown
        if name == "aws.events.event.json":
            return msgspec.Raw(event.text.encode())
        return select(paths[name], fields) if name in paths else _NOTHING

    return value


def _fill(template: str, value: Callable[[str], Any]) -> str:
    """Values stand as JSON where the template is JSON, and as bare text within strings; what is missing is empty."""
    as_json = template.lstrip()[:1] in ("{", "[", "<")

    def bare(found: re.Match[str]) -> str:
        one = value(found[1])
        return "" if one is _NOTHING else one if isinstance(one, str) else _json(one)

    def each(found: re.Match[str]) -> str:
        if found[0].startswith('"'):
            return _placeholder.sub(bare, found[0])
        one = value(found[0][1:-1])
        if not as_json:
            return "" if one is _NOTHING else one if isinstance(one, str) else _json(one)
        return '""' if one is _NOTHING else _json(one)

    return _string_or_placeholder.sub(each, template)


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def second(at_ms: int) -> str:
    """`2025-11-24T22:21:20Z`: times in events have whole seconds."""
    return f"{datetime.fromtimestamp(at_ms // 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"


def event_time_ms(fields: dict[str, Any], otherwise_ms: int) -> int:
    """The `time` of an event in milliseconds; `otherwise_ms` where it has none."""
    try:
        return int(datetime.fromisoformat(str(fields.get("time"))).timestamp() * 1000)
    except (ValueError, OverflowError):
        return otherwise_ms
