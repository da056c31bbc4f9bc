"""ListObjectVersions: versions and delete markers of all keys, newest first within a key."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from outfall.core.ports import Tx
from outfall.core.service import Call, Operation, Output, Request, operation
from outfall.services.s3 import errors, storage
from outfall.services.s3.access import bucket_arn, charged, listing_keys, require
from outfall.services.s3.attributes import quoted
from outfall.services.s3.finding import BAD_VERSION_ID, VERSION_ID
from outfall.services.s3.listing import behind, common_prefix, encoder, owner_of, page_limit, restore_status
from outfall.services.s3.model import NULL_VERSION, OBJECTS, SEQUENCE_MAX, VERSIONS, Bucket, Version, order_of

Listed = tuple[str, Version, bool]


@operation("ListObjectVersions", action="s3:ListBucketVersions", resource=bucket_arn, context=listing_keys)
def list_object_versions(call: Call, request: Request) -> Output:
    """A page of versions after KeyMarker and VersionIdMarker. Errors: InvalidArgument.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html
    """
    bucket, version_marker = require(call, request), _version_marker(request)
    write = encoder(request)
    if (request.get("MaxKeys") or 0) < 0:
        raise errors.InvalidArgument("max-keys cannot be negative", ArgumentName="max-keys")
    limit = page_limit(request)
    prefix, delimiter, marker = (request.get(name) or "" for name in ("Prefix", "Delimiter", "KeyMarker"))
    found: list[Listed | str] = []
    more = False
    for one in _from_marker(call.tx, bucket, prefix, delimiter, marker, version_marker):
        if len(found) == limit:
            more = limit > 0
            break
        found.append(one)
    output: dict[str, Any] = {"Name": bucket.name, "Prefix": write(prefix), "KeyMarker": write(marker)}
    output["VersionIdMarker"] = version_marker
    if more:
        last = found[-1]
        output["NextKeyMarker"] = write(last if isinstance(last, str) else last[0])
        if not isinstance(last, str):
            output["NextVersionIdMarker"] = last[1].id
    output["MaxKeys"] = limit
    for name in ("Delimiter", "EncodingType"):
        if request.get(name):
            output[name] = write(request[name])
    output["IsTruncated"] = more
    output |= charged(call, bucket)
    mixed = Mixed(output)
    for one in found:
        if not isinstance(one, str):
            told = _told(one, bucket, write(one[0])) | restore_status(call, request, one[1])
            mixed.add("DeleteMarkers" if one[1].delete_marker else "Versions", told)
    prefixes = [{"Prefix": write(one)} for one in found if isinstance(one, str)]
    if prefixes:
        mixed["CommonPrefixes"] = prefixes
    return mixed


class Mixed(dict[str, Any]):
    """An output whose lists are written in one row, as they were added: versions and delete markers by their keys."""

    def __init__(self, output: dict[str, Any]) -> None:
        super().__init__(output)
        self._row: list[tuple[str, Any]] = []

    def add(self, name: str, one: dict[str, Any]) -> None:
        """Adds an entry to the list of that name, and to the row."""
        self.setdefault(name, []).append(one)
        self._row.append((name, [one]))

    def items(self) -> Any:
        """What is written: where the first list of the row stands, the row is, entry by entry."""
        mixed, row = {name for name, _ in self._row}, self._row
        for name, value in super().items():
            if name not in mixed:
                yield name, value
                continue
            yield from row
            row = []


def _version_marker(request: Request) -> str:
    """Errors: InvalidArgument, before all that is said of the other parameters."""
    given = request.get("VersionIdMarker")
    if given is None:
        return ""
    wrong = None
    if request.get("KeyMarker") is None:
        wrong = "A version-id marker cannot be specified without a key marker."
    elif not given:
        wrong = "A version-id marker cannot be empty."
    elif given != NULL_VERSION and not VERSION_ID.fullmatch(given):
        wrong = BAD_VERSION_ID
    if wrong:
        raise errors.InvalidArgument(wrong, ArgumentName="version-id-marker", ArgumentValue=given)
    return str(given)


def _told(listed: Listed, bucket: Bucket, key: str) -> dict[str, Any]:
    _, version, latest = listed
    told: dict[str, Any] = {
        "Key": key,
        "VersionId": version.id,
        "IsLatest": latest,
        "LastModified": version.modified_ms // 1000 * 1000,
    }
    if version.delete_marker:
        return told | {"Owner": owner_of(bucket, version.attributes)}
    told["ETag"] = quoted(version.etag)
    if version.checksums:
        told["ChecksumAlgorithm"] = [name for name, _ in version.checksums]
        told["ChecksumType"] = version.checksum_type
    told |= {"Size": version.size, "Owner": owner_of(bucket, version.attributes)}
    return told | {"StorageClass": version.attributes.storage_class}


def _from_marker(
    tx: Tx, bucket: Bucket, prefix: str, delimiter: str, marker: str, version_marker: str
) -> Iterator[Listed | str]:
    """Versions and common prefixes that come after the markers."""
    start: str | None = prefix
    if marker:
        within = common_prefix(marker, prefix, delimiter)
        if within:
            start = behind(within)
        else:
            if version_marker and marker.startswith(prefix):
                yield from _rest_of_key(tx, bucket.name, marker, version_marker)
            start = max(prefix, marker + "\0")
    while start is not None:
        beyond: str | None = None
        for one in _from(tx, bucket.name, start, prefix):
            common = common_prefix(one[0], prefix, delimiter)
            if common:
                yield common
                beyond = behind(common)
                break
            yield one
        start = beyond


def _from(tx: Tx, bucket: str, start: str, prefix: str) -> Iterator[Listed]:
    """Versions from a key on, the current one of each key first: the two tables side by side."""
    now = tx.scan(OBJECTS, (bucket,), start=(start,), starts_with=prefix)
    older = tx.scan(VERSIONS, (bucket,), start=(start,), starts_with=prefix)
    current_row, older_row = next(now, None), next(older, None)
    while current_row is not None or older_row is not None:
        if current_row is not None and (older_row is None or current_row[0][1] <= older_row[0][1]):
            key, latest = current_row[0][1], False
            yield key, current_row[1], True
            current_row = next(now, None)
        else:
            assert older_row is not None
            key, latest = older_row[0][1], True
        while older_row is not None and older_row[0][1] == key:
            yield key, older_row[1], latest
            latest, older_row = False, next(older, None)


def _rest_of_key(tx: Tx, bucket: str, key: str, version_marker: str) -> Iterator[Listed]:
    """The versions of a key that are older than one, which may have been removed since it was listed."""
    now = storage.current(tx, bucket, key)
    newest = now or next((version for _, version in tx.scan(VERSIONS, (bucket, key), limit=1)), None)
    behind_it = _place(tx, bucket, key, version_marker)
    if now is not None and now.order > behind_it:
        yield key, now, True
    for _, version in tx.scan(VERSIONS, (bucket, key), start=(behind_it + "\0",)):
        yield key, version, version == newest


def _place(tx: Tx, bucket: str, key: str, version_marker: str) -> str:
    there = storage.version(tx, bucket, key, version_marker)
    if there is not None:
        return there.order
    if version_marker == NULL_VERSION:
        return ""  # Any version could have had that id: none is passed over.
    return order_of(min(storage.sequence_in(version_marker), SEQUENCE_MAX))


OPERATIONS: tuple[Operation, ...] = (list_object_versions,)
