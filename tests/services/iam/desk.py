"""An account's IAM and STS on the in-memory store, called as a client would."""

from __future__ import annotations

import json
from typing import Any

from outfall.authz import Ask, Decision, authorize
from outfall.core.principal import Principal, root_of
from outfall.core.service import Service
from outfall.services.iam import SERVICE as IAM
from outfall.services.iam.identities import IamIdentities
from outfall.services.sts import SERVICE as STS
from outfall.store.memory import MemoryStore
from outfall.wire.constraints import validate
from outfall.wire.identify import Route
from outfall.wire.models import Models
from tests.support import ACCOUNT, T0, CountingIds, make_call, make_context

TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
SEND = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}]}
BASIC = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"


MODELS = Models()
"""What calls are held to before their handler sees them."""


class Desk:
    """One store, one clock; each call is a transaction of its own."""

    def __init__(self) -> None:
        self.store = MemoryStore()
        self.ids = CountingIds()
        self.now = T0
        self.identities = IamIdentities()

    def iam(self, operation: str, principal: Principal | None = None, **request: Any) -> Any:
        """Calls an operation of IAM."""
        return self._call(IAM, operation, principal, request)

    def sts(self, operation: str, principal: Principal | None = None, *, key: str = "", **request: Any) -> Any:
        """Calls an operation of STS; `key` is the access key that signs."""
        return self._call(STS, operation, principal, request, key)

    def _call(
        self, service: Service, operation: str, principal: Principal | None, request: dict[str, Any], key: str = ""
    ) -> Any:
        request = {name: value for name, value in request.items() if value is not None}
        validate(MODELS, Route(service.name, "query", operation), request)
        principal = principal or root_of(ACCOUNT)
        headers = (
            {"authorization": f"AWS4-HMAC-SHA256 Credential={key}/20270115/us-east-1/sts/aws4_request"} if key else {}
        )

        def work(tx: Any) -> Any:
            call = make_call(
                tx,
                now=self.now,
                account=principal.account,
                ids=self.ids,
                principal=principal,
                operation=operation,
                headers=headers,
                identities=self.identities,
            )
            return service.operations[operation].handler(call, request)

        return self.store.transact(work)

    def may(self, principal: Principal, action: str, resource: str = "*") -> Decision:
        """What authorisation says now."""
        return self.store.transact(
            lambda tx: authorize(make_context(tx, identities=self.identities), Ask(principal, action, resource))
        )

    def role(self, name: str = "r", trust: Any = None, **more: Any) -> Any:
        """Makes a role."""
        return self.iam("CreateRole", RoleName=name, AssumeRolePolicyDocument=json.dumps(trust or TRUST), **more)[
            "Role"
        ]

    def policy(self, name: str = "p", **more: Any) -> str:
        """Makes a managed policy; returns its ARN."""
        arn: str = self.iam("CreatePolicy", PolicyName=name, PolicyDocument=json.dumps(SEND), **more)["Policy"]["Arn"]
        return arn
