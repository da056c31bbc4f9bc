"""Who acts: the principal of a call or of a service's own delivery."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

import msgspec

REMEMBERED_MAX = 1024

Kind = Literal["root", "user", "session", "federated", "service", "anonymous"]


class Principal(msgspec.Struct, frozen=True, cache_hash=True):
    """A caller as IAM sees it.

    `arn` is what messages print: for a role session the sts assumed-role ARN. `unique_id` is `AIDA...` for a user,
    `AROA...:session` for a role session and the account for root. `role_arn` is set for sessions alone, `service` (as
    `s3.amazonaws.com`) for service principals alone, and for kind `federated`, who has no account yet and shows the
    token of an identity provider: then it is the provider (its ARN, or `cognito-identity.amazonaws.com`).

    `issuer_arn` is set for a federated user's session (GetFederationToken) alone: the user or root who asked for it,
    whose policies limit it. `source_identity` is what `aws:SourceIdentity` holds.

    `issued_ms` is when temporary credentials were issued, 0 for others. `function_arn` is the Lambda function that they
    were issued to, if it was one.
    """

    kind: Kind
    account: str
    arn: str
    unique_id: str
    user_name: str = ""
    role_arn: str = ""
    service: str = ""
    session_policies: tuple[str, ...] = ()
    tags: tuple[tuple[str, str], ...] = ()
    issued_ms: int = 0
    function_arn: str = ""
    source_identity: str = ""
    issuer_arn: str = ""

    @property
    def policy_arn(self) -> str:
        """The ARN that `aws:PrincipalArn` holds: the role's for a session."""
        return self.role_arn or self.arn


ANONYMOUS = Principal("anonymous", "", "anonymous", "anonymous")


def root_of(account: str) -> Principal:
    """The root of an account, who may do everything."""
    return Principal("root", account, f"arn:aws:iam::{account}:root", account)


@lru_cache(maxsize=REMEMBERED_MAX)
def service_principal(service: str, account: str) -> Principal:
    """An AWS service acting for resources of `account`, as `s3.amazonaws.com`."""
    return Principal("service", account, service, service, service=service)


@lru_cache(maxsize=REMEMBERED_MAX)
def role_session(role_arn: str, role_id: str, session: str) -> Principal:
    """A session of a role, as Lambda acts for a function: `session` is the function's name."""
    account = role_arn.split(":")[4]
    name = role_arn.rsplit("/", 1)[-1]
    arn = f"arn:aws:sts::{account}:assumed-role/{name}/{session}"
    return Principal("session", account, arn, f"{role_id}:{session}", role_arn=role_arn)
