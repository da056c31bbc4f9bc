"""Every operation of the services, as botocore itself serialises it, is found again and read back as it was meant."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import Any
from urllib.parse import urlencode

import botocore.session
import pytest
from botocore.model import ServiceModel, Shape
from botocore.serialize import create_serializer

from outfall.wire.codec import parse
from outfall.wire.identify import finish, route
from outfall.wire.message import WireRequest
from outfall.wire.models import Models

SERVICES = frozenset({"s3", "sqs", "lambda", "iam", "sts", "logs"})
AT = datetime(2025, 11, 24, 22, 11, 8, tzinfo=UTC)
AT_MS = 1_764_022_268_000

SHADOWED: dict[tuple[str, str], str] = {
    ("s3", "GetBucketLifecycle"): "GetBucketLifecycleConfiguration",
    ("s3", "GetBucketNotification"): "GetBucketNotificationConfiguration",
    ("s3", "ListDirectoryBuckets"): "ListBuckets",
    ("s3", "PutBucketLifecycle"): "PutBucketLifecycleConfiguration",
    ("s3", "PutBucketNotification"): "PutBucketNotificationConfiguration",
}
"""Operations whose requests are those of another one: the older names, and a list of other buckets on its own host."""


EXPIRES = "Mon, 24 Nov 2025 22:11:08 GMT"
"""S3 keeps the header Expires as the text it is, so in its model it is a string; botocore alone makes a time of it."""


@cache
def described(service: str) -> ServiceModel:
    """botocore's own view of a service."""
    return botocore.session.get_session().get_service_model(service)


def sample(shape: Shape, *, full: bool, depth: int = 0) -> tuple[Any, Any]:
    """A value of the shape as a caller gives it, and as a handler should see it."""
    kind = shape.type_name
    if kind == "structure":
        given, seen = {}, {}
        for name, member in shape.members.items():
            streams = member.serialization.get("eventstream")
            wanted = name in shape.required_members or (full and depth < 4)
            if wanted and not streams:
                given[name], seen[name] = sample(member, full=full, depth=depth + 1)
            if getattr(shape, "is_tagged_union", False) and given:
                break
        return given, seen
    if kind == "list":
        one = sample(shape.member, full=full, depth=depth + 1)
        return [one[0], one[0]], [one[1], one[1]]
    if kind == "map":
        key = sample(shape.key, full=full, depth=depth + 1)[0]
        one = sample(shape.value, full=full, depth=depth + 1)
        return {key: one[0]}, {key: one[1]}
    if kind == "timestamp":
        return AT, AT_MS
    if kind == "blob":
        return b"\x00bytes\xff", b"\x00bytes\xff"
    if kind == "string":
        text = shape.enum[0] if shape.enum else "a b/c+d%e&=ü"
        if shape.serialization.get("location") in ("header", "headers") and not shape.enum:
            text = "text"
        return text, text
    value: Any = {"boolean": True, "float": 1.5, "double": 1.5}.get(kind, 3)
    return value, value


def serialised(service: str, operation: str, given: dict[str, Any], protocol: str | None = None) -> WireRequest:
    """The request that botocore makes, with a scope as a signature would have it."""
    model = described(service)
    one = model.operation_model(operation)
    made = create_serializer(protocol or model.metadata["protocol"], include_validation=False)
    told = made.serialize_to_request(given, one)
    body = told["body"]
    if isinstance(body, dict):
        body = urlencode(body)
    path, _, query = told["url_path"].partition("?")
    query = "&".join(part for part in (query, urlencode(told["query_string"], doseq=True)) if part)
    headers = {name.lower(): str(text) for name, text in told["headers"].items()}
    scope = model.signing_name or service
    headers["authorization"] = f"AWS4-HMAC-SHA256 Credential=AK/20260101/eu-west-1/{scope}/aws4_request, Signature=0"
    return WireRequest(told["method"], path, query, headers, body if isinstance(body, bytes) else body.encode())


def without_empty(value: Any) -> Any:
    """The same without empty structures, which the query protocol has no way to send."""
    if isinstance(value, dict):
        return {key: one for key, one in ((key, without_empty(one)) for key, one in value.items()) if one != {}}
    return value


@pytest.mark.parametrize("full", [False, True], ids=["required", "everything"])
@pytest.mark.parametrize("service", sorted(SERVICES))
def test_it_is_found_and_read_back(service: str, full: bool, models: Models) -> None:
    model = described(service)
    wrong = []
    for name in model.operation_names:
        shape = model.operation_model(name).input_shape
        given, seen = sample(shape, full=full) if shape else ({}, {})
        if service == "s3":
            given, seen = ({**one, "Bucket": "bucket"} if "Bucket" in one else one for one in (given, seen))
            texts = {"Expires": EXPIRES, "ResponseExpires": EXPIRES}
            seen = {**seen, **{name: text for name, text in texts.items() if name in seen}}
        request = serialised(service, name, given)
        made = finish(route(models, request, SERVICES), request.body)
        if (made.service, made.operation, made.region) != (service, SHADOWED.get((service, name), name), "eu-west-1"):
            wrong.append(
                f"{name}: found {made.service}.{made.operation} ({request.method} {request.path}?{request.query})"
            )
        elif (service, name) not in SHADOWED:
            read, seen = without_empty(parse(models, made, request)), without_empty(seen)
            if read != seen:
                differing = {
                    key: (read.get(key), seen.get(key)) for key in read.keys() | seen if read.get(key) != seen.get(key)
                }
                wrong.append(f"{name}: {differing}")
    assert not wrong, "\n".join(wrong)
