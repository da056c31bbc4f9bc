"""When a bucket policy counts as public: each statement of AWS's guide, "The meaning of public"."""

from __future__ import annotations

import json
from typing import Any

import pytest

from outfall.services.s3.publicity import is_public_policy


@pytest.mark.parametrize(
    "more, public",
    [
        ({}, True),
        ({"Principal": {"AWS": "*"}}, True),
        ({"Principal": {"AWS": ["111111111111", "*"]}}, True),
        ({"Principal": {"AWS": "111111111111"}}, False),
        ({"Principal": {"Service": "s3.amazonaws.com"}}, False),
        ({"Effect": "Deny"}, False),
        ({"Condition": {"StringEquals": {"aws:SourceVpc": "vpc-91237329"}}}, False),
        ({"Condition": {"StringLike": {"aws:SourceVpc": "vpc-*"}}}, True),
        ({"Condition": {"StringNotEquals": {"aws:SourceVpc": "vpc-91237329"}}}, True),
        ({"Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}}, False),
        ({"Condition": {"IpAddress": {"aws:SourceIp": ["203.0.113.0/24", "0.0.0.0/1"]}}}, True),
        ({"Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}}, False),
        ({"Condition": {"ArnLike": {"AWS:SourceArn": "arn:aws:s3:::b"}}}, False),
        ({"Condition": {"StringEquals": {"aws:SourceAccount": "${aws:username}"}}}, True),
        ({"Condition": {"StringEquals": {"s3:prefix": "a"}}}, True),
    ],
)
def test_statements(more: dict[str, Any], public: bool) -> None:
    statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"} | more
    for statements in (statement, [statement]):
        assert is_public_policy(json.dumps({"Statement": statements})) is public


@pytest.mark.parametrize("text", ["", "{", "[]", '{"Statement": []}'])
def test_what_is_no_policy_lets_nobody_in(text: str) -> None:
    assert is_public_policy(text) is False
