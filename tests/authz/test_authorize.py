"""Which policies must agree: one row per case of the policy evaluation logic in the IAM user guide."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from outfall.core.principal import ANONYMOUS, Principal, root_of, service_principal
from tests.authz.people import QUEUE, SESSION, STRANGER, USER, decide, policy, statement
from tests.support import ACCOUNT, OTHER_ACCOUNT

ALLOW, DENY = policy(statement()), policy(statement("Deny"))
NOTHING = policy(statement(action="s3:GetObject"))
TO_USER = policy(statement(Principal={"AWS": USER.arn}))
TO_ROLE = policy(statement(Principal={"AWS": SESSION.role_arn}))
TO_SESSION = policy(statement(Principal={"AWS": SESSION.arn}))
TO_ACCOUNT = policy(statement(Principal={"AWS": ACCOUNT}))
TO_STRANGER = policy(statement(Principal={"AWS": OTHER_ACCOUNT}))
TO_ALL = policy(statement(Principal="*"))
NOT_ALL = policy(statement("Deny", Principal="*"))
LIMITED = replace(SESSION, session_policies=(NOTHING,))
WIDE = replace(SESSION, session_policies=(ALLOW,))
DENYING = replace(SESSION, session_policies=(ALLOW, DENY))
ROOT, OTHER_ROOT = root_of(ACCOUNT), root_of(OTHER_ACCOUNT)

LOGIC = "reference_policies_evaluation-logic"
BASICS = "reference_policies_evaluation-logic_policy-eval-basics-req-resource"
CROSS = "reference_policies_evaluation-logic-cross-account"
BOUNDARIES = "access_policies_boundaries"

NO_IDENTITY = "because no identity-based policy allows the sqs:SendMessage action"
NO_RESOURCE = "because no resource-based policy allows the sqs:SendMessage action"
NO_BOUNDARY = "because no permissions boundary allows the sqs:SendMessage action"
NO_SESSION = "because no session policy allows the sqs:SendMessage action"

ROWS: list[tuple[str, Principal, dict[str, Any], str]] = [
    # page, who, documents, reason of the refusal (empty: allowed)
    (LOGIC, USER, {}, NO_IDENTITY),
    (LOGIC, USER, {"identity": (NOTHING,)}, NO_IDENTITY),
    (LOGIC, USER, {"identity": (ALLOW,)}, ""),
    (LOGIC, USER, {"identity": (NOTHING, ALLOW)}, ""),
    (LOGIC, USER, {"identity": (ALLOW, DENY)}, "with an explicit deny in an identity-based policy"),
    (
        LOGIC,
        USER,
        {"identity": (DENY,), "resource_policy": TO_USER},
        "with an explicit deny in an identity-based policy",
    ),
    (
        LOGIC,
        USER,
        {"identity": (ALLOW,), "resource_policy": NOT_ALL},
        "with an explicit deny in a resource-based policy",
    ),
    (LOGIC, USER, {"identity": (ALLOW,), "resource_policy": TO_STRANGER}, ""),
    (BASICS, USER, {"resource_policy": TO_USER}, ""),
    (BASICS, USER, {"resource_policy": TO_ALL}, ""),
    (BASICS, USER, {"resource_policy": TO_ACCOUNT}, NO_IDENTITY),
    (BASICS, USER, {"identity": (ALLOW,), "resource_policy": TO_ACCOUNT}, ""),
    (BASICS, SESSION, {"resource_policy": TO_ROLE}, ""),
    (BASICS, SESSION, {"resource_policy": TO_SESSION}, ""),
    (BOUNDARIES, USER, {"identity": (ALLOW,), "boundary": NOTHING}, NO_BOUNDARY),
    (BOUNDARIES, USER, {"identity": (ALLOW,), "boundary": ALLOW}, ""),
    (BOUNDARIES, USER, {"boundary": ALLOW}, NO_IDENTITY),
    (BOUNDARIES, USER, {"identity": (ALLOW,), "boundary": DENY}, "with an explicit deny in a permissions boundary"),
    (BOUNDARIES, USER, {"resource_policy": TO_USER, "boundary": NOTHING}, ""),
    (BOUNDARIES, SESSION, {"resource_policy": TO_ROLE, "boundary": NOTHING}, NO_BOUNDARY),
    (BOUNDARIES, SESSION, {"resource_policy": TO_SESSION, "boundary": NOTHING}, ""),
    (LOGIC, LIMITED, {"identity": (ALLOW,)}, NO_SESSION),
    (LOGIC, WIDE, {"identity": (ALLOW,)}, ""),
    (LOGIC, WIDE, {}, NO_IDENTITY),
    (LOGIC, DENYING, {"identity": (ALLOW,)}, "with an explicit deny in a session policy"),
    (LOGIC, LIMITED, {"resource_policy": TO_ROLE}, NO_SESSION),
    (LOGIC, LIMITED, {"resource_policy": TO_SESSION}, ""),
    (CROSS, STRANGER, {}, NO_IDENTITY),
    (CROSS, STRANGER, {"identity": (ALLOW,)}, NO_RESOURCE),
    (CROSS, STRANGER, {"resource_policy": TO_STRANGER}, NO_IDENTITY),
    (CROSS, STRANGER, {"identity": (ALLOW,), "resource_policy": TO_STRANGER}, ""),
    (CROSS, STRANGER, {"identity": (ALLOW,), "resource_policy": TO_ALL}, ""),
    (CROSS, STRANGER, {"identity": (ALLOW,), "resource_policy": TO_STRANGER, "boundary": NOTHING}, NO_BOUNDARY),
    (
        CROSS,
        STRANGER,
        {"identity": (ALLOW,), "resource_policy": NOT_ALL},
        "with an explicit deny in a resource-based policy",
    ),
    (LOGIC, ROOT, {}, ""),
    (LOGIC, ROOT, {"resource_policy": TO_STRANGER}, ""),
    (LOGIC, ROOT, {"resource_policy": NOT_ALL}, "with an explicit deny in a resource-based policy"),
    (CROSS, OTHER_ROOT, {}, NO_RESOURCE),
    (CROSS, OTHER_ROOT, {"resource_policy": TO_STRANGER}, ""),
    (BASICS, ANONYMOUS, {}, NO_RESOURCE),
    (BASICS, ANONYMOUS, {"resource_policy": TO_ACCOUNT}, NO_RESOURCE),
    (BASICS, ANONYMOUS, {"resource_policy": TO_ALL}, ""),
]


@pytest.mark.parametrize("page, who, documents, reason", ROWS)
def test_the_policies_agree(page: str, who: Principal, documents: dict[str, Any], reason: str) -> None:
    decision = decide(who, **documents)
    assert (decision.allowed, decision.reason) == (not reason, reason), page


S3 = service_principal("s3.amazonaws.com", ACCOUNT)
FROM_BUCKET = policy(
    statement(
        Principal={"Service": "s3.amazonaws.com"},
        Condition={
            "ArnLike": {"AWS:SourceArn": "arn:aws:s3:::photos"},
            "StringEquals": {"AWS:SourceAccount": ACCOUNT},
        },
    )
)
SOURCE = {"aws:SourceArn": "arn:aws:s3:::photos", "aws:SourceAccount": ACCOUNT}


@pytest.mark.parametrize(
    "document, keys, allowed",
    [
        (FROM_BUCKET, SOURCE, True),
        (FROM_BUCKET, {**SOURCE, "aws:SourceArn": "arn:aws:s3:::music"}, False),
        (FROM_BUCKET, {**SOURCE, "aws:SourceAccount": OTHER_ACCOUNT}, False),
        (FROM_BUCKET, {}, False),
        (None, SOURCE, False),
        (TO_ACCOUNT, SOURCE, False),
    ],
)
def test_a_service_is_judged_by_the_resource_policy_alone(
    document: str | None, keys: dict[str, str], allowed: bool
) -> None:
    assert decide(S3, resource_policy=document, keys=keys).allowed is allowed


def test_a_refusal_names_what_was_read_and_what_is_missing() -> None:
    decision = decide(USER, identity=(NOTHING,))
    assert decision.policies == ("p0",)
    assert decision.missing == f'{{"Effect":"Allow","Action":"sqs:SendMessage","Resource":"{QUEUE}"}}'


@pytest.mark.parametrize(
    "who, documents",
    [(USER, {}), (S3, {}), (ANONYMOUS, {}), (STRANGER, {"identity": (ALLOW,)}), (LIMITED, {"identity": (ALLOW,)})],
)
def test_the_missing_statement_pasted_in_allows_it(who: Principal, documents: dict[str, Any]) -> None:
    import json

    decision = decide(who, **documents, keys=SOURCE)
    added = policy(json.loads(decision.missing))
    if "session" in decision.reason:
        who = replace(who, session_policies=(policy(statement(action="s3:GetObject"), json.loads(decision.missing)),))
        repaired = documents
    elif "resource-based" in decision.reason:
        repaired = {**documents, "resource_policy": added}
    else:
        repaired = {**documents, "identity": (added,)}
    assert not decision.allowed
    assert decide(who, **repaired, keys=SOURCE).allowed


def test_a_decision_carries_the_statement_that_decided() -> None:
    assert '"Effect":"Deny"' in decide(identity=(ALLOW, DENY)).statement
    assert '"Effect":"Allow"' in decide(identity=(ALLOW,)).statement
