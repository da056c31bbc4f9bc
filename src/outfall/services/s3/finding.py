"""Which version a request means, and what is said where it means none, or one that is hidden by a delete marker."""

from __future__ import annotations

import re

from outfall.core.errors import AwsError
from outfall.core.service import Call, Request
from outfall.services.s3 import errors, storage
from outfall.services.s3.access import check_foreign
from outfall.services.s3.attributes import check_key
from outfall.services.s3.expiry import http_date
from outfall.services.s3.model import NULL_VERSION, Bucket, Version

BAD_VERSION_ID = "Invalid version id specified"
VERSION_ID = re.compile(r"[A-Za-z0-9._]{32}")
METHODS = {"Head": "HEAD", "Put": "PUT", "Delete": "DELETE"}
"""How operations are asked for, by how their names begin; all others by GET."""


def find_version(call: Call, bucket: Bucket, key: str, version_id: str | None) -> Version:
    """The version that a read means. Errors: NoSuchKey, KeyTooLongError, NoSuchVersion, MethodNotAllowed for a delete
    marker."""
    if not version_id:
        found = storage.current(call.tx, bucket.name, key)
        if found is None:
            check_key(key)
            raise _hidden(errors.NoSuchKey(Key=key), storage.newest_marker(call.tx, bucket, key))
        check_foreign(call, bucket, found)
        return found
    check_version_id(bucket, version_id)
    found = storage.version(call.tx, bucket.name, key, version_id)
    if found is None:
        raise errors.NoSuchVersion(Key=key, VersionId=version_id)
    if found.delete_marker:
        refused = errors.MethodNotAllowed(Method=_method(call.operation), ResourceType="DeleteMarker")
        raise _hidden(refused, found, allow=True)
    check_foreign(call, bucket, found)
    return found


def check_version_id(bucket: Bucket, version_id: str) -> None:
    """Errors: InvalidArgument for what is no version id, and for a version of a bucket that never had any."""
    if version_id != NULL_VERSION and not (bucket.versioning and VERSION_ID.fullmatch(version_id)):
        raise errors.InvalidArgument(BAD_VERSION_ID, ArgumentName="versionId", ArgumentValue=version_id)


def _method(operation: str) -> str:
    return next((method for name, method in METHODS.items() if operation.startswith(name)), "GET")


def hidden_version(call: Call, bucket: Bucket, request: Request) -> str | None:
    """The version that a change means which does not end at a delete marker with NoSuchKey: the marker itself where
    no version is named. [LS:test_object_tagging_versioned, test_put_object_acl_on_delete_marker]"""
    named: str | None = request.get("VersionId")
    hidden = None if named else storage.newest_marker(call.tx, bucket, request["Key"])
    return hidden.id if hidden else named


def _hidden(error: AwsError, marker: Version | None, *, allow: bool = False) -> AwsError:
    """The error, with what its headers tell of the delete marker that is in the way."""
    if marker is not None:
        told = (("x-amz-delete-marker", "true"), ("x-amz-version-id", marker.id))
        dated = (("Last-Modified", http_date(marker.modified_ms)), ("Allow", "DELETE")) if allow else ()
        error.headers = told + dated
    return error


def version_member(bucket: Bucket, version: Version) -> dict[str, str]:
    """`VersionId`, where versioning was ever switched on."""
    return {"VersionId": version.id} if bucket.versioning else {}
