"""A bucket as the target of what others send."""

from __future__ import annotations

import json

import pytest
from msgspec.structs import replace

from outfall.core.arn import Arn
from outfall.core.parcel import Parcel, Sender
from outfall.core.ports import Tx
from outfall.core.principal import role_session
from outfall.services.s3.errors import NoSuchBucket
from outfall.services.s3.target import S3Target
from tests.services.s3.kit import S3, context_of
from tests.support import ACCOUNT

BUCKET = Arn("s3", "", "", "bucket")
ROLE = role_session(f"arn:aws:iam::{ACCOUNT}:role/R", "AROAEXAMPLE", "f")
PARCEL = Parcel(b'{"version":"1.0"}', Sender("destination", ROLE), key="aws/lambda/async/f/record")


def accept(s3: S3, arn: Arn) -> str:
    def work(tx: Tx) -> str:
        return S3Target().accept(context_of(s3, tx), arn, PARCEL)

    return str(s3.at(work))


def test_what_arrives_is_an_object(s3: S3) -> None:
    assert len(accept(s3, BUCKET)) == 16
    assert s3.get(PARCEL.key) == PARCEL.body
    head = s3("HeadObject", Bucket="bucket", Key=PARCEL.key)
    assert head["ContentType"] == "application/octet-stream"


def test_it_is_told_like_any_upload_by_the_one_who_sent_it(s3: S3) -> None:
    s3.notify("s3:ObjectCreated:*")
    accept(s3, BUCKET)
    [record] = s3.records()
    assert record["eventName"] == "ObjectCreated:Put"
    assert record["userIdentity"] == {"principalId": "AWS:AROAEXAMPLE:f"}


def test_the_trace_goes_on_to_who_listens(s3: S3) -> None:
    s3.notify("s3:ObjectCreated:*")
    traced = replace(PARCEL, trace_header="Root=1-2-3")
    s3.at(lambda tx: S3Target().accept(context_of(s3, tx), BUCKET, traced))
    assert s3.queues.arrived[0][1].trace_header == "Root=1-2-3"


def test_a_bucket_that_is_gone(s3: S3) -> None:
    gone = Arn("s3", "", "", "none")
    assert s3.at(lambda tx: S3Target().exists(context_of(s3, tx), gone)) is False
    with pytest.raises(NoSuchBucket):
        accept(s3, gone)


def test_permission_is_asked_for_any_key(s3: S3) -> None:
    target = S3Target()
    assert (target.action, target.resource(BUCKET)) == ("s3:PutObject", "arn:aws:s3:::bucket/*")
    policy = json.dumps(
        {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::bucket"}]}
    )
    s3("DeletePublicAccessBlock", Bucket="bucket")
    s3("PutBucketPolicy", Bucket="bucket", Policy=policy)
    assert s3.at(lambda tx: target.policy(context_of(s3, tx), BUCKET)) == policy
