"""Limits and tokens of the operations that list."""

from __future__ import annotations

from outfall.core.service import Request
from outfall.core.tokens import text_of, token_of
from outfall.services.logs.errors import InvalidParameterException
from outfall.services.logs.names import constraint


def limit_of(request: Request, default: int, most: int) -> int:
    """The request's `limit`; raises outside of 1 to `most`. [LS:test_get_log_events_limit_validation]"""
    limit = request.get("limit")
    if limit is None:
        return default
    if limit < 1:
        raise constraint(limit, "limit", "Member must have value greater than or equal to 1")
    if limit > most:
        raise constraint(limit, "limit", f"Member must have value less than or equal to {most}")
    return int(limit)


def invalid_token() -> InvalidParameterException:
    """The error for a token that we never gave out."""
    return InvalidParameterException("The specified nextToken is invalid.")


def read_token(request: Request) -> str:
    """What `next_token` put into the request's token; empty when there is none."""
    token = request.get("nextToken")
    if not token:
        return ""
    try:
        return text_of(token)
    except ValueError:
        raise invalid_token() from None


def after(request: Request) -> tuple[str, ...]:
    """Where a scan of names goes on: after the name in the token."""
    last = read_token(request)
    return (last + "\0",) if last else ()


def next_token(last: str) -> dict[str, str]:
    """The member nextToken that leads to what comes after `last`; nothing when that is empty."""
    return {"nextToken": token_of(last)} if last else {}
