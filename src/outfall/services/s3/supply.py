"""Objects as input of other services: where the bytes of one lie. What Lambda's code from S3 reads."""

from __future__ import annotations

from outfall.core.body import Segment
from outfall.core.context import Context
from outfall.services.s3 import access, errors, storage


def object_segments(ctx: Context, bucket: str, key: str, version_id: str | None) -> tuple[Segment, ...]:
    """The segments of an object or of one of its versions. Errors: NoSuchBucket, NoSuchKey, NoSuchVersion."""
    found = access.find(ctx.tx, bucket)
    if version_id:
        version = storage.version(ctx.tx, found.name, key, version_id)
        if version is None or version.delete_marker:
            raise errors.NoSuchVersion(Key=key, VersionId=version_id)
    else:
        version = storage.current(ctx.tx, found.name, key)
        if version is None:
            raise errors.NoSuchKey(Key=key)
    return storage.body(ctx.tx, found.name, key, version).segments
