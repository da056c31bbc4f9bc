"""Who may assume a role: a service, a user, nobody."""

from __future__ import annotations

import pytest

from outfall.authz import identity_decision, service_may_assume
from outfall.core.ports import NamedPolicy, RoleFacts
from outfall.store.memory import MemoryStore
from tests.authz.people import SESSION, USER, decide, policy, statement
from tests.support import ACCOUNT, KnownIdentities, make_context

ROLE = SESSION.role_arn


def trust(principal: object, effect: str = "Allow") -> str:
    return policy(statement(effect, "sts:AssumeRole", None, Principal=principal))


@pytest.mark.parametrize(
    "document, service, may",
    [
        (trust({"Service": "lambda.amazonaws.com"}), "lambda.amazonaws.com", True),
        (trust({"Service": ["s3.amazonaws.com", "lambda.amazonaws.com"]}), "lambda.amazonaws.com", True),
        (trust({"Service": "s3.amazonaws.com"}), "lambda.amazonaws.com", False),
        (trust({"AWS": ACCOUNT}), "lambda.amazonaws.com", False),
        (trust({"Service": "lambda.amazonaws.com"}, "Deny"), "lambda.amazonaws.com", False),
        ("{}", "lambda.amazonaws.com", False),
    ],
)
def test_a_service_may_assume_a_role_that_trusts_it(document: str, service: str, may: bool) -> None:
    identities = KnownIdentities({ROLE: RoleFacts(ROLE, "AROAX", document)})
    ask = lambda tx: service_may_assume(make_context(tx, identities=identities), ROLE, service)  # noqa: E731
    assert MemoryStore().transact(ask) is may


def test_no_service_may_assume_a_role_that_is_not_there() -> None:
    ask = lambda tx: service_may_assume(make_context(tx), ROLE, "lambda.amazonaws.com")  # noqa: E731
    assert MemoryStore().transact(ask) is False


ALLOW_ASSUME = policy(statement(action="sts:AssumeRole"))


@pytest.mark.parametrize(
    "document, identity, allowed",
    [
        (trust({"AWS": USER.arn}), (), True),
        (trust({"AWS": ACCOUNT}), (), False),
        (trust({"AWS": ACCOUNT}), (ALLOW_ASSUME,), True),
        # The identity policy alone is never enough for a role. [DOC:reference_policies_evaluation-logic]
        (trust({"Service": "lambda.amazonaws.com"}), (ALLOW_ASSUME,), False),
    ],
)
def test_a_user_needs_the_trust_policy(document: str, identity: tuple[str, ...], allowed: bool) -> None:
    assert decide(USER, "sts:AssumeRole", ROLE, identity=identity, resource_policy=document).allowed is allowed


def test_identity_decision_asks_only_what_the_role_may() -> None:
    document = policy(statement(resource="arn:aws:sqs:*:*:jobs"))
    identities = KnownIdentities(policies={ROLE: (NamedPolicy("p", document),)})

    def work(tx: object) -> tuple[bool, bool]:
        ctx = make_context(tx, identities=identities)  # type: ignore[arg-type]
        queue = "arn:aws:sqs:us-east-1:222222222222:"
        return (
            identity_decision(ctx, SESSION, "sqs:SendMessage", f"{queue}jobs").allowed,
            identity_decision(ctx, SESSION, "sqs:SendMessage", f"{queue}other").allowed,
        )

    assert MemoryStore().transact(work) == (True, False)
