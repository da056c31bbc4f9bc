"""Continuation tokens: of lists of objects, of buckets, and of configurations."""

from __future__ import annotations

from outfall.core.tokens import text_of, token_of
from outfall.services.s3 import errors


def to_token(last: str) -> str:
    """The continuation token that goes on after `last`."""
    return token_of("1/" + last)


def from_token(token: str) -> str:
    """What `to_token` wrote. Errors: InvalidArgument."""
    try:
        version, _, last = text_of(token).partition("/")
    except ValueError:
        version, last = "", ""
    if version != "1" or not last:
        raise errors.InvalidArgument("The continuation token provided is incorrect", ArgumentName="continuation-token")
    return last
