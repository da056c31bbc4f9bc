"""What STS tells: who calls, whose key a key is, and what an encoded authorization message says."""

from __future__ import annotations

from outfall.authz import encoded
from outfall.core.service import Call, Output, Request, operation
from outfall.services.sts.errors import AccessDenied, InvalidAuthorizationMessageException, ValidationError
from outfall.services.sts.sessions import find_session


@operation("GetCallerIdentity", action=None)
def get_caller_identity(call: Call, request: Request) -> Output:
    """Arn, UserId and Account of the caller, in this order. [LS:test_sts]"""
    principal = call.principal
    if principal.kind in ("anonymous", "service"):
        raise AccessDenied
    return {"Arn": principal.arn, "UserId": principal.unique_id, "Account": principal.account}


@operation("GetAccessKeyInfo", action="sts:GetAccessKeyInfo")
def get_access_key_info(call: Call, request: Request) -> Output:
    """The account of a key, whoever's it is, temporary or not."""
    key = request["AccessKeyId"]
    session = find_session(call.tx, key)
    account = session.principal.account if session else call.house.identities.account_of_key(call.tx, key)
    if account is None:
        # AWS reads the account out of the key itself; no recording has its text for one that it cannot read.
        raise ValidationError("Invalid Access Key ID")
    return {"Account": account}


@operation("DecodeAuthorizationMessage", action="sts:DecodeAuthorizationMessage")
def decode_authorization_message(call: Call, request: Request) -> Output:
    """The JSON inside an encoded message of this server."""
    told = encoded.decode(request["EncodedMessage"])
    if told is None:
        raise InvalidAuthorizationMessageException
    return {"DecodedMessage": told}
