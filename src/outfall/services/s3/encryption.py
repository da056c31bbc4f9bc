"""Encryption at rest: what a request asks of it, what an answer tells of it, and who may read without its key.

Bytes are not enciphered here; what clients can see of it is kept to the letter: which key, whose key, and no bytes
without it. Rules: https://docs.aws.amazon.com/AmazonS3/latest/userguide/serv-side-encryption.html and the recordings
[LS:test_s3_sse_*, test_sse_c_*].
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from hashlib import md5, sha256
from hmac import compare_digest
from typing import Any

from outfall.core.context import Context
from outfall.core.service import Request
from outfall.services.s3 import errors
from outfall.services.s3.model import Bucket, Encryption, Version

AES = "AES256"
KMS = ("aws:kms", "aws:kms:dsse")
ELSEWHERE = ("aws:fsx", "aws:backup")
"""Algorithms of storage that only other services of AWS have."""
KEY_SIZE = 32
HEADER = "x-amz-server-side-encryption"
WITH_CUSTOMER_KEY = "Requests specifying Server Side Encryption with Customer provided keys must"
PARTS_NEED_KEY = (
    "The multipart upload initiate requested encryption. Subsequent part requests must include the appropriate "
    "encryption parameters."
)
MEMBERS = ("SSECustomerAlgorithm", "SSECustomerKey", "SSECustomerKeyMD5")
SPOKEN = frozenset((*MEMBERS, "ServerSideEncryption", "SSEKMSKeyId", "SSEKMSEncryptionContext"))


def asked(ctx: Context, request: Request, bucket: Bucket) -> Encryption | None:
    """How a new object is to be encrypted, by its request or else by its bucket; None: as all are (SSE-S3).

    Errors: InvalidArgument, InvalidEncryptionAlgorithmError, AccessDenied where the bucket takes no customer keys.
    """
    if SPOKEN.isdisjoint(request):  # As nearly all uploads.
        return bucket.encryption
    named = request.get("ServerSideEncryption")
    customer = customer_key(request)
    if customer:
        if named:
            raise _argument(
                "Server Side Encryption with Customer provided key is incompatible with the encryption method "
                "specified",
                named,
            )
        if bucket.sse_c_blocked:
            raise errors.AccessDenied(
                "this bucket has blocked upload requests that specify Server Side Encryption with Customer provided "
                "keys (SSE-C). Please specify a different server-side encryption type"
            )
        return Encryption("", customer_md5=customer)
    if named not in KMS and (request.get("SSEKMSKeyId") or request.get("SSEKMSEncryptionContext")):
        raise _argument(
            "Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : "
            "aws:kms",
            named or "null",
        )
    if not named:
        return bucket.encryption
    if named in ELSEWHERE:
        raise errors.not_served(HEADER)
    if named not in (AES, *KMS):
        raise _argument("The encryption method specified is not supported", named)
    if named == AES:
        return None
    return _with_kms(ctx, request, bucket, named)


def _with_kms(ctx: Context, request: Request, bucket: Bucket, named: str) -> Encryption:
    default = bucket.encryption if bucket.encryption and bucket.encryption.algorithm == named else None
    key = request.get("SSEKMSKeyId") or (default.key if default else "")
    bucket_key = request.get("BucketKeyEnabled")
    if bucket_key is None:
        bucket_key = bool(default and default.bucket_key)
    context = request.get("SSEKMSEncryptionContext") or ""
    if context:
        _check_context(context)
    return Encryption(named, key_arn(key, bucket), bool(bucket_key) and named == KMS[0], context=context)


def _check_context(text: str) -> None:
    try:
        found = json.loads(b64decode(text, validate=True))
        if isinstance(found, dict) and all(isinstance(one, str) for one in found.values()):
            return
    except ValueError:
        pass
    raise errors.InvalidArgument(
        "The header 'x-amz-server-side-encryption-context' shall be Base64-encoded UTF-8 string holding JSON which "
        "represents a string-string map",
        ArgumentName="x-amz-server-side-encryption-context",
        ArgumentValue=text,
    )


def key_arn(key: str, bucket: Bucket) -> str:
    """The ARN of a KMS key that is named by it, by its id or its alias; the account's own key for S3 if by nothing."""
    if key.startswith("arn:"):
        return key
    place = f"arn:aws:kms:{bucket.region}:{bucket.account}"
    if key.startswith("alias/"):
        return f"{place}:{key}"
    if not key:
        made = sha256(f"aws/s3 {bucket.account} {bucket.region}".encode()).hexdigest()
        key = f"{made[:8]}-{made[8:12]}-4{made[13:16]}-8{made[17:20]}-{made[20:32]}"
    return f"{place}:key/{key}"


def customer_key(request: Request, prefix: str = "") -> str:
    """The MD5 of the key that a request brings along, or empty. `prefix` is `CopySource` for the source of a copy.

    Errors: InvalidArgument, InvalidEncryptionAlgorithmError.
    """
    algorithm, key, digest = (request.get(prefix + member) for member in MEMBERS)
    if not (algorithm or key or digest):
        return ""
    if not prefix and request.get("ServerSideEncryption"):
        return str(digest or key or algorithm)
    if not algorithm:
        raise _argument(f"{WITH_CUSTOMER_KEY} provide a valid encryption algorithm.")
    if algorithm != AES:
        raise errors.InvalidEncryptionAlgorithmError(ArgumentName=HEADER, ArgumentValue=algorithm)
    if not key:
        raise _argument(f"{WITH_CUSTOMER_KEY} provide an appropriate secret key.")
    if not digest:
        raise _argument(f"{WITH_CUSTOMER_KEY} provide the client calculated MD5 of the secret key.")
    try:
        raw = b64decode(key, validate=True)
    except (NotBase64, ValueError):
        raw = b""
    if not compare_digest(b64encode(md5(raw, usedforsecurity=False).digest()), digest.encode("utf-8", "replace")):
        raise _argument("The calculated MD5 hash of the key did not match the hash that was provided.")
    if len(raw) != KEY_SIZE:
        raise _argument("The secret key was invalid for the specified algorithm.")
    return str(digest)


def _argument(message: str, value: str = "null") -> errors.InvalidArgument:
    return errors.InvalidArgument(message, ArgumentName=HEADER, ArgumentValue=value)


def check_readable(request: Request, version: Version, prefix: str = "") -> None:
    """Whether a request brings the key that a version can be read with, if it needs one.

    Errors: InvalidRequest, AccessDenied for another key, and those of `customer_key`.
    """
    encryption = version.attributes.encryption
    needed = encryption.customer_md5 if encryption is not None else ""
    if not needed and not any(request.get(prefix + member) for member in MEMBERS):
        return
    given = customer_key(request, prefix)
    if needed and not given:
        raise errors.InvalidRequest(
            "The object was stored using a form of Server Side Encryption. The correct parameters must be provided to "
            "retrieve the object."
        )
    if given and not needed:
        raise errors.InvalidRequest("The encryption parameters are not applicable to this object.")
    if given != needed:
        raise errors.AccessDenied(f"{WITH_CUSTOMER_KEY} provide the correct secret key.")


def check_part(request: Request, encryption: Encryption | None) -> None:
    """Whether a part brings the key that its upload was begun with. Errors: InvalidRequest."""
    needed = encryption.customer_md5 if encryption is not None else ""
    given = customer_key(request) if any(request.get(member) for member in MEMBERS) else ""
    if bool(needed) != bool(given):
        raise errors.InvalidRequest(PARTS_NEED_KEY)
    if needed != given:
        raise errors.InvalidRequest("The provided encryption parameters did not match the ones used originally.")


def told(encryption: Encryption | None, *, written: bool = False) -> dict[str, Any]:
    """The members of an answer that tell how an object is encrypted; the context only to who has `written` it."""
    if encryption is None:
        return {"ServerSideEncryption": AES}
    if encryption.customer_md5:
        return {"SSECustomerAlgorithm": AES, "SSECustomerKeyMD5": encryption.customer_md5}
    members: dict[str, Any] = {"ServerSideEncryption": encryption.algorithm}
    if encryption.key:
        members["SSEKMSKeyId"] = encryption.key
    if written and encryption.context:
        members["SSEKMSEncryptionContext"] = encryption.context
    return members | ({"BucketKeyEnabled": True} if encryption.bucket_key else {})


def etag_of(ctx: Context, encryption: Encryption | None, digest: str) -> str:
    """The ETag of bytes with this MD5: another text where the bytes are encrypted with a key that is not S3's own.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html (ETag)
    """
    return digest if encryption is None else ctx.ids.hex(32)
