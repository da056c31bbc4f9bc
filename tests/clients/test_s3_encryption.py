"""Encryption as clients see it: what is told, what a bucket does by default, and keys that the client keeps."""

from __future__ import annotations

from base64 import b64encode
from hashlib import md5
from typing import Any

import pytest

from .s3kit import S3

KEY, OTHER_KEY = "k" * 32, "o" * 32
MINE = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": KEY}
THEIRS = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": OTHER_KEY}
DIGEST = b64encode(md5(KEY.encode()).digest()).decode()
KMS_KEY = "arn:aws:kms:us-east-1:000000000000:key/"
NAMED = "134f2428-cec1-4b25-a1ae-9048164dba47"


def test_every_object_is_encrypted_by_s3(s3: S3) -> None:
    assert s3.put("k")["ServerSideEncryption"] == "AES256"
    assert s3.call("head_object", Key="k")["ServerSideEncryption"] == "AES256"
    [rule] = s3.call("get_bucket_encryption")["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule == {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": False}


@pytest.mark.parametrize(
    "more, told",
    [
        ({"ServerSideEncryption": "AES256"}, {"ServerSideEncryption": "AES256"}),
        (
            {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": NAMED},
            {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": KMS_KEY + NAMED},
        ),
        (
            {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": KMS_KEY + NAMED, "BucketKeyEnabled": True},
            {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": KMS_KEY + NAMED, "BucketKeyEnabled": True},
        ),
        (
            {"ServerSideEncryption": "aws:kms:dsse", "SSEKMSKeyId": NAMED},
            {"ServerSideEncryption": "aws:kms:dsse", "SSEKMSKeyId": KMS_KEY + NAMED},
        ),
    ],
)
def test_what_is_asked_for_is_told(s3: S3, more: dict[str, Any], told: dict[str, Any]) -> None:
    names = ("ServerSideEncryption", "SSEKMSKeyId", "BucketKeyEnabled")
    put = s3.put("k", **more)
    head = s3.call("head_object", Key="k")
    for answer in (put, head):
        assert {name: answer[name] for name in names if name in answer} == told
    plain = md5(b"data").hexdigest()
    assert (put["ETag"] == f'"{plain}"') is (more["ServerSideEncryption"] == "AES256")


def test_the_key_that_nobody_names(s3: S3) -> None:
    assert s3.put("k", ServerSideEncryption="aws:kms")["SSEKMSKeyId"].startswith(KMS_KEY)


@pytest.mark.parametrize(
    "more, code, message",
    [
        ({"ServerSideEncryption": "bogus"}, "InvalidArgument", "The encryption method specified is not supported"),
        (
            {"ServerSideEncryption": "AES256", "SSEKMSKeyId": NAMED},
            "InvalidArgument",
            "Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : "
            "aws:kms",
        ),
        (
            {"SSEKMSKeyId": NAMED},
            "InvalidArgument",
            "Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : "
            "aws:kms",
        ),
        (
            {**MINE, "ServerSideEncryption": "AES256"},
            "InvalidArgument",
            "Server Side Encryption with Customer provided key is incompatible with the encryption method specified",
        ),
        (
            {"SSECustomerAlgorithm": "AES256"},
            "InvalidArgument",
            "Requests specifying Server Side Encryption with Customer provided keys must provide an appropriate secret "
            "key.",
        ),
        (
            {"SSECustomerKey": KEY},
            "InvalidArgument",
            "Requests specifying Server Side Encryption with Customer provided keys must provide a valid encryption "
            "algorithm.",
        ),
        (
            {**MINE, "SSECustomerAlgorithm": "AES512"},
            "InvalidEncryptionAlgorithmError",
            "The Encryption request you specified is not valid. Supported value: AES256.",
        ),
        (
            {**MINE, "SSECustomerKey": "short"},
            "InvalidArgument",
            "The secret key was invalid for the specified algorithm.",
        ),
        (
            {
                **MINE,
                "SSECustomerKey": b64encode(KEY.encode()).decode(),
                "SSECustomerKeyMD5": b64encode(bytes(16)).decode(),
            },
            "InvalidArgument",
            "The calculated MD5 hash of the key did not match the hash that was provided.",
        ),
    ],
)
def test_what_cannot_be_asked_for(s3: S3, more: dict[str, Any], code: str, message: str) -> None:
    answer = s3.refused("put_object", Key="k", Body=b"", **more)
    assert (answer.status, answer.code, answer.message) == (400, code, message)


def test_an_object_with_a_key_of_the_client(s3: S3) -> None:
    put = s3.put("k", **MINE)
    assert (put["SSECustomerAlgorithm"], put["SSECustomerKeyMD5"]) == ("AES256", DIGEST)
    assert "ServerSideEncryption" not in put
    assert s3.get("k", **MINE) == b"data"
    assert s3.call("head_object", Key="k", **MINE)["SSECustomerKeyMD5"] == DIGEST
    answer = s3.refused("get_object", Key="k")
    assert (answer.status, answer.code) == (400, "InvalidRequest")
    assert answer.message.startswith("The object was stored using a form of Server Side Encryption.")
    assert s3.refused("head_object", Key="k").status == 400
    answer = s3.refused("get_object", Key="k", **THEIRS)
    assert (answer.status, answer.code) == (403, "AccessDenied")
    assert s3.refused("head_object", Key="k", **THEIRS).status == 403
    s3.put("plain")
    answer = s3.refused("get_object", Key="plain", **MINE)
    assert answer.message == "The encryption parameters are not applicable to this object."
    s3.call("delete_object", Key="k")


def test_copies_between_keys(s3: S3) -> None:
    s3.put("k", **MINE)
    source = {f"CopySource{name}": value for name, value in MINE.items()}
    assert s3.refused("copy_object", Key="c", CopySource=f"{s3.bucket}/k").code == "InvalidRequest"
    copy = s3.call("copy_object", Key="c", CopySource=f"{s3.bucket}/k", **source)
    assert copy["ServerSideEncryption"] == "AES256"
    assert copy["CopyObjectResult"]["ETag"] == f'"{md5(b"data").hexdigest()}"'
    assert s3.get("c") == b"data"
    s3.call("copy_object", Key="d", CopySource=f"{s3.bucket}/k", **source, **THEIRS)
    assert s3.get("d", **THEIRS) == b"data"


def test_an_upload_in_parts_with_a_key_of_the_client(s3: S3) -> None:
    upload = s3.call("create_multipart_upload", Key="k", **MINE)["UploadId"]
    part = {"Key": "k", "UploadId": upload, "PartNumber": 1, "Body": b"data"}
    assert s3.refused("upload_part", **part).message.startswith("The multipart upload initiate requested encryption.")
    answer = s3.refused("upload_part", **part, **THEIRS)
    assert answer.message == "The provided encryption parameters did not match the ones used originally."
    etag = s3.call("upload_part", **part, **MINE)["ETag"]
    done = s3.call(
        "complete_multipart_upload",
        Key="k",
        UploadId=upload,
        MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": etag}]},
    )
    assert done["ETag"].endswith('-1"')
    assert s3.get("k", **MINE) == b"data"
    assert s3.refused("get_object", Key="k").status == 400


def default(algorithm: str, **more: Any) -> dict[str, Any]:
    return {
        "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": algorithm, **more}, "BucketKeyEnabled": True}]
    }


def test_what_a_bucket_does_by_default(s3: S3) -> None:
    s3.call("put_bucket_encryption", ServerSideEncryptionConfiguration=default("aws:kms", KMSMasterKeyID=NAMED))
    [rule] = s3.call("get_bucket_encryption")["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": NAMED}
    put = s3.put("k")
    assert (put["ServerSideEncryption"], put["SSEKMSKeyId"], put["BucketKeyEnabled"]) == (
        "aws:kms",
        KMS_KEY + NAMED,
        True,
    )
    assert s3.put("k", ServerSideEncryption="AES256")["ServerSideEncryption"] == "AES256"
    for _ in range(2):
        assert s3.call("delete_bucket_encryption")["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert s3.put("k")["ServerSideEncryption"] == "AES256"


def test_defaults_that_are_none(s3: S3) -> None:
    for rules in ({"Rules": []}, {"Rules": default("AES256")["Rules"] * 2}):
        assert s3.refused("put_bucket_encryption", ServerSideEncryptionConfiguration=rules).code == "MalformedXML"
    answer = s3.refused(
        "put_bucket_encryption", ServerSideEncryptionConfiguration=default("AES256", KMSMasterKeyID=NAMED)
    )
    assert (
        answer.message
        == "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse"
    )


def test_a_bucket_may_take_no_keys_of_clients(s3: S3) -> None:
    blocked = {"Rules": [{"BlockedEncryptionTypes": {"EncryptionType": ["SSE-C"]}}]}
    s3.call("put_bucket_encryption", ServerSideEncryptionConfiguration=blocked)
    assert s3.refused("put_object", Key="k", **MINE).status == 403
    [rule] = s3.call("get_bucket_encryption")["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["BlockedEncryptionTypes"] == {"EncryptionType": ["SSE-C"]}
