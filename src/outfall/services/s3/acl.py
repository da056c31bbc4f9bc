"""Access control lists as values: from canned names, headers and documents, and as answers tell them.

What a list lets somebody do is in `access.py`; the operations are in `acls.py`.
Rule: https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html
"""

from __future__ import annotations

import re
from typing import Any

from outfall.core.s3ids import canonical_user_id
from outfall.core.service import Request
from outfall.services.s3 import errors
from outfall.services.s3.model import Bucket, Grant

ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers"
AUTHENTICATED_USERS = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"
LOG_DELIVERY = "http://acs.amazonaws.com/groups/s3/LogDelivery"
GROUPS = frozenset({ALL_USERS, AUTHENTICATED_USERS, LOG_DELIVERY})
PUBLIC_GROUPS = frozenset({ALL_USERS, AUTHENTICATED_USERS})
PERMISSIONS = frozenset({"FULL_CONTROL", "WRITE", "WRITE_ACP", "READ", "READ_ACP"})
GRANTS_MAX = 100
ENFORCED = "BucketOwnerEnforced"

CANNED: dict[str, tuple[tuple[str, str], ...]] = {
    "private": (),
    "public-read": ((ALL_USERS, "READ"),),
    "public-read-write": ((ALL_USERS, "READ"), (ALL_USERS, "WRITE")),
    "authenticated-read": ((AUTHENTICATED_USERS, "READ"),),
    "aws-exec-read": (),
    "bucket-owner-read": (),
    "bucket-owner-full-control": (),
    "log-delivery-write": ((LOG_DELIVERY, "WRITE"), (LOG_DELIVERY, "READ_ACP")),
}
"""What each canned ACL grants beside the owner's full control."""

HEADERS = {
    "GrantFullControl": ("FULL_CONTROL", "x-amz-grant-full-control"),
    "GrantRead": ("READ", "x-amz-grant-read"),
    "GrantReadACP": ("READ_ACP", "x-amz-grant-read-acp"),
    "GrantWrite": ("WRITE", "x-amz-grant-write"),
    "GrantWriteACP": ("WRITE_ACP", "x-amz-grant-write-acp"),
}
"""What is granted by a member of the model, and the header that carries it."""
SPOKEN = frozenset({"ACL", *HEADERS})
GRANTEE = re.compile(r'\s*(id|uri|emailAddress)\s*=\s*"?([^",]*)"?\s*', re.IGNORECASE)
CANONICAL_ID = re.compile(r"[0-9a-f]{64}")


def speaks_of_access(request: Request) -> bool:
    """Whether a request has a canned ACL or grants in its headers."""
    if SPOKEN.isdisjoint(request):  # As nearly all uploads.
        return False
    return any(request.get(name) for name in SPOKEN)


def grants_in(request: Request, owner: str, bucket_owner: str) -> tuple[Grant, ...] | None:
    """The grants that a request's headers mean for something that account `owner` owns, in a bucket of
    `bucket_owner`; None: full control for the owner alone. Errors: InvalidArgument, InvalidRequest,
    MethodNotAllowed (grants by e-mail)."""
    named = request.get("ACL")
    given = [(*meant, request[name]) for name, meant in HEADERS.items() if request.get(name)]
    if named and given:
        raise errors.InvalidRequest("Specifying both Canned ACLs and Header Grants is not allowed")
    if given:
        return tuple(Grant(who, permission) for permission, header, text in given for who in _grantees(header, text))
    return canned(named or "private", owner, bucket_owner)


def canned(name: str, owner: str, bucket_owner: str) -> tuple[Grant, ...] | None:
    """The grants of a canned ACL. Errors: InvalidArgument."""
    if name not in CANNED:
        raise _unknown(name)
    more = CANNED[name]
    if name.startswith("bucket-owner") and bucket_owner != owner:
        permission = "READ" if name == "bucket-owner-read" else "FULL_CONTROL"
        more = ((canonical_user_id(bucket_owner), permission),)
    if not more:
        return None
    return (Grant(canonical_user_id(owner), "FULL_CONTROL"), *(Grant(*one) for one in more))


def _unknown(name: str) -> errors.InvalidArgument:
    """The error for a canned ACL that there is not: it has a message, which is empty."""
    return errors.InvalidArgument("", Message="", ArgumentName="x-amz-acl", ArgumentValue=name)


def _grantees(header: str, text: str) -> list[str]:
    """The grantees that a header names. Errors: those of `_grantee`. [LS:test_s3_bucket_acl_exceptions]"""
    found: list[str] = []
    for part in text.split(","):
        match = GRANTEE.fullmatch(part)
        if match is None:
            raise errors.InvalidArgument("Argument format not recognized", ArgumentName=header, ArgumentValue=part)
        kind, value = match.group(1).lower(), match.group(2)
        meant = {"id": "CanonicalUser", "uri": "Group"}.get(kind, "AmazonCustomerByEmail")
        found.append(_grantee(meant, value, kind))
    return found


def _grantee(kind: str, value: str, argument: str) -> str:
    """The grantee as rows have it; errors name the `argument`. Errors: InvalidArgument, MalformedACLError;
    MethodNotAllowed for an e-mail address, which S3 has not known since October 2025."""
    if kind == "Group":
        if value not in GROUPS:
            raise errors.InvalidArgument("Invalid group uri", ArgumentName=argument, ArgumentValue=value)
    elif kind == "CanonicalUser":
        if not CANONICAL_ID.fullmatch(value):
            raise errors.InvalidArgument("Invalid id", ArgumentName=argument, ArgumentValue=value)
    elif kind == "AmazonCustomerByEmail":
        raise errors.MethodNotAllowed(Method="PUT", ResourceType="ACL")
    else:
        raise errors.MalformedACLError
    return value


def grants_of_document(policy: dict[str, Any], owner: str) -> tuple[Grant, ...]:
    """The grants of an AccessControlPolicy for something that account `owner` owns. Errors: MalformedACLError,
    AccessDenied for another owner, InvalidArgument."""
    named = (policy.get("Owner") or {}).get("ID")
    if policy.get("Owner") is None or policy.get("Grants") is None or len(policy["Grants"]) > GRANTS_MAX:
        raise errors.MalformedACLError
    if named and named != canonical_user_id(owner):
        raise errors.AccessDenied
    grants: list[Grant] = []
    for one in policy["Grants"]:
        grantee, permission = one.get("Grantee") or {}, one.get("Permission")
        if permission not in PERMISSIONS:
            raise errors.MalformedACLError
        value = grantee.get("ID") or grantee.get("URI") or grantee.get("EmailAddress") or ""
        kind = grantee.get("Type") or ""
        grants.append(Grant(_grantee(kind, value, "Group/URI" if kind == "Group" else "CanonicalUser/ID"), permission))
    return tuple(grants)


def told(owner: str, grants: tuple[Grant, ...] | None) -> dict[str, Any]:
    """An ACL as answers have it."""
    who = {"ID": canonical_user_id(owner)}
    if grants is None:
        grants = (Grant(who["ID"], "FULL_CONTROL"),)
    listed = [{"Grantee": _told_grantee(one.grantee), "Permission": one.permission} for one in grants]
    return {"Owner": who, "Grants": listed}


def _told_grantee(grantee: str) -> dict[str, str]:
    if "://" in grantee:
        return {"URI": grantee, "Type": "Group"}
    return {"ID": grantee, "Type": "CanonicalUser"}


def is_public(grants: tuple[Grant, ...] | None) -> bool:
    """Whether everybody, or everybody with an account, is granted something."""
    return any(one.grantee in PUBLIC_GROUPS for one in grants or ())


def checked(bucket: Bucket, grants: tuple[Grant, ...] | None) -> tuple[Grant, ...] | None:
    """The same grants, where the bucket's public access block lets them be. Errors: AccessDenied."""
    if bucket.public is not None and bucket.public.block_acls and is_public(grants):
        raise errors.AccessDenied
    return grants


def refuse_disabled(bucket: Bucket, request: Request) -> None:
    """Where the bucket's owner owns every object, the one ACL that may be named is that which says so.

    Errors: AccessControlListNotSupported.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-ownership-error-responses.html
    """
    if bucket.ownership != ENFORCED:
        return
    named = request.get("ACL")
    if named and named not in CANNED:
        raise _unknown(named)
    grants = grants_in({**request, "ACL": None}, bucket.account, bucket.account)
    if named not in (None, "", "bucket-owner-full-control"):
        raise errors.AccessControlListNotSupported
    if grants is not None and grants != (Grant(canonical_user_id(bucket.account), "FULL_CONTROL"),):
        raise errors.AccessControlListNotSupported
