"""Access keys of users: what authentication finds, and the rows behind it. Operations are in `key_operations.py`."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from outfall.core.context import Context
from outfall.core.ports import Tx
from outfall.core.principal import Principal
from outfall.services.iam.model import ACCESS_KEYS, KEYS_OF_USER, USERS, AccessKeyRow, key


class AccessKey(msgspec.Struct, frozen=True):
    """A long-lived key and the user it stands for."""

    id: str
    secret: str
    active: bool
    principal: Principal


def find_access_key(tx: Tx, access_key_id: str) -> AccessKey | None:
    """The key with that id, if there is one and its user exists; inactive ones are found too."""
    row = tx.get(ACCESS_KEYS, (access_key_id,))
    user = None if row is None else tx.get(USERS, key(row.account, row.user))
    if row is None or user is None:
        return None
    principal = Principal("user", user.account, user.arn, user.id, user_name=user.name, tags=user.tags)
    return AccessKey(row.id, row.secret, row.status == "Active", principal)


def keys_of(ctx: Context, user: str) -> list[AccessKeyRow]:
    """A user's keys, oldest first."""
    pointers = ctx.tx.scan(KEYS_OF_USER, key(ctx.account, user))
    found = [ctx.tx.get(ACCESS_KEYS, (one.id,)) for _, one in pointers]
    return sorted((row for row in found if row is not None), key=lambda row: (row.created_ms, row.id))


def save_key(ctx: Context, row: AccessKeyRow) -> None:
    """Writes a key, and where its user finds it."""
    ctx.tx.put(ACCESS_KEYS, (row.id,), row)
    ctx.tx.put(KEYS_OF_USER, (*key(row.account, row.user), row.id), row)


def remove_key(ctx: Context, row: AccessKeyRow) -> None:
    """Removes a key."""
    ctx.tx.delete(ACCESS_KEYS, (row.id,))
    ctx.tx.delete(KEYS_OF_USER, (*key(row.account, row.user), row.id))


def rename_owner(ctx: Context, old: str, new: str) -> None:
    """Lets a user's keys follow its new name."""
    for row in keys_of(ctx, old):
        remove_key(ctx, row)
        save_key(ctx, replace(row, user=new))
