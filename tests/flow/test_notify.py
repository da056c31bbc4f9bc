"""Who is told when an object changes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from outfall.core.parcel import Parcel
from outfall.flow import notify
from outfall.flow.notify import NotificationRule, NotifyingBucket, ObjectChange
from outfall.store.memory import MemoryStore
from tests.support import ACCOUNT, REGION, RecordingTarget, make_call

QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:q"
OTHER = f"arn:aws:sqs:{REGION}:{ACCOUNT}:other"


def rule(name: str = "rule", target: str = QUEUE, events: tuple[str, ...] = ("s3:*",), **more: Any) -> NotificationRule:
    return NotificationRule(name, target, events, **more)


def policy(queue: str) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "s3.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue,
        "Condition": {
            "ArnLike": {"aws:SourceArn": "arn:aws:s3:::bucket"},
            "StringEquals": {"aws:SourceAccount": ACCOUNT},
        },
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def told(change: ObjectChange, *rules: NotificationRule, bucket: str = "bucket") -> list[tuple[str, Parcel]]:
    """What arrives at queues that let in S3 for `bucket` alone."""
    queues = RecordingTarget("sqs:SendMessage", {QUEUE: policy(QUEUE), OTHER: policy(OTHER)})
    owner = NotifyingBucket(bucket, ACCOUNT, REGION, rules)

    MemoryStore().transact(lambda tx: notify.object_changed(make_call(tx, targets={"sqs": queues}), owner, change))
    return queues.arrived


PUT = ObjectChange("s3:ObjectCreated:Put", "in/a.jpg", size=1, etag="e", sequencer="00")


@pytest.mark.parametrize(
    "pattern, event, matches",
    [
        ("s3:ObjectCreated:*", "s3:ObjectCreated:Put", True),
        ("s3:ObjectCreated:Put", "s3:ObjectCreated:Put", True),
        ("s3:ObjectCreated:Copy", "s3:ObjectCreated:Put", False),
        ("s3:ObjectRemoved:*", "s3:ObjectCreated:Put", False),
    ],
)
def test_events(pattern: str, event: str, matches: bool) -> None:
    assert bool(told(PUT, rule(events=(pattern,)))) is matches


@pytest.mark.parametrize(
    "filters, matches",
    [
        ((), True),
        ((("Prefix", "in/"),), True),
        ((("Suffix", ".jpg"),), True),
        ((("Prefix", ""), ("Suffix", "")), True),
        ((("Prefix", "in/"), ("Suffix", ".png")), False),
        ((("Prefix", "out/"), ("Suffix", ".jpg")), False),
        ((("Prefix", "*"),), False),
    ],
)
def test_filters(filters: tuple[tuple[str, str], ...], matches: bool) -> None:
    assert bool(told(PUT, rule(filters=filters))) is matches


def test_every_rule_that_matches_is_told_with_its_own_id() -> None:
    arrived = told(PUT, rule("one"), rule("two", OTHER), rule("three", events=("s3:ObjectRemoved:*",)))
    ids = [(target, json.loads(p.body)["Records"][0]["s3"]["configurationId"]) for target, p in arrived]
    assert ids == [(QUEUE, "one"), (OTHER, "two")]


def test_a_target_that_refuses_does_not_keep_others_from_hearing() -> None:
    gone = rule("gone", QUEUE + "-gone")
    assert [target for target, _ in told(PUT, gone, rule())] == [QUEUE]


def test_a_target_lets_in_the_bucket_that_it_names_and_no_other() -> None:
    assert told(PUT, rule(), bucket="another") == []


def test_s3_is_the_sender() -> None:
    [(_, parcel)] = told(PUT, rule())
    sender = parcel.sender
    assert (sender.origin, sender.principal.service) == ("s3", "s3.amazonaws.com")
    assert (sender.source_arn, sender.source_account) == ("arn:aws:s3:::bucket", ACCOUNT)


def test_what_a_change_does_not_have_is_absent() -> None:
    [(_, parcel)] = told(ObjectChange("s3:ObjectRemoved:Delete", "k"), rule())
    assert json.loads(parcel.body)["Records"][0]["s3"]["object"] == {"key": "k"}
