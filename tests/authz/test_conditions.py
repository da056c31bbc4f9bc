"""Condition operators, a row per rule: operator, the policy's values, the request's value, and whether it holds.

Pages are those of the IAM user guide; rows marked SD follow native captures of AWS where the page says less.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.authz.people import decide, policy, statement

PAGE = "reference_policies_elements_condition_operators"
SETS = "reference_policies_condition-single-vs-multi-valued-context-keys"
LOGIC = "reference_policies_condition-logic-multiple-context-keys-or-values"
VARIABLES = "reference_policies_variables"
SD_SETS, SD_VALUES, SD_IP, SD_STRINGS = (
    "SD condition_sets",
    "SD condition_values",
    "SD condition_ip",
    "SD condition_strings",
)

BUCKET = "arn:aws:s3:::photos"
ROWS: list[tuple[str, str, Any, Any, bool]] = [
    (PAGE, "StringEquals", "a", "a", True),
    (PAGE, "StringEquals", "a", "A", False),
    (PAGE, "StringEquals", "a*", "ab", False),
    (PAGE, "StringEquals", "a*", "a*", True),
    (PAGE, "StringEquals", "a", None, False),
    (LOGIC, "StringEquals", ["a", "b"], "b", True),
    (LOGIC, "StringEquals", [], "b", False),
    (PAGE, "StringNotEquals", "a", "b", True),
    (PAGE, "StringNotEquals", "a", "a", False),
    (PAGE, "StringNotEquals", "a", None, True),
    (LOGIC, "StringNotEquals", ["a", "b"], "b", False),
    (LOGIC, "StringNotEquals", ["a", "b"], "c", True),
    (PAGE, "StringEqualsIgnoreCase", "aB", "Ab", True),
    (SD_VALUES, "StringEqualsIgnoreCase", "s", "ſ", False),
    (PAGE, "StringNotEqualsIgnoreCase", "aB", "Ab", False),
    (PAGE, "StringLike", "a*", "abc", True),
    (PAGE, "StringLike", "a?c", "abc", True),
    (PAGE, "StringLike", "a?c", "ac", False),
    (PAGE, "StringLike", "*", "", True),
    (SD_STRINGS, "StringLike", "[ab]", "a", False),
    (PAGE, "StringLike", "a*", "Abc", False),
    (PAGE, "StringNotLike", "a*", "abc", False),
    (PAGE, "StringNotLike", "a*", "b", True),
    (PAGE, "StringNotLike", "a*", None, True),
    (PAGE, "stringequals", "a", "a", True),
    (PAGE, "StringEqualsIfExists", "a", None, True),
    (PAGE, "StringEqualsIfExists", "a", "b", False),
    (PAGE, "StringLikeIfExists", "a*", "abc", True),
    (PAGE, "NumericEquals", "10", "10", True),
    (SD_VALUES, "NumericEquals", "10", "010", True),
    (SD_VALUES, "NumericEquals", "10", "+10", True),
    (PAGE, "NumericEquals", 10, "10.0", True),
    (PAGE, "NumericEquals", "ten", "10", False),
    (PAGE, "NumericNotEquals", "10", "11", True),
    (PAGE, "NumericLessThan", "10", "9", True),
    (PAGE, "NumericLessThan", "10", "10", False),
    (PAGE, "NumericLessThanEquals", "10", "10", True),
    (PAGE, "NumericGreaterThan", "10", "11", True),
    (PAGE, "NumericGreaterThan", "10", "9", False),
    (PAGE, "NumericGreaterThanEquals", "10", "10", True),
    (PAGE, "NumericGreaterThan", "10", None, False),
    (PAGE, "DateEquals", "2027-01-15T08:00:00Z", "2027-01-15T08:00:00Z", True),
    (PAGE, "DateEquals", "2027-01-15T08:00:00Z", "1800000000", True),
    (PAGE, "DateNotEquals", "2027-01-15T08:00:00Z", "2027-01-15T08:00:01Z", True),
    (PAGE, "DateLessThan", "2027-01-16", "2027-01-15T08:00:00Z", True),
    (PAGE, "DateLessThanEquals", "2027-01-15T08:00:00Z", "2027-01-15T09:00:00+01:00", True),
    (PAGE, "DateGreaterThan", "2027-01-15T08:00:00Z", "2027-01-15T08:00:00.001Z", True),
    (PAGE, "DateGreaterThanEquals", "1800000000", "2027-01-15T08:00:00Z", True),
    (PAGE, "DateGreaterThan", "yesterday", "2027-01-15T08:00:00Z", False),
    (PAGE, "Bool", "true", "true", True),
    (PAGE, "Bool", True, "true", True),
    (SD_VALUES, "Bool", "TRUE", "true", True),
    (PAGE, "Bool", "false", "true", False),
    (PAGE, "Bool", "false", "false", True),
    (PAGE, "Bool", "true", None, False),
    (PAGE, "BoolIfExists", "true", None, True),
    (PAGE, "BinaryEquals", "QmluYXJ5", "QmluYXJ5", True),
    (PAGE, "IpAddress", "203.0.113.0/24", "203.0.113.7", True),
    (PAGE, "IpAddress", "203.0.113.0/24", "203.0.114.7", False),
    (PAGE, "IpAddress", "203.0.113.7", "203.0.113.7", True),
    (SD_IP, "IpAddress", "203.0.113.9/24", "203.0.113.7", True),
    (SD_IP, "IpAddress", "2001:db8::/64", "2001:db8::5", True),
    (SD_IP, "IpAddress", "2001:db8::5/64", "2001:db8::5", False),
    (SD_IP, "IpAddress", "203.0.113.0/24", "::ffff:203.0.113.7", True),
    (PAGE, "IpAddress", "everywhere", "203.0.113.7", False),
    (PAGE, "NotIpAddress", "203.0.113.0/24", "203.0.114.7", True),
    (PAGE, "NotIpAddress", "203.0.113.0/24", "203.0.113.7", False),
    (PAGE, "ArnEquals", BUCKET, BUCKET, True),
    (PAGE, "ArnEquals", "arn:aws:s3:::*", BUCKET, True),
    (PAGE, "ArnLike", "arn:aws:s3:::p*s", BUCKET, True),
    (PAGE, "ArnLike", "arn:aws:sqs:*:111111111111:*", "arn:aws:sqs:us-east-1:111111111111:q", True),
    (PAGE, "ArnLike", "arn:aws:*:q", "arn:aws:sqs:us-east-1:111111111111:q", False),
    (PAGE, "ArnLike", "arn:aws:lambda:*:*:function:*", "arn:aws:lambda:us-east-1:1:function:f:live", True),
    (PAGE, "ArnLike", BUCKET, "photos", False),
    (PAGE, "ArnLike", BUCKET, None, False),
    (PAGE, "ArnNotEquals", BUCKET, "arn:aws:s3:::music", True),
    (PAGE, "ArnNotLike", "arn:aws:s3:::p*", BUCKET, False),
    (PAGE, "Null", "true", None, True),
    (PAGE, "Null", "true", "x", False),
    (PAGE, "Null", "false", "x", True),
    (PAGE, "Null", "false", None, False),
    (PAGE, "Null", "false", ["x", "y"], True),
    (SD_SETS, "StringEquals", "a", ["a"], False),
    (SD_SETS, "StringNotEquals", "b", ["a"], False),
    (SD_SETS, "StringEqualsIfExists", "a", ["a"], False),
    (SETS, "ForAllValues:StringEquals", ["a", "b"], ["a", "b"], True),
    (SETS, "ForAllValues:StringEquals", ["a", "b"], ["a", "c"], False),
    (SETS, "ForAllValues:StringEquals", ["a"], [], True),
    (SETS, "ForAllValues:StringEquals", ["a"], None, True),
    (SETS, "ForAllValues:StringLike", ["a*"], ["ab", "ac"], True),
    (SETS, "ForAllValues:StringNotEquals", ["a"], ["b", "c"], True),
    (SETS, "ForAllValues:StringNotEquals", ["a"], ["a", "c"], False),
    (SETS, "ForAnyValue:StringEquals", ["a", "b"], ["c", "b"], True),
    (SETS, "ForAnyValue:StringEquals", ["a"], ["c"], False),
    (SETS, "ForAnyValue:StringEquals", ["a"], [], False),
    (SETS, "ForAnyValue:StringEquals", ["a"], None, False),
    (SETS, "ForAnyValue:StringNotEquals", ["a"], None, False),
    (SETS, "ForAnyValue:StringNotEquals", ["a"], ["a", "b"], True),
    (SETS, "ForAnyValue:StringEqualsIfExists", ["a"], None, True),
    (SETS, "ForAnyValue:StringEquals", ["a"], "a", True),
    (VARIABLES, "StringEquals", "${aws:username}", "ann", True),
    (VARIABLES, "StringEquals", "${aws:username}", "bob", False),
    (VARIABLES, "StringLike", "home/${aws:username}/*", "home/ann/x", True),
    (VARIABLES, "StringLike", "home/${*}", "home/x", False),
    (VARIABLES, "StringLike", "${my:missing}*", "x", False),
    (VARIABLES, "StringLike", "${my:missing, 'x'}*", "xy", True),
    (VARIABLES, "ArnLike", "arn:aws:s3:::${aws:username}-*", "arn:aws:s3:::ann-photos", True),
    (VARIABLES, "StringEqualsIgnoreCase", "${aws:username}", "ANN", True),
    (PAGE, "StringResembles", "a", "a", False),
    (PAGE, "ForSomeValues:StringEquals", "a", "a", False),
]


@pytest.mark.parametrize("page, operator, values, value, holds", ROWS)
def test_a_condition_holds(page: str, operator: str, values: Any, value: Any, holds: bool) -> None:
    document = policy(statement(Condition={operator: {"my:key": values}}))
    keys = {} if value is None else {"My:Key": value}
    assert decide(identity=(document,), keys=keys).allowed is holds, page


@pytest.mark.parametrize(
    "key, value",
    [
        ("aws:PrincipalArn", "arn:aws:iam::111111111111:user/ann"),
        ("aws:PrincipalAccount", "111111111111"),
        ("aws:PrincipalType", "User"),
        ("aws:userid", "AIDA" + "A" * 17),
        ("aws:username", "ann"),
        ("aws:CurrentTime", "2027-01-15T08:00:00Z"),
        ("aws:EpochTime", "1800000000"),
        ("aws:RequestedRegion", "us-east-1"),
        ("aws:PrincipalIsAWSService", "false"),
        ("aws:ViaAWSService", "false"),
    ],
)
def test_every_request_has_the_global_keys(key: str, value: str) -> None:
    document = policy(statement(Condition={"StringEquals": {key: value}}))
    assert decide(identity=(document,)).allowed, "reference_policies_condition-keys"


def test_all_keys_and_all_operators_must_hold() -> None:
    both = policy(statement(Condition={"StringEquals": {"k:a": "1", "k:b": "2"}, "NumericEquals": {"k:c": "3"}}))
    keys = {"k:a": "1", "k:b": "2", "k:c": "3"}
    assert decide(identity=(both,), keys=keys).allowed, LOGIC
    for name in keys:
        assert not decide(identity=(both,), keys={**keys, name: "9"}).allowed, LOGIC
