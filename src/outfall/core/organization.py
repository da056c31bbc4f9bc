"""An organisation above the accounts: what its policies say, level by level.

A level is the root, an organisational unit or an account. At every level that concerns an account, one of the service
control policies there must allow what its principals do.
Rule: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_evaluation.html
"""

from __future__ import annotations

import msgspec

from outfall.core.ports import NamedPolicy


class Level(msgspec.Struct, frozen=True, cache_hash=True):
    """The policies that are attached at one level. `accounts` is empty where it concerns every account."""

    accounts: frozenset[str]
    service_control: tuple[NamedPolicy, ...] = ()
    resource_control: tuple[NamedPolicy, ...] = ()


class Organization(msgspec.Struct, frozen=True):
    """An organisation. Its management account, if it has one, is bound by none of its policies."""

    id: str
    management_account: str
    levels: tuple[Level, ...]

    def levels_of(self, account: str) -> tuple[Level, ...]:
        """The levels that concern an account, from the root down."""
        if account == self.management_account:
            return ()
        return tuple(level for level in self.levels if not level.accounts or account in level.accounts)
