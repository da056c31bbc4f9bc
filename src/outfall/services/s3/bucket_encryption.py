"""The encryption that objects of a bucket get by default."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from outfall.core.service import Call, Operation, Output, Request, operation
from outfall.services.s3 import errors
from outfall.services.s3.access import bucket_arn, require
from outfall.services.s3.encryption import AES, ELSEWHERE, HEADER, KMS, key_arn
from outfall.services.s3.model import BUCKETS, SETTINGS, Encryption, Setting

KIND = "encryption-key"
"""Where the key stands as it was put; objects tell its ARN."""


@operation("PutBucketEncryption", action="s3:PutEncryptionConfiguration", resource=bucket_arn)
def put_bucket_encryption(call: Call, request: Request) -> Output:
    """Sets the default. KMS keys are not looked for, as on AWS. Errors: MalformedXML, InvalidArgument.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketEncryption.html
    """
    bucket = require(call, request)
    rules = (request.get("ServerSideEncryptionConfiguration") or {}).get("Rules") or []
    if len(rules) != 1:
        raise errors.MalformedXML
    rule: dict[str, Any] = rules[0]
    default, blocked = rule.get("ApplyServerSideEncryptionByDefault"), rule.get("BlockedEncryptionTypes")
    if default is None and blocked is None:
        raise errors.MalformedXML
    changed = bucket
    if default is not None:
        algorithm, key = default.get("SSEAlgorithm"), default.get("KMSMasterKeyID") or ""
        _check(algorithm, key)
        arn = key_arn(key, bucket) if algorithm in KMS else ""
        wanted = Encryption(algorithm, arn, bool(rule.get("BucketKeyEnabled")) and algorithm == KMS[0])
        call.tx.put(SETTINGS, (bucket.name, KIND, ""), Setting(key.encode()))
        call.tx.put(SETTINGS, (bucket.name, KIND, "bucket"), Setting(b"1" if rule.get("BucketKeyEnabled") else b""))
        changed = replace(changed, encryption=None if algorithm == AES else wanted)
    if blocked is not None:
        types = blocked.get("EncryptionType") or []
        if any(one not in ("NONE", "SSE-C") for one in types):
            raise errors.MalformedXML
        changed = replace(changed, sse_c_blocked="SSE-C" in types)
    call.tx.put(BUCKETS, (bucket.name,), changed)
    return None


def _check(algorithm: str | None, key: str) -> None:
    if algorithm in ELSEWHERE:
        raise errors.not_served(HEADER)
    if algorithm not in (AES, *KMS):
        raise errors.MalformedXML
    if key and algorithm == AES:
        raise errors.InvalidArgument(
            "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse",
            ArgumentName="ApplyServerSideEncryptionByDefault",
        )


@operation("GetBucketEncryption", action="s3:GetEncryptionConfiguration", resource=bucket_arn)
def get_bucket_encryption(call: Call, request: Request) -> Output:
    """The default; that of S3 itself where none was set."""
    bucket = require(call, request)
    default: dict[str, Any] = {"SSEAlgorithm": bucket.encryption.algorithm if bucket.encryption else AES}
    key = call.tx.get(SETTINGS, (bucket.name, KIND, ""))
    if bucket.encryption and key and key.document:
        default["KMSMasterKeyID"] = key.document.decode()
    flag = call.tx.get(SETTINGS, (bucket.name, KIND, "bucket"))
    rule: dict[str, Any] = {"ApplyServerSideEncryptionByDefault": default}
    rule["BucketKeyEnabled"] = bool(flag and flag.document)
    if bucket.sse_c_blocked:
        rule["BlockedEncryptionTypes"] = {"EncryptionType": ["SSE-C"]}
    return {"ServerSideEncryptionConfiguration": {"Rules": [rule]}}


@operation("DeleteBucketEncryption", action="s3:PutEncryptionConfiguration", resource=bucket_arn)
def delete_bucket_encryption(call: Call, request: Request) -> Output:
    """Sets the default back to S3's own."""
    bucket = require(call, request)
    for name in ("", "bucket"):
        call.tx.delete(SETTINGS, (bucket.name, KIND, name))
    call.tx.put(BUCKETS, (bucket.name,), replace(bucket, encryption=None))
    return None


OPERATIONS: tuple[Operation, ...] = (put_bucket_encryption, get_bucket_encryption, delete_bucket_encryption)
