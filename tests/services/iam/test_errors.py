"""IAM's refusals, to the word: the cases of the recordings by their ids, and the rest of the table."""

from __future__ import annotations

import json
from typing import Any

import pytest

from outfall.core.errors import AwsError
from tests.services.iam.desk import SEND, TRUST, Desk


def document(**changes: Any) -> str:
    """The sending policy with its statement changed; None takes an element out."""
    told = {**SEND["Statement"][0], **changes}  # type: ignore[dict-item]
    return json.dumps({"Version": "2012-10-17", "Statement": [{k: v for k, v in told.items() if v is not None}]})


def trusting(**changes: Any) -> str:
    """The trust policy with its statement changed."""
    told = {**TRUST["Statement"][0], **changes}  # type: ignore[dict-item]
    return json.dumps({"Version": "2012-10-17", "Statement": [{k: v for k, v in told.items() if v is not None}]})


ONE, BREAKS = "1 validation error detected: Value at", "failed to satisfy constraint: Member must"
TAG_PATTERN = r"satisfy regular expression pattern: [\p{L}\p{Z}\p{N}_.:/=+\-@]"
NAME = "It must contain only alphanumeric characters and/or the following: +=,.@_-"
PATH = "It must begin and end with / and contain only alphanumeric characters and/or / characters."
ARN = "arn:aws:iam::111111111111:policy/"
NO_VENDOR = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."
GHOST = "arn:aws:iam::111111111111:role/ghost"
ROWS: list[tuple[str, str, dict[str, Any], int, str, str]] = [
    (
        *("iam-002 rec-299", "CreateRole", {"RoleName": "x", "AssumeRolePolicyDocument": "not json"}),
        *(400, "MalformedPolicyDocument", "This policy contains invalid Json"),
    ),
    (
        *("iam-003 rec-300", "AttachRolePolicy", {"RoleName": "r", "PolicyArn": "longpolicynamebutnoarn"}),
        *(400, "ValidationError", "Invalid ARN:  Could not be parsed!"),
    ),
    (
        *("iam-004 rec-301", "AttachRolePolicy", {"RoleName": "r", "PolicyArn": f"{ARN}p123"}),
        *(404, "NoSuchEntity", f"Policy {ARN}p123 does not exist or is not attachable."),
    ),
    (
        *("iam-005 rec-302", "DeletePolicy", {"PolicyArn": f"{ARN}non-existent-policy"}),
        *(404, "NoSuchEntity", f"Policy {ARN}non-existent-policy was not found."),
    ),
    (
        *("rec-303", "GetUser", {"UserName": "non-existent-user"}),
        *(404, "NoSuchEntity", "The user with name non-existent-user cannot be found."),
    ),
    (
        *("iam.md role", "GetRole", {"RoleName": "ghost"}),
        *(404, "NoSuchEntity", "The role with name ghost cannot be found."),
    ),
    (
        *("missing", "GetRole", {}),
        *(400, "ValidationError", f"{ONE} 'roleName' {BREAKS} not be null"),
    ),
    (
        *("too long", "GetRole", {"RoleName": "a" * 65}),
        *(400, "ValidationError", f"{ONE} 'roleName' {BREAKS} have length less than or equal to 64"),
    ),
    (
        *("two at once", "GetRolePolicy", {"RoleName": "", "PolicyName": None}),
        *(400, "ValidationError"),
        f"2 validation errors detected: Value at 'policyName' {BREAKS} not be null; "
        f"Value at 'roleName' {BREAKS} have length greater than or equal to 1",
    ),
    (
        *("not one of those", "UpdateAccessKey", {"UserName": "u", "AccessKeyId": "A" * 20, "Status": "Expired"}),
        *(400, "ValidationError", f"{ONE} 'status' {BREAKS} satisfy enum value set"),
    ),
    (
        *("tag key", "TagRole", {"RoleName": "r", "Tags": [{"Key": "a!", "Value": "x"}]}),
        *(400, "ValidationError", f"{ONE} 'tags.1.member.key' {BREAKS} {TAG_PATTERN}+"),
    ),
    (
        *("tag value", "TagRole", {"RoleName": "r", "Tags": [{"Key": "a", "Value": ""}, {"Key": "b", "Value": "x!"}]}),
        *(400, "ValidationError", f"{ONE} 'tags.2.member.value' {BREAKS} {TAG_PATTERN}*"),
    ),
    (
        *("too many tags", "TagRole", {"RoleName": "r", "Tags": [{"Key": f"k{n}", "Value": ""} for n in range(51)]}),
        *(400, "ValidationError", f"{ONE} 'tags' {BREAKS} have length less than or equal to 50"),
    ),
    (
        *("thumbprint", "CreateOpenIDConnectProvider", {"Url": "https://a.example", "ThumbprintList": ["x"]}),
        *(400, "ValidationError"),
        f"{ONE} 'thumbprintList' {BREAKS} satisfy constraint: [Member must have length less than or equal to 40, "
        "Member must have length greater than or equal to 40]",
    ),
    (
        *("detach", "DetachRolePolicy", {"RoleName": "r", "PolicyArn": f"{ARN}p"}),
        *(404, "NoSuchEntity", f"Policy {ARN}p was not found."),
    ),
    (
        *("inline", "GetRolePolicy", {"RoleName": "r", "PolicyName": "p"}),
        *(404, "NoSuchEntity", "The role policy with name p cannot be found."),
    ),
    (
        *("marker", "ListRoles", {"Marker": "%"}),
        *(400, "ValidationError", "Invalid Marker."),
    ),
]
DOCUMENTS: list[tuple[str, str]] = [
    ("not json", "Syntax errors in policy."),
    ("{}", "Syntax errors in policy."),
    (json.dumps({"Version": "2012-10-17", "Statement": []}), "Syntax errors in policy."),
    (json.dumps({**SEND, "Statements": []}), "Syntax errors in policy."),
    (json.dumps({**SEND, "Version": "2008-10-17"}), "Policy document must be version 2012-10-17 or greater."),
    (document(Effect="Maybe"), "Syntax errors in policy."),
    (document(effect="Allow"), "Syntax errors in policy."),
    (document(Principal="*"), "Policy document should not specify a principal."),
    (document(Action=None), "Policy statement must contain actions."),
    (document(Resource=None), "Policy statement must contain resources."),
    (document(Action="SendMessage"), NO_VENDOR),
    (document(Action="s*s:SendMessage"), "Vendor s*s is not valid"),
    (document(Action="sqs:Send:Message"), "Actions/Condition can contain only one colon."),
    (document(Resource="jobs"), 'Resource jobs must be in ARN format or "*".'),
    (document(Resource="arn:aws:sqs"), "The policy failed legacy parsing"),
    (document(Condition={"StringResembles": {"aws:x": "y"}}), "Invalid Condition type : StringResembles."),
]
TRUSTS: list[tuple[str, str]] = [
    (trusting(Resource="*"), "Has prohibited field Resource"),
    (trusting(Action="sqs:SendMessage"), "AssumeRole policy may only specify STS AssumeRole actions."),
    (trusting(Principal={"AWS": GHOST}), f'Invalid principal in policy: "AWS":"{GHOST}"'),
    (trusting(Principal={"AWS": "ann"}), 'Invalid principal in policy: "AWS":"ann"'),
    (trusting(Principal={"Service": "lambda"}), 'Invalid principal in policy: "SERVICE":"lambda"'),
    (trusting(Principal=None), "Missing required field Principal"),
]
WORDS: list[tuple[str, str, dict[str, Any], str]] = [
    ("roleName", "GetRole", {"RoleName": "a b"}, NAME),
    ("roleName", "CreateRole", {"RoleName": "a/b", "AssumeRolePolicyDocument": "{}"}, NAME),
    ("userName", "CreateUser", {"UserName": "é"}, NAME),
    ("userName", "GetUser", {"UserName": "a b"}, NAME),
    ("newUserName", "UpdateUser", {"UserName": "u", "NewUserName": "a b"}, NAME),
    ("groupName", "CreateGroup", {"GroupName": "a b"}, NAME),
    ("policyName", "CreatePolicy", {"PolicyName": "a b", "PolicyDocument": "{}"}, NAME),
    ("instanceProfileName", "CreateInstanceProfile", {"InstanceProfileName": "a b"}, NAME),
    ("path", "CreateUser", {"UserName": "u", "Path": "/x"}, PATH),
    ("path", "CreatePolicy", {"PolicyName": "p", "PolicyDocument": "{}", "Path": "x/"}, PATH),
    (
        *("pathPrefix", "ListRoles", {"PathPrefix": "x"}),
        "It must begin with the / character and contain only alphanumeric characters and/or / characters.",
    ),
    (
        *("policyDocument", "CreatePolicy", {"PolicyName": "p", "PolicyDocument": "\u201c{}\u201d"}),
        "It must contain only printable ASCII characters.",
    ),
    (
        *("accessKeyId", "GetAccessKeyLastUsed", {"AccessKeyId": "A-" * 10}),
        "It must contain only alphanumeric characters.",
    ),
]
ROWS += [
    (
        f"{name} of {operation}",
        operation,
        given,
        400,
        "ValidationError",
        f"The specified value for {name} is invalid. {said}",
    )
    for name, operation, given, said in WORDS
]
ROWS += [
    (f"policy {at}", "CreatePolicy", {"PolicyName": "p", "PolicyDocument": text}, 400, "MalformedPolicyDocument", said)
    for at, (text, said) in enumerate(DOCUMENTS)
]
ROWS += [
    (
        f"trust {at}",
        "UpdateAssumeRolePolicy",
        {"RoleName": "r", "PolicyDocument": text},
        400,
        "MalformedPolicyDocument",
        said,
    )
    for at, (text, said) in enumerate(TRUSTS)
]


@pytest.mark.parametrize("operation, request_, status, code, message", [r[1:] for r in ROWS], ids=[r[0] for r in ROWS])
def test_a_refusal_reads(
    desk: Desk, operation: str, request_: dict[str, Any], status: int, code: str, message: str
) -> None:
    desk.role()
    with pytest.raises(AwsError) as refused:
        desk.iam(operation, **request_)
    assert (refused.value.status, refused.value.code, refused.value.message) == (status, code, message)


def test_ten_attachments_and_no_more(desk: Desk) -> None:
    desk.role()
    for at in range(10):
        desk.iam("AttachRolePolicy", RoleName="r", PolicyArn=desk.policy(f"p{at}"))
    with pytest.raises(AwsError) as refused:
        desk.iam("AttachRolePolicy", RoleName="r", PolicyArn=desk.policy("p10"))
    assert (refused.value.status, refused.value.code) == (409, "LimitExceeded")
    assert refused.value.message == "Cannot exceed quota for PoliciesPerRole: 10"


def test_inline_policies_share_a_quota(desk: Desk) -> None:
    desk.role()
    half = document(Action=["sqs:" + "a" * 5300])
    desk.iam("PutRolePolicy", RoleName="r", PolicyName="a", PolicyDocument=half)
    with pytest.raises(AwsError, match="Maximum policy size of 10240 bytes exceeded for role r"):
        desk.iam("PutRolePolicy", RoleName="r", PolicyName="b", PolicyDocument=half)
