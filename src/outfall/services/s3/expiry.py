"""When the lifecycle of a bucket removes what: which rule holds for an object, and at what time. Pure reckoning.

Rules: https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html (days are counted from the
creation and rounded up to the next midnight UTC) and the recordings [LS:TestS3BucketLifecycle].
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from outfall.services.s3.model import Bucket, LifecycleRule, Pairs, Version

DAY_MS = 86_400_000
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def midnight_after(at_ms: int, days: int) -> int:
    """So many days later, rounded up to the next midnight UTC."""
    return -(-(at_ms + days * DAY_MS) // DAY_MS) * DAY_MS


def holds_for(rule: LifecycleRule, key: str, size: int, tags: Pairs) -> bool:
    """Whether a rule's filter lets an object in."""
    if not key.startswith(rule.prefix) or size <= rule.larger_than:
        return False
    if 0 <= rule.smaller_than <= size:
        return False
    return not rule.tags or set(rule.tags) <= set(tags)


def expires_ms(rule: LifecycleRule, version: Version) -> int | None:
    """When a rule removes a current version; None if it does not."""
    if rule.days:
        return midnight_after(version.modified_ms, rule.days)
    return rule.date_ms or None


def expiring_rule(bucket: Bucket, key: str, version: Version) -> tuple[int, LifecycleRule] | None:
    """The first rule to remove a current version, and when."""
    found: tuple[int, LifecycleRule] | None = None
    for rule in bucket.lifecycle:
        due_ms = expires_ms(rule, version)
        if due_ms is None or (found is not None and found[0] <= due_ms):
            continue
        if holds_for(rule, key, version.size, version.attributes.tags):
            found = due_ms, rule
    return found


def expiration(bucket: Bucket, key: str, version: Version) -> dict[str, Any]:
    """The member `Expiration` of answers about a current version, if a rule will remove it."""
    if not bucket.lifecycle:
        return {}
    found = expiring_rule(bucket, key, version)
    if found is None:
        return {}
    return {"Expiration": f'expiry-date="{http_date(found[0])}", rule-id="{found[1].id}"'}


def abortion(bucket: Bucket, key: str, initiated_ms: int) -> dict[str, Any]:
    """The members `AbortDate` and `AbortRuleId` of answers about an upload that a rule will abort."""
    found = aborting_rule(bucket, key, initiated_ms)
    return {"AbortDate": found[0], "AbortRuleId": found[1].id} if found else {}


def aborting_rule(bucket: Bucket, key: str, initiated_ms: int) -> tuple[int, LifecycleRule] | None:
    """The first rule to abort an upload in parts, and when."""
    found = [
        (midnight_after(initiated_ms, rule.abort_days), rule)
        for rule in bucket.lifecycle
        if rule.abort_days and key.startswith(rule.prefix)
    ]
    return min(found, key=lambda one: one[0], default=None)


def http_date(at_ms: int) -> str:
    """A date as HTTP writes it, whatever the locale."""
    moment = datetime.fromtimestamp(at_ms // 1000, UTC)
    day, month = WEEKDAYS[moment.weekday()], MONTHS[moment.month - 1]
    return f"{day}, {moment.day:02d} {month} {moment.year:04d} {moment:%H:%M:%S} GMT"
