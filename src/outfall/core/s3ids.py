"""Names that S3 derives and several rooms print: the host id of a request, and the two ids of a bucket's owner.

They are derived, not drawn, so that the response header and the event record of one request agree without being stored.
"""

from __future__ import annotations

from base64 import b32encode, b64encode
from functools import lru_cache
from hashlib import sha256, sha384

REMEMBERED_MAX = 256


def host_id(request_id: str) -> str:
    """The `x-amz-id-2` that belongs to a request id: the response header, `HostId` of errors, and event records."""
    return b64encode(sha384(request_id.encode("utf-8", "replace")).digest()).decode()


@lru_cache(maxsize=REMEMBERED_MAX)
def canonical_user_id(account: str) -> str:
    """The 64 hexadecimal digits that S3 calls an account in owners and grants."""
    return sha256(b"s3 canonical user " + account.encode()).hexdigest()


@lru_cache(maxsize=REMEMBERED_MAX)
def short_owner_id(account: str) -> str:
    """`A` and 13 characters, as `A3NL1KOZZKEXAM`: how event records name a bucket's owner. [DOC]"""
    return "A" + b32encode(sha256(b"s3 owner " + account.encode()).digest())[:13].decode()
