"""Pages of keys: the one loop behind every listing, and ListObjects and ListObjectsV2.

A page costs as much as it is long, however large the bucket is: past a common prefix the scan begins anew.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import quote_plus

import msgspec

from outfall.core.effects import Respond
from outfall.core.ports import Table, Tx
from outfall.core.s3ids import canonical_user_id
from outfall.core.service import Call, Operation, Output, Request, operation
from outfall.services.s3 import acl, errors
from outfall.services.s3.access import bucket_arn, charged, listing_keys, require
from outfall.services.s3.attributes import quoted
from outfall.services.s3.model import OBJECTS, Attributes, Bucket, Version
from outfall.services.s3.tokens import from_token, to_token

KEYS_PER_PAGE_MAX = 1000
_PLAIN = re.compile(r"[A-Za-z0-9_.\-*/]*").fullmatch
T = TypeVar("T")


class Page(msgspec.Struct, frozen=True):
    """Keys and common prefixes, each in order. `last` is the last of both, if there is more to come; else empty."""

    entries: tuple[tuple[str, Version], ...]
    prefixes: tuple[str, ...]
    last: str


def page_of(tx: Tx, table: Table[Version], bucket: str, *, prefix: str, delimiter: str, after: str, limit: int) -> Page:
    """Up to `limit` keys and common prefixes after `after`. A common prefix counts as one and is not entered."""
    entries: list[tuple[str, Version]] = []
    prefixes: list[str] = []
    start = _beginning(prefix, delimiter, after)
    last = ""
    while start is not None and limit > 0:
        resume: str | None = None
        rest = limit - len(entries) - len(prefixes)
        for (_, key), version in tx.scan(table, (bucket,), start=(start,), starts_with=prefix, limit=rest + 1):
            if len(entries) + len(prefixes) == limit:
                return Page(tuple(entries), tuple(prefixes), last)
            common = common_prefix(key, prefix, delimiter)
            last = common or key
            if common:
                prefixes.append(common)
                resume = behind(common)
                break
            entries.append((key, version))
        start = resume
    return Page(tuple(entries), tuple(prefixes), "")


def _beginning(prefix: str, delimiter: str, after: str) -> str | None:
    """Where a scan begins that comes after `after`: behind it, or behind all it stands for if a common prefix."""
    if not after:
        return prefix
    if common_prefix(after, prefix, delimiter) == after:
        return behind(after)
    return max(prefix, after + "\0")


def common_prefix(key: str, prefix: str, delimiter: str) -> str:
    """The part of a key that ends at the first delimiter behind the prefix; empty if there is none."""
    if not delimiter or not key.startswith(prefix):
        return ""
    at = key.find(delimiter, len(prefix))
    return key[: at + len(delimiter)] if at >= 0 else ""


def behind(text: str) -> str | None:
    """The least text that is greater than all that begin with `text`; None if there is none."""
    while text:
        point = ord(text[-1]) + 1
        if 0xD800 <= point <= 0xDFFF:
            point = 0xE000
        if point <= 0x10FFFF:
            return text[:-1] + chr(point)
        text = text[:-1]
    return None


def page_limit(request: Request, name: str = "MaxKeys", argument: str = "maxKeys") -> int:
    """How many entries a page may have, 1,000 at most. Errors: InvalidArgument."""
    limit = count(request.get(name), argument)
    return KEYS_PER_PAGE_MAX if limit is None else min(limit, KEYS_PER_PAGE_MAX)


def count(given: int | None, argument: str) -> int | None:
    """A number that counts; None where none is given. Errors: InvalidArgument."""
    if given is not None and not 0 <= given <= 2**31 - 1:
        raise errors.InvalidArgument(
            f"Argument {argument} must be an integer between 0 and 2147483647",
            ArgumentName=argument,
            ArgumentValue=str(given),
        )
    return given


def encoder(request: Request) -> Callable[[str], str]:
    """How keys are written, as EncodingType says. Errors: InvalidArgument."""
    kind = request.get("EncodingType")
    if kind is not None and kind.lower() != "url":
        raise errors.InvalidArgument(
            "Invalid Encoding Method specified in Request", ArgumentName="encoding-type", ArgumentValue=kind
        )
    return _in_url if kind else (lambda text: text)


def _in_url(text: str) -> str:
    """As a form of the web writes it (Java's `URLEncoder`), with slashes left as they are."""
    return text if _PLAIN(text) else quote_plus(text, safe="/*").replace("~", "%7E")


def restore_status(call: Call, request: Request, version: Version) -> dict[str, Any]:
    """The member `RestoreStatus` of an entry, for who asks for it, where an archived object was restored."""
    if version.restored_until_ms <= call.now or "RestoreStatus" not in (request.get("OptionalObjectAttributes") or ()):
        return {}
    return {"RestoreStatus": {"IsRestoreInProgress": False, "RestoreExpiryDate": version.restored_until_ms}}


def owner_of(bucket: Bucket, attributes: Attributes) -> dict[str, str]:
    """Who owns an object: its writer, where ACLs are on and the writer kept it, else the bucket's owner."""
    writer = "" if bucket.ownership == acl.ENFORCED else attributes.owner
    return {"ID": canonical_user_id(writer or bucket.account)}


def in_region(call: Call, bucket: Bucket, output: dict[str, Any]) -> Output:
    """The answer to a listing, whose head tells where the bucket is."""
    return Respond(output | charged(call, bucket), headers=(("x-amz-bucket-region", bucket.region),))


def _contents(
    call: Call, request: Request, page: Page, bucket: Bucket, write: Callable[[str], str], *, owner: bool
) -> dict[str, Any]:
    contents = []
    for key, version in page.entries:
        told: dict[str, Any] = {
            "Key": write(key),
            "LastModified": version.modified_ms // 1000 * 1000,
            "ETag": quoted(version.etag),
        }
        if version.checksums:
            told["ChecksumAlgorithm"] = [name for name, _ in version.checksums]
            told["ChecksumType"] = version.checksum_type
        told["Size"] = version.size
        if owner:
            told["Owner"] = owner_of(bucket, version.attributes)
        told["StorageClass"] = version.attributes.storage_class
        contents.append(told | restore_status(call, request, version) if version.restored_until_ms else told)
    told_page: dict[str, Any] = {"Contents": contents} if contents else {}
    if page.prefixes:
        told_page["CommonPrefixes"] = [{"Prefix": write(prefix)} for prefix in page.prefixes]
    return told_page


@operation("ListObjects", action="s3:ListBucket", resource=bucket_arn, context=listing_keys)
def list_objects(call: Call, request: Request) -> Output:
    """A page of a bucket's keys after Marker. Errors: InvalidArgument.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjects.html
    """
    bucket, write, limit = require(call, request), encoder(request), page_limit(request)
    prefix, delimiter, marker = (request.get(name) or "" for name in ("Prefix", "Delimiter", "Marker"))
    after = common_prefix(marker, prefix, delimiter) or marker  # A marker within a common prefix stands for all of it.
    page = page_of(call.tx, OBJECTS, bucket.name, prefix=prefix, delimiter=delimiter, after=after, limit=limit)
    output: dict[str, Any] = {"Name": bucket.name, "Prefix": write(prefix), "Marker": write(marker)}
    if page.last and delimiter:
        output["NextMarker"] = write(page.last)
    output["MaxKeys"] = limit
    output |= _asked(request, write)
    output["IsTruncated"] = bool(page.last)
    known = call.principal.kind != "anonymous"  # [LS:test_bucket_name_with_dots]
    return in_region(call, bucket, output | _contents(call, request, page, bucket, write, owner=known))


@operation("ListObjectsV2", action="s3:ListBucket", resource=bucket_arn, context=listing_keys)
def list_objects_v2(call: Call, request: Request) -> Output:
    """A page of a bucket's keys after StartAfter or a continuation token. Errors: InvalidArgument.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
    """
    bucket, write, limit = require(call, request), encoder(request), page_limit(request)
    prefix, delimiter = request.get("Prefix") or "", request.get("Delimiter") or ""
    token = request.get("ContinuationToken")
    after = from_token(token) if token is not None else request.get("StartAfter") or ""
    page = page_of(call.tx, OBJECTS, bucket.name, prefix=prefix, delimiter=delimiter, after=after, limit=limit)
    output: dict[str, Any] = {"Name": bucket.name, "Prefix": write(prefix)}
    if request.get("StartAfter") is not None and token is None:
        output["StartAfter"] = write(request["StartAfter"])
    if token is not None:
        output["ContinuationToken"] = token
    if page.last:
        output["NextContinuationToken"] = to_token(page.last)
    output["KeyCount"] = len(page.entries) + len(page.prefixes)
    output["MaxKeys"] = limit
    output |= _asked(request, write)
    output["IsTruncated"] = bool(page.last)
    output |= _contents(call, request, page, bucket, write, owner=bool(request.get("FetchOwner")))
    return in_region(call, bucket, output)


def _asked(request: Request, write: Callable[[str], str]) -> dict[str, str]:
    told = {"Delimiter": write(request["Delimiter"])} if request.get("Delimiter") else {}
    return told | ({"EncodingType": request["EncodingType"]} if request.get("EncodingType") else {})


OPERATIONS: tuple[Operation, ...] = (list_objects, list_objects_v2)
