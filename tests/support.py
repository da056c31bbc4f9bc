"""What tests of services and flow stand on: predictable ids, a house with as much in it as a test says, calls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from outfall.core.arn import Arn
from outfall.core.context import Context, House
from outfall.core.parcel import Parcel
from outfall.core.ports import NamedPolicy, RoleFacts, Tx
from outfall.core.principal import Principal, root_of
from outfall.core.service import Call

T0 = 1_800_000_000_000
"""2027-01-15T08:00:00.000Z"""
ACCOUNT = "111111111111"
OTHER_ACCOUNT = "222222222222"
REGION = "us-east-1"
REQUEST_ID = "C3D13FE58DE4C810"


class CountingIds:
    """Ids that count, so that no two are equal and every run makes the same."""

    def __init__(self) -> None:
        self.last = 0

    def _next(self) -> int:
        self.last += 1
        return self.last

    def uuid(self) -> str:
        return f"00000000-0000-4000-8000-{self._next():012x}"

    def hex(self, digits: int) -> str:
        return f"{self._next():0{digits}x}"[-digits:]

    def text(self, alphabet: str, length: int) -> str:
        number, drawn = self._next(), ""
        while number:
            number, digit = divmod(number, len(alphabet))
            drawn = alphabet[digit] + drawn
        return drawn.rjust(length, alphabet[0])[-length:]


@dataclass
class KnownIdentities:
    """IAM, as far as a test knows it: policies by the ARN of user or role."""

    roles: dict[str, RoleFacts] = field(default_factory=dict)
    policies: dict[str, tuple[NamedPolicy, ...]] = field(default_factory=dict)

    def role(self, tx: Tx, arn: str) -> RoleFacts | None:
        return self.roles.get(arn)

    def identity_policies(self, tx: Tx, principal: Principal) -> tuple[NamedPolicy, ...]:
        return self.policies.get(principal.policy_arn, ())

    def boundary(self, tx: Tx, principal: Principal) -> NamedPolicy | None:
        return None

    def managed_policy(self, tx: Tx, arn: str) -> NamedPolicy | None:
        return None

    def provider_audiences(self, tx: Tx, account: str, url: str) -> tuple[str, ...] | None:
        return None

    def account_of_key(self, tx: Tx, access_key_id: str) -> str | None:
        return None


class NoFunctions:
    """Lambda without a function."""

    def resolve(self, ctx: Context, arn: Arn) -> None:
        return None


@dataclass
class RecordingTarget:
    """A service as a target: keeps what arrives. `policies` are resource policies by ARN; what has one exists."""

    action: str
    policies: dict[str, str | None] = field(default_factory=dict)
    arrived: list[tuple[str, Parcel]] = field(default_factory=list)

    def resource(self, arn: Arn) -> str:
        return str(arn)

    def policy(self, ctx: Context, arn: Arn) -> str | None:
        return self.policies.get(str(arn))

    def exists(self, ctx: Context, arn: Arn) -> bool:
        return str(arn) in self.policies

    def accept(self, ctx: Context, arn: Arn, parcel: Parcel) -> str:
        self.arrived.append((str(arn), parcel))
        return f"receipt-{len(self.arrived)}"


def make_house(**given: Any) -> House:
    """A house with no targets, identities or functions but those given."""
    empty: dict[str, Any] = {"targets": {}, "identities": KnownIdentities(), "functions": NoFunctions()}
    return House(**{**empty, "resource_policies": {}, **given})


def make_context(
    tx: Tx, *, now: int = T0, account: str = ACCOUNT, region: str = REGION, ids: Any = None, **house: Any
) -> Context:
    """A context in this transaction; what is left over goes into the house."""
    return Context(tx, now, now, ids or CountingIds(), account, region, make_house(**house))


def make_call(
    tx: Tx,
    *,
    now: int = T0,
    account: str = ACCOUNT,
    region: str = REGION,
    ids: Any = None,
    principal: Principal | None = None,
    request_id: str = REQUEST_ID,
    operation: str = "",
    headers: Mapping[str, str] | None = None,
    source_ip: str = "127.0.0.1",
    protocol: str = "",
    endpoint: str = "http://localhost:4566",
    house: House | None = None,
    **in_house: Any,
) -> Call:
    """A call by the account's root unless said otherwise; what is left over goes into the house."""
    return Call(
        tx,
        now,
        now,
        ids or CountingIds(),
        account,
        region,
        house or make_house(**in_house),
        principal or root_of(account),
        request_id,
        operation,
        endpoint,
        source_ip,
        headers or {},
        None,
        protocol,
    )
