"""Names that S3 derives and several rooms print: the host id of a request, and the two ids of a bucket's owner.

They are derived, not drawn, so that the response header and the event record of one request agree without being stored.
"""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256, sha512

HOST_ID_BYTES = 57
"""57 bytes are 76 base64 characters without padding, as `x-amz-id-2` usually has."""


def host_id(request_id: str) -> str:
    """The `x-amz-id-2` that belongs to a request id: the response header, `HostId` of errors, and event records."""
    return b64encode(sha512(b"s3 host " + request_id.encode()).digest()[:HOST_ID_BYTES]).decode()


def canonical_user_id(account: str) -> str:
    """The 64 hexadecimal digits that S3 calls an account in owners and grants."""
    return sha256(b"s3 canonical user " + account.encode()).hexdigest()


def short_owner_id(account: str) -> str:
    """`A` and 13 characters, as `A3NL1KOZZKEXAM`: how event records name a bucket's owner. [DOC]"""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
    digest = sha256(b"s3 owner " + account.encode()).digest()
    return "A" + "".join(alphabet[byte % len(alphabet)] for byte in digest[:13])
