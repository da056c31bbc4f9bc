"""The lifecycle configuration of a bucket: what may be put, and what is made of it. What it does is in `aging.py`.

Rules: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLifecycleConfiguration.html and the recordings
[LS:TestS3BucketLifecycle].
"""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime
from typing import Any

from msgspec.structs import replace

from outfall.core.service import Call, Operation, Output, Request, operation
from outfall.services.s3 import aging, documents, errors
from outfall.services.s3.access import bucket_arn, require
from outfall.services.s3.expiry import DAY_MS
from outfall.services.s3.model import BUCKETS, LifecycleRule, Move

KIND = "lifecycle"
RULES_MAX = 1000
ID_LENGTH_MAX = 255
SIZE_MAX = 50 * 1024**4
DEFAULT_MINIMUM = "all_storage_classes_128K"
MINIMUMS = (DEFAULT_MINIMUM, "varies_by_storage_class")
ACTIONS = (
    "Expiration",
    "Transitions",
    "NoncurrentVersionTransitions",
    "NoncurrentVersionExpiration",
    "AbortIncompleteMultipartUpload",
)
COLDER = ("GLACIER", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "DEEP_ARCHIVE", "GLACIER_IR")
DAYS_MIN = {"STANDARD_IA": 30, "ONEZONE_IA": 30}
Rule = dict[str, Any]


@operation("PutBucketLifecycleConfiguration", action="s3:PutLifecycleConfiguration", resource=bucket_arn)
def put_bucket_lifecycle_configuration(call: Call, request: Request) -> Output:
    """Replaces the rules. Errors: MalformedXML, InvalidRequest, InvalidArgument."""
    bucket = require(call, request)
    minimum = request.get("TransitionDefaultMinimumObjectSize") or DEFAULT_MINIMUM
    if minimum not in MINIMUMS:
        raise errors.InvalidRequest(f"Invalid TransitionDefaultMinimumObjectSize found: {minimum}")
    rules: list[Rule] = (request.get("LifecycleConfiguration") or {}).get("Rules") or []
    if not 1 <= len(rules) <= RULES_MAX:
        raise errors.MalformedXML
    kept = [_checked(call, rule) for rule in rules]
    _check_together(kept)
    documents.keep(call.tx, bucket.name, KIND, {"Rules": kept, "TransitionDefaultMinimumObjectSize": minimum})
    ready = tuple(_ready(rule) for rule in kept if rule["Status"] == "Enabled")
    changed = replace(bucket, lifecycle=ready)
    call.tx.put(BUCKETS, (bucket.name,), changed)
    if not bucket.lifecycle and ready:
        aging.begin(call, changed)
    return {"TransitionDefaultMinimumObjectSize": minimum}


@operation("GetBucketLifecycleConfiguration", action="s3:GetLifecycleConfiguration", resource=bucket_arn)
def get_bucket_lifecycle_configuration(call: Call, request: Request) -> Output:
    """The rules as they were put, each with an ID. Errors: NoSuchLifecycleConfiguration."""
    return documents.required(call.tx, require(call, request), KIND, errors.NoSuchLifecycleConfiguration)


@operation("DeleteBucketLifecycle", action="s3:PutLifecycleConfiguration", resource=bucket_arn)
def delete_bucket_lifecycle(call: Call, request: Request) -> Output:
    """Removes the rules, if there are any."""
    bucket = require(call, request)
    documents.drop(call.tx, bucket.name, KIND)
    call.tx.put(BUCKETS, (bucket.name,), replace(bucket, lifecycle=()))
    return None


def _check_together(rules: list[Rule]) -> None:
    if len({rule["ID"] for rule in rules}) != len(rules):
        raise errors.InvalidArgument("Rule ID must be unique. Found same ID for more than one rule")
    forms = ["Filter" in rule for rule in rules]
    if any(forms) and not all(forms):
        raise errors.InvalidRequest(
            "Base level prefix cannot be used in Lifecycle V2, prefixes are only supported in the Filter."
            if forms[0]
            else "Filter element can only be used in Lifecycle V2."
        )


def _checked(call: Call, rule: Rule) -> Rule:
    """A rule in the order in which S3 tells it, with an ID. Errors: MalformedXML, InvalidRequest, InvalidArgument."""
    name = rule.get("ID") or b64encode(call.ids.uuid().encode()).decode()
    if len(name) > ID_LENGTH_MAX:
        raise errors.InvalidArgument("ID length should not exceed allowed limit of 255", ArgumentName="ID")
    if rule.get("Status") not in ("Enabled", "Disabled") or ("Filter" in rule) == ("Prefix" in rule):
        raise errors.MalformedXML
    if not any(rule.get(action) is not None for action in ACTIONS):
        raise errors.InvalidRequest("At least one action needs to be specified in a rule")
    _check_filter(rule)
    _check_expiration(rule)
    _check_noncurrent(rule)
    for one in (*(rule.get("Transitions") or ()), *(rule.get("NoncurrentVersionTransitions") or ())):
        _check_transition(one)
    _check_order(rule)
    told = {"ID": name}
    told |= {member: rule[member] for member in ("Filter", "Prefix", "Status") if member in rule}
    return told | {action: rule[action] for action in ACTIONS if rule.get(action) is not None}


def _predicates(rule: Rule) -> dict[str, Any]:
    """Prefix, tags and sizes of a rule, wherever they stand."""
    chosen = rule.get("Filter") or {}
    inner = dict(chosen.get("And") or chosen)
    if "Tag" in inner:
        inner["Tags"] = [inner.pop("Tag")]
    if "Prefix" in rule:
        inner["Prefix"] = rule["Prefix"]
    return inner


def _check_filter(rule: Rule) -> None:
    chosen = rule.get("Filter") or {}
    if len(chosen) > 1:
        raise errors.MalformedXML
    if "And" in chosen:
        inner = chosen["And"] or {}
        count = len(inner.get("Tags") or ()) + sum(1 for name in inner if name != "Tags")
        if count < 2:
            raise errors.MalformedXML
    told = _predicates(rule)
    keys = [tag["Key"] for tag in told.get("Tags") or ()]
    if len(set(keys)) != len(keys):
        raise errors.InvalidRequest("Duplicate Tag Keys are not allowed.")
    larger, smaller = told.get("ObjectSizeGreaterThan"), told.get("ObjectSizeLessThan")
    if smaller is not None and not 1 <= smaller <= SIZE_MAX:
        raise errors.InvalidRequest("'ObjectSizeLessThan' should be between 1 and 1099511627776000.")
    if larger is not None and not 0 <= larger <= SIZE_MAX:
        raise errors.InvalidRequest("'ObjectSizeGreaterThan' should be between 0 and 1099511627776000.")
    if larger is not None and smaller is not None and smaller <= larger:
        raise errors.InvalidRequest("'ObjectSizeLessThan' has to be a value greater than 'ObjectSizeGreaterThan'.")
    sized = larger is not None or smaller is not None
    markers = "ExpiredObjectDeleteMarker" in (rule.get("Expiration") or {})
    for present, named in (
        (rule.get("AbortIncompleteMultipartUpload") is not None, "AbortIncompleteMultipartUpload"),
        (markers, "ExpiredObjectDeleteMarker"),
    ):
        if present and keys:
            raise errors.InvalidRequest(f"{named} cannot be specified with Tags.")
        if present and sized:
            raise errors.InvalidRequest(f"{named} cannot be specified with Object Size.")


def _check_expiration(rule: Rule) -> None:
    expiration = rule.get("Expiration")
    if expiration is not None:
        if len(expiration) != 1:
            raise errors.MalformedXML
        _check_positive(expiration.get("Days"), "'Days' for Expiration action")
        _check_midnight(expiration.get("Date"))
    abort = rule.get("AbortIncompleteMultipartUpload")
    if abort is not None:
        if abort.get("DaysAfterInitiation") is None:
            raise errors.MalformedXML
        _check_positive(abort["DaysAfterInitiation"], "'DaysAfterInitiation' for AbortIncompleteMultipartUpload action")


def _check_noncurrent(rule: Rule) -> None:
    given = rule.get("NoncurrentVersionExpiration")
    if given is None:
        return
    if given.get("NoncurrentDays") is None:
        raise errors.MalformedXML
    _check_positive(given["NoncurrentDays"], "'NoncurrentDays' for NoncurrentVersionExpiration action")
    if given.get("NewerNoncurrentVersions") is not None:
        if "Filter" not in rule:
            raise errors.InvalidRequest("NewerNoncurrentVersions element can only be used in Lifecycle V2.")
        _check_positive(
            given["NewerNoncurrentVersions"], "'NewerNoncurrentVersions' for NoncurrentVersionExpiration action"
        )


def _check_transition(one: Rule) -> None:
    days = one.get("Days", one.get("NoncurrentDays"))
    named = one.get("StorageClass")
    if named not in COLDER or (days is None) == (one.get("Date") is None):
        raise errors.MalformedXML
    _check_midnight(one.get("Date"))
    if days is None:
        return
    kind = "'NoncurrentDays' in NoncurrentVersionTransition" if "NoncurrentDays" in one else "'Days' in Transition"
    if days < 0:
        raise errors.InvalidArgument(f"{kind} action must be nonnegative")
    if days < DAYS_MIN.get(named, 0):
        raise errors.InvalidArgument(
            f"{kind} action must be greater than or equal to {DAYS_MIN[named]} for storageClass '{named}'"
        )


def _check_order(rule: Rule) -> None:
    """An object can move to a class once, and not after it is gone. Errors: InvalidRequest, InvalidArgument."""
    moves, expiration = rule.get("Transitions") or [], rule.get("Expiration") or {}
    where = f"prefix '{rule['Prefix']}'" if "Prefix" in rule else f"filter '({_spelled(rule)})'"
    classes = [one["StorageClass"] for one in moves]
    if len(set(classes)) != len(classes):
        raise errors.InvalidRequest(
            f"'StorageClass' must be different for 'Transition' actions in same 'Rule' with {where}"
        )
    timed = [one for one in (*moves, expiration) if "Days" in one or "Date" in one]
    if moves and len({"Date" in one for one in timed}) > 1:
        raise errors.InvalidRequest(
            "Found mixed 'Date' and 'Days' based Expiration and Transition actions in lifecycle rule for " + where
        )
    for kind in ("Days", "Date"):
        if kind in expiration and any(one[kind] >= expiration[kind] for one in moves):
            later = "greater" if kind == "Days" else "later"
            raise errors.InvalidArgument(
                f"'{kind}' in the Expiration action for {where} must be {later} than '{kind}' in the Transition action"
            )


def _spelled(rule: Rule) -> str:
    """A filter as errors name it."""
    told = _predicates(rule)
    parts = [f"prefix={told['Prefix']}"] if "Prefix" in told else []
    return " and ".join(parts + [f"{tag['Key']}={tag.get('Value') or ''}" for tag in told.get("Tags") or ()])


def _check_positive(value: int | None, what: str) -> None:
    if value is not None and value < 1:
        raise errors.InvalidArgument(f"{what} must be a positive integer")


def _check_midnight(at_ms: int | None) -> None:
    if at_ms is not None and at_ms % DAY_MS:
        at = datetime.fromtimestamp(at_ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        raise errors.InvalidArgument("'Date' must be at midnight GMT", ArgumentName="Date", ArgumentValue=at)


def _ready(rule: Rule) -> LifecycleRule:
    """A rule as objects are judged by it."""
    told, expiration = _predicates(rule), rule.get("Expiration") or {}
    noncurrent = rule.get("NoncurrentVersionExpiration") or {}
    return LifecycleRule(
        rule["ID"],
        told.get("Prefix") or "",
        tuple((tag["Key"], tag.get("Value") or "") for tag in told.get("Tags") or ()),
        _or(told.get("ObjectSizeGreaterThan"), -1),
        _or(told.get("ObjectSizeLessThan"), -1),
        expiration.get("Days") or 0,
        expiration.get("Date") or 0,
        bool(expiration.get("ExpiredObjectDeleteMarker")),
        noncurrent.get("NoncurrentDays") or 0,
        noncurrent.get("NewerNoncurrentVersions") or 0,
        (rule.get("AbortIncompleteMultipartUpload") or {}).get("DaysAfterInitiation") or 0,
        tuple(
            Move(one["StorageClass"], _or(one.get("Days"), -1), one.get("Date") or 0)
            for one in rule.get("Transitions") or ()
        ),
        tuple(
            Move(one["StorageClass"], one["NoncurrentDays"], 0, one.get("NewerNoncurrentVersions") or 0)
            for one in rule.get("NoncurrentVersionTransitions") or ()
        ),
    )


def _or(value: int | None, other: int) -> int:
    return other if value is None else value


OPERATIONS: tuple[Operation, ...] = (
    put_bucket_lifecycle_configuration,
    get_bucket_lifecycle_configuration,
    delete_bucket_lifecycle,
)
