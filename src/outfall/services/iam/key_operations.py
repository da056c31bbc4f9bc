"""The operations on access keys."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from outfall.core.service import Call, Output, Request, operation
from outfall.services.iam.checks import status
from outfall.services.iam.errors import AccessDenied, LimitExceeded, NoSuchEntity
from outfall.services.iam.handlers import ID_ALPHABET, find_user, user_resource, whole_second
from outfall.services.iam.keys import keys_of, remove_key, save_key
from outfall.services.iam.last_used import show_key_use
from outfall.services.iam.model import ACCESS_KEYS, LAST_USED, AccessKeyRow
from outfall.services.iam.paging import page
from outfall.services.iam.users import own_name, own_resource

KEYS_MAX = 2
"""Access keys per user. [DOC:reference_iam-quotas]"""
SECRET_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def _show(row: AccessKeyRow) -> dict[str, Any]:
    return {
        "UserName": row.user,
        "AccessKeyId": row.id,
        "Status": row.status,
        "CreateDate": whole_second(row.created_ms),
    }


@operation("CreateAccessKey", action="iam:CreateAccessKey", resource=own_resource)
def create_access_key(call: Call, request: Request) -> Output:
    """Makes a key; its secret is told this once."""
    user = find_user(call, own_name(call, request))
    if len(keys_of(call, user.name)) >= KEYS_MAX:
        raise LimitExceeded(f"Cannot exceed quota for AccessKeysPerUser: {KEYS_MAX}")
    row = AccessKeyRow(
        account=call.account,
        user=user.name,
        id="AKIA" + call.ids.text(ID_ALPHABET, 16),
        secret=call.ids.text(SECRET_ALPHABET, 40),
        created_ms=call.now,
    )
    save_key(call, row)
    return {
        "AccessKey": {
            "UserName": row.user,
            "AccessKeyId": row.id,
            "Status": row.status,
            "SecretAccessKey": row.secret,
            "CreateDate": whole_second(row.created_ms),
        }
    }


@operation("ListAccessKeys", action="iam:ListAccessKeys", resource=own_resource)
def list_access_keys(call: Call, request: Request) -> Output:
    """The keys of a user, without their secrets."""
    user = find_user(call, own_name(call, request))
    return page(
        request, "AccessKeyMetadata", ((f"{r.created_ms:015}{r.id}", r) for r in keys_of(call, user.name)), _show
    )


def _find(call: Call, request: Request) -> AccessKeyRow:
    row = call.tx.get(ACCESS_KEYS, (request["AccessKeyId"],))
    user = find_user(call, own_name(call, request))
    if row is None or (row.account, row.user) != (user.account, user.name):
        raise NoSuchEntity(f"The Access Key with id {request['AccessKeyId']} cannot be found.")
    return row


@operation("UpdateAccessKey", action="iam:UpdateAccessKey", resource=own_resource)
def update_access_key(call: Call, request: Request) -> Output:
    """Switches a key on or off."""
    wanted = status(request)
    save_key(call, replace(_find(call, request), status=wanted))
    return None


@operation("DeleteAccessKey", action="iam:DeleteAccessKey", resource=own_resource)
def delete_access_key(call: Call, request: Request) -> Output:
    """Removes a key."""
    row = _find(call, request)
    remove_key(call, row)
    call.tx.delete(LAST_USED, (row.id,))
    return None


def _owner_resource(call: Call, request: Request) -> str:
    row = call.tx.get(ACCESS_KEYS, (str(request.get("AccessKeyId") or ""),))
    return user_resource(call, {"UserName": row.user}) if row is not None and row.account == call.account else "*"


@operation("GetAccessKeyLastUsed", action="iam:GetAccessKeyLastUsed", resource=_owner_resource)
def get_access_key_last_used(call: Call, request: Request) -> Output:
    """When, where and for which service a key was used last. A key that is not of this account may not be asked for,
    whether there is such a key or not."""
    id_ = request["AccessKeyId"]
    row = call.tx.get(ACCESS_KEYS, (id_,))
    if row is None or row.account != call.account:
        raise AccessDenied(
            f"User: {call.principal.arn} is not authorized to perform: iam:GetAccessKeyLastUsed "
            f"on resource: access key {id_}"
        )
    return {"UserName": row.user, "AccessKeyLastUsed": show_key_use(call.tx, id_)}


KEY_OPERATIONS = (
    create_access_key,
    list_access_keys,
    update_access_key,
    delete_access_key,
    get_access_key_last_used,
)
