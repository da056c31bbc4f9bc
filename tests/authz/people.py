"""Who asks in these tests, and how to ask in one line."""

from __future__ import annotations

import json
from typing import Any

from outfall.authz import Ask, Decision, authorize
from outfall.core.ports import NamedPolicy, Tx
from outfall.core.principal import Principal, role_session
from outfall.store.memory import MemoryStore
from tests.support import ACCOUNT, OTHER_ACCOUNT, KnownIdentities, make_call, make_house

USER = Principal("user", ACCOUNT, f"arn:aws:iam::{ACCOUNT}:user/ann", "AIDA" + "A" * 17, user_name="ann")
SESSION = role_session(f"arn:aws:iam::{ACCOUNT}:role/worker", "AROA" + "B" * 17, "s1")
STRANGER = Principal(
    "user", OTHER_ACCOUNT, f"arn:aws:iam::{OTHER_ACCOUNT}:user/bob", "AIDA" + "C" * 17, user_name="bob"
)
QUEUE = f"arn:aws:sqs:us-east-1:{ACCOUNT}:jobs"


class Bounded(KnownIdentities):
    """IAM with one permissions boundary for everybody."""

    def __init__(self, policies: dict[str, tuple[NamedPolicy, ...]], boundary: NamedPolicy | None) -> None:
        super().__init__(policies=policies)
        self._boundary = boundary

    def boundary(self, tx: Tx, principal: Principal) -> NamedPolicy | None:
        return self._boundary


def statement(
    effect: str = "Allow", action: Any = "sqs:SendMessage", resource: Any = "*", **more: Any
) -> dict[str, Any]:
    """A statement; None leaves an element out."""
    told = {"Effect": effect, "Action": action, "Resource": resource, **more}
    return {name: value for name, value in told.items() if value is not None}


def policy(*statements: dict[str, Any], version: str = "2012-10-17") -> str:
    """A document of these statements."""
    return json.dumps({"Version": version, "Statement": list(statements)})


def decide(
    principal: Principal = USER,
    action: str = "sqs:SendMessage",
    resource: str = QUEUE,
    *,
    identity: tuple[str, ...] = (),
    boundary: str | None = None,
    resource_policy: str | None = None,
    keys: dict[str, Any] | None = None,
    owner: str = "",
) -> Decision:
    """The decision on one request, with these documents in force."""
    return decide_all(
        principal,
        action,
        resource,
        identity=identity,
        boundary=boundary,
        resource_policy=resource_policy,
        keys=keys,
        owner=owner,
    )


def decide_all(
    principal: Principal,
    action: str,
    resource: str,
    *,
    identity: tuple[str, ...] = (),
    boundary: str | None = None,
    resource_policy: str | None = None,
    keys: Any = None,
    owner: str = "",
    parameters: dict[str, Any] | None = None,
    headers: dict[str, str] | None = None,
    **house: Any,
) -> Decision:
    """The same, of a call with these parameters and headers, in a house of which more is told."""
    named = tuple(NamedPolicy(f"p{at}", document) for at, document in enumerate(identity))
    identities = Bounded({principal.policy_arn: named}, NamedPolicy("boundary", boundary) if boundary else None)

    def work(tx: Tx) -> Decision:
        call = make_call(
            tx,
            account=principal.account or ACCOUNT,
            principal=principal,
            headers=headers,
            house=make_house(identities=identities, **house),
        )
        return authorize(call, Ask(principal, action, resource, keys or {}, resource_policy, owner, parameters))

    return MemoryStore().transact(work)
