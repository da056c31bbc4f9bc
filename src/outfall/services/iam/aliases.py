"""The alias of an account: one per account, of no two accounts.

Rule: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateAccountAlias.html
"""

from __future__ import annotations

from outfall.core.service import Call, Output, Request, operation
from outfall.services.iam.errors import EntityAlreadyExists, NoSuchEntity
from outfall.services.iam.model import ACCOUNT_ALIASES, ALIAS_OWNERS, AccountAlias
from outfall.services.iam.paging import page


@operation("CreateAccountAlias", action="iam:CreateAccountAlias")
def create_account_alias(call: Call, request: Request) -> Output:
    """Names the account; a second name replaces the first, as AWS does."""
    alias = request["AccountAlias"]
    owner = call.tx.get(ALIAS_OWNERS, (alias,))
    if owner is not None:
        raise EntityAlreadyExists(f"The account alias {alias} already exists.")
    before = call.tx.get(ACCOUNT_ALIASES, (call.account,))
    if before is not None:
        call.tx.delete(ALIAS_OWNERS, (before.alias,))
    row = AccountAlias(call.account, alias)
    call.tx.put(ACCOUNT_ALIASES, (call.account,), row)
    call.tx.put(ALIAS_OWNERS, (alias,), row)
    return None


@operation("ListAccountAliases", action="iam:ListAccountAliases")
def list_account_aliases(call: Call, request: Request) -> Output:
    """The alias of the account, in a list of one at most."""
    row = call.tx.get(ACCOUNT_ALIASES, (call.account,))
    return page(request, "AccountAliases", [(row.alias, row.alias)] if row else [], str)


@operation("DeleteAccountAlias", action="iam:DeleteAccountAlias")
def delete_account_alias(call: Call, request: Request) -> Output:
    """Takes the name away again."""
    alias = request["AccountAlias"]
    row = call.tx.get(ACCOUNT_ALIASES, (call.account,))
    if row is None or row.alias != alias:
        raise NoSuchEntity(f"The account alias {alias} cannot be found.")
    call.tx.delete(ACCOUNT_ALIASES, (call.account,))
    call.tx.delete(ALIAS_OWNERS, (alias,))
    return None


ALIAS_OPERATIONS = (create_account_alias, list_account_aliases, delete_account_alias)
