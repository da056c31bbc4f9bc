"""Small bodies are looked at before the signature of their upload is, and nobody can tell."""

from __future__ import annotations

import hashlib
from base64 import b64encode

from .s3kit import S3, refused

OTHER = b64encode(hashlib.md5(b"other").digest()).decode()


def test_a_stranger_hears_nothing_of_a_wrong_digest(s3: S3) -> None:
    stranger = s3.client("AKIAIOSFODNN7EXAMPLE")
    upload = {"Bucket": s3.bucket, "Key": "k", "Body": b"data", "ContentMD5": OTHER}
    assert refused(lambda: stranger.put_object(**upload)).code == "InvalidAccessKeyId"
    assert s3.refused("get_object", Key="k").code == "NoSuchKey"


def test_the_owner_is_told_of_it(s3: S3) -> None:
    assert s3.refused("put_object", Key="k", Body=b"data", ContentMD5=OTHER).code == "BadDigest"
    assert s3.refused("get_object", Key="k").code == "NoSuchKey"


def test_a_stranger_with_a_right_body_leaves_nothing(s3: S3) -> None:
    stranger = s3.client("AKIAIOSFODNN7EXAMPLE")
    assert refused(lambda: stranger.put_object(Bucket=s3.bucket, Key="k", Body=b"data")).code == "InvalidAccessKeyId"
    assert s3.refused("get_object", Key="k").code == "NoSuchKey"
