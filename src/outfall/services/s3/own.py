"""Calls that S3 makes on its own behalf, as its lifecycle does: event records tell who made a change, and its ids."""

from __future__ import annotations

from outfall.core.context import Context
from outfall.core.principal import Principal, service_principal
from outfall.core.s3ids import canonical_user_id
from outfall.core.service import Call
from outfall.flow import notify

REQUEST_ID_DIGITS = 16


def own_call(ctx: Context, operation: str) -> Call:
    """A call of `s3.amazonaws.com` itself, in the account and region of the context."""
    who = service_principal(notify.SERVICE, ctx.account)
    request_id = ctx.ids.hex(REQUEST_ID_DIGITS).upper()
    return Call(ctx.tx, ctx.now, ctx.wall, ctx.ids, ctx.account, ctx.region, ctx.house, who, request_id, operation)


def for_customer(call: Call, account: str) -> Call:
    """The same call as a completed restore tells who made it: the customer, by the canonical id. [DOC]"""
    named = f"AmazonCustomer:{canonical_user_id(account)}"
    who = Principal("service", account, named, named, service=named)
    return Call(
        call.tx,
        call.now,
        call.wall,
        call.ids,
        call.account,
        call.region,
        call.house,
        who,
        call.request_id,
        call.operation,
        headers=call.headers,
    )
