"""Where statements stand, as AWS's samples count it, and which keys policies ask for."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outfall.authz.positions import context_keys, statement_spans

# https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulateCustomPolicy.html
TEAM_BUCKET = """{
  "Version":"2012-10-17",
  "Id":"x",
  "Statement":{
    "Effect":"Allow",
    "Action":"s3:ListBucket",
    "Resource":"arn:aws:s3:::teambucket",
    "Condition":{
      "Bool":{"aws:MultiFactorAuthPresent":"true"}
    }
  }
}"""
# https://docs.aws.amazon.com/cli/latest/reference/iam/simulate-principal-policy.html
LIST = """{
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "a",
            "Effect": "Allow",
            "Action": "codecommit:ListRepositories",
            "Resource": "*"
        }
    ]
}"""


@pytest.mark.parametrize(
    "document, spans",
    [
        (TEAM_BUCKET, [((4, 16), (11, 4))]),
        (LIST, [((3, 19), (9, 10))]),
        ('{"Statement":[{},{}]}', [((1, 15), (1, 17)), ((1, 17), (1, 20))]),
        ('{"Statement":[]}', []),
        ('{"Version":"2012-10-17"}', []),
        ("[]", []),
        ("", []),
        ("{", []),
        ('{"Statement":[{}', []),
        ('{"Statement":' * 20_000, []),
    ],
)
def test_a_statement_stands(document: str, spans: list[Any]) -> None:
    assert statement_spans(document) == spans


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.dictionaries(st.text(max_size=4), json_values, max_size=3), max_size=4), st.sampled_from([None, 2]))
def test_there_is_a_place_for_each_statement_and_it_ends_at_its_brace(told: Any, indent: int | None) -> None:
    document = json.dumps({"Version": "x", "Statement": told}, indent=indent)
    spans, lines = statement_spans(document), document.split("\n")
    assert len(spans) == len(told)
    for span in spans:
        assert lines[span.end[0] - 1][span.end[1] - 2] == "}"


# https://docs.aws.amazon.com/cli/latest/reference/iam/get-context-keys-for-custom-policy.html
def test_keys_come_as_they_are_written_and_in_their_order() -> None:
    document = {
        "Statement": {
            "Resource": "arn:aws:dynamodb:us-west-2:123456789012:table/${aws:username}",
            "Condition": {
                "DateGreaterThan": {"aws:CurrentTime": "2015-08-16T12:00:00Z"},
                "StringLike": {"aws:PrincipalTag/Team": "${aws:userid, 'x'}${*}", "AWS:UserName": "x"},
            },
        }
    }
    assert context_keys(json.dumps(document)) == [
        "aws:username",
        "aws:CurrentTime",
        "aws:PrincipalTag/Team",
        "aws:userid",
    ]


@settings(max_examples=100, deadline=None)
@given(json_values)
def test_no_document_raises(told: Any) -> None:
    for document in (json.dumps(told), json.dumps({"Statement": told})):
        statement_spans(document)
        context_keys(document)
