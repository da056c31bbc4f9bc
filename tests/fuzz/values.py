"""Inputs drawn from an operation's model: what it allows, what lies on the edge, and what it forbids."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from botocore.model import Shape
from hypothesis import strategies as st

DEPTH_MAX = 4
"""Structures and lists deeper than this stay empty, unless they are required."""

ODD = [
    "",
    " ",
    "a",
    "ü",
    "\u2028",
    "a" * 300,
    "../../etc/passwd",
    "%00",
    "a/b",
    "arn:aws:x",
    "-1",
    "null",
    "{}",
    "$[",
    "*",
]
READABLE = st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff")
"""Characters that XML can carry. S3 writes others into its answers all the same, as AWS does; botocore reads none of
those, and therefore asks for keys that are encoded."""
WHEN = datetime(2026, 11, 24, tzinfo=UTC)

KNOWN: dict[str, list[Any]] = {
    "AlarmNames": [["fuzz"]],
    "Bucket": ["fuzz-bucket", "fuzz-other"],
    "CopySource": ["fuzz-bucket/key", {"Bucket": "fuzz-bucket", "Key": "key"}],
    "EventBusName": ["default", "fuzz"],
    "EventSourceArn": ["arn:aws:sqs:us-east-1:000000000000:fuzz"],
    "FunctionName": ["fuzz", "arn:aws:lambda:us-east-1:000000000000:function:fuzz"],
    "GroupName": ["fuzz"],
    "Key": ["key", "a/b c.txt"],
    "PolicyArn": ["arn:aws:iam::000000000000:policy/fuzz"],
    "PolicyName": ["fuzz"],
    "QueueName": ["fuzz", "fuzz.fifo"],
    "QueueUrl": ["http://sqs.us-east-1.localhost:4566/000000000000/fuzz"],
    "ResourceArn": ["arn:aws:sns:us-east-1:000000000000:fuzz", "arn:aws:events:us-east-1:000000000000:rule/fuzz"],
    "RoleName": ["fuzz"],
    "Rule": ["fuzz"],
    "TopicArn": ["arn:aws:sns:us-east-1:000000000000:fuzz"],
    "UserName": ["fuzz"],
    "logGroupName": ["fuzz"],
    "logStreamName": ["fuzz"],
}
"""Names under which something is there, so that not every request ends at the first look-up."""

FIXED: dict[str, st.SearchStrategy[Any]] = {
    # A valid wait would be waited for.
    "WaitTimeSeconds": st.sampled_from([0, -1, 21, 2**31]),
}


def values(shape: Shape, name: str = "", depth: int = 0) -> st.SearchStrategy[Any]:
    """Values of a shape, mostly good ones; `name` is the member's."""
    if name in FIXED:
        return FIXED[name]
    of_type = _OF_TYPE.get(shape.type_name)
    made = of_type(shape, depth) if of_type else SCALARS[shape.type_name]
    known = KNOWN.get(name)
    return st.one_of(st.sampled_from(known), st.sampled_from(known), made) if known else made


def _structure(shape: Any, depth: int) -> st.SearchStrategy[Any]:
    required = [name for name in shape.members if name in shape.required_members]
    others = [name for name in shape.members if name not in shape.required_members] if depth < DEPTH_MAX else []
    if getattr(shape, "is_tagged_union", False):
        one = st.sampled_from(sorted(shape.members))
        return one.flatmap(lambda name: st.fixed_dictionaries({name: values(shape.members[name], name, depth + 1)}))
    chosen = st.lists(st.sampled_from(others), unique=True, max_size=4) if others else st.just([])

    def of(optional: list[str]) -> st.SearchStrategy[Any]:
        members = {name: values(shape.members[name], name, depth + 1) for name in [*required, *optional]}
        return st.fixed_dictionaries(members)

    return chosen.flatmap(of)


def _list(shape: Any, depth: int) -> st.SearchStrategy[Any]:
    least = int(shape.metadata.get("min", 0)) if shape.metadata.get("min", 0) <= 3 else 0
    most = max(least, 0 if depth >= DEPTH_MAX else 3)
    return st.lists(values(shape.member, "", depth + 1), min_size=least, max_size=most)


def _map(shape: Any, depth: int) -> st.SearchStrategy[Any]:
    most = 0 if depth >= DEPTH_MAX else 3
    return st.dictionaries(values(shape.key, "", depth + 1), values(shape.value, "", depth + 1), max_size=most)


def _string(shape: Any, depth: int) -> st.SearchStrategy[str]:
    if shape.enum:
        return st.one_of(st.sampled_from(list(shape.enum)), st.sampled_from(list(shape.enum)), st.sampled_from(ODD))
    least, most = int(shape.metadata.get("min", 0)), int(shape.metadata.get("max", 40))
    plain = st.text(
        "abcdefghijklmnopqrstuvwxyz0123456789-", min_size=min(least, 300) or 1, max_size=max(least, min(most, 40), 1)
    )
    return st.one_of(plain, plain, plain, st.sampled_from(ODD), st.text(READABLE, max_size=20))


def _integer(shape: Any, depth: int) -> st.SearchStrategy[int]:
    least, most = int(shape.metadata.get("min", 0)), int(shape.metadata.get("max", 1000))
    edges = [least, most, least - 1, most + 1, 0, -1, 2**31 - 1]
    return st.one_of(st.integers(least, max(least, most)), st.sampled_from(edges))


SCALARS: dict[str, st.SearchStrategy[Any]] = {
    "blob": st.sampled_from([b"", b"{}", b'{"a": 1}', b"\x00\xff", b"x" * 1000]),
    "boolean": st.booleans(),
    "double": st.sampled_from([0.0, 1.5, -1.0, 1e300]),
    "float": st.sampled_from([0.0, 1.5, -1.0, 1e300]),
    "timestamp": st.sampled_from([WHEN, datetime(1970, 1, 1, tzinfo=UTC), datetime(2999, 1, 1, tzinfo=UTC)]),
}
"""Values of the types that have no constraints."""

_OF_TYPE: dict[str, Callable[[Any, int], st.SearchStrategy[Any]]] = {
    "structure": _structure,
    "list": _list,
    "map": _map,
    "string": _string,
    "character": _string,
    "integer": _integer,
    "long": _integer,
}


def breaches(shape: Any) -> dict[str, Any]:
    """For each member of an input with a constraint, a value that breaks it."""
    found: dict[str, Any] = {}
    for name, member in shape.members.items():
        breach = _breach(member)
        if breach is not None:
            found[name] = breach
    return found


def _breach(shape: Any) -> Any:
    meta = shape.metadata
    if shape.type_name in ("integer", "long"):
        return meta["max"] + 1 if "max" in meta else meta["min"] - 1 if "min" in meta else None
    if shape.type_name != "string":
        return None
    if shape.enum:
        return "no-such-value"
    if "max" in meta and meta["max"] < 5000:
        return "a" * (meta["max"] + 1)
    pattern = meta.get("pattern")
    try:
        return "\u00fc \n?" if pattern and not re.fullmatch(pattern, "\u00fc \n?") else None
    except re.error:
        return None
