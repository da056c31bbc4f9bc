"""Patterns that choose among things that happen. So far: the names of S3 events and the key filters of notifications.

Rule: https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html
"""

from __future__ import annotations

from collections.abc import Iterable


def s3_event_matches(pattern: str, event: str) -> bool:
    """Whether `pattern` (`s3:ObjectCreated:*` or the name of one event) includes `event`, both with `s3:`."""
    return event.startswith(pattern[:-1]) if pattern.endswith("*") else event == pattern


def s3_events_meet(first: Iterable[str], second: Iterable[str]) -> bool:
    """Whether an event of one list includes an event of the other."""
    others = tuple(second)
    return any(s3_event_matches(a, b) or s3_event_matches(b, a) for a in first for b in others)


def s3_key_matches(key: str, prefix: str, suffix: str) -> bool:
    """Whether a key (not URL-encoded) begins and ends so. There are no wildcards."""
    return key.startswith(prefix) and key.endswith(suffix)


def s3_filters_meet(first: tuple[str, str], second: tuple[str, str]) -> bool:
    """Whether two (prefix, suffix) filters could let the same key through, as S3 judges it: one prefix begins with the
    other, and one suffix ends with the other."""
    (prefix_a, suffix_a), (prefix_b, suffix_b) = first, second
    prefixes = prefix_a.startswith(prefix_b) or prefix_b.startswith(prefix_a)
    return prefixes and (suffix_a.endswith(suffix_b) or suffix_b.endswith(suffix_a))
