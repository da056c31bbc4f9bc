"""STS's errors."""

from __future__ import annotations

from outfall.core.errors import AwsError


class ValidationError(AwsError):
    """1 validation error detected"""


class AccessDenied(AwsError):
    """Access Denied"""

    status = 403


class MalformedPolicyDocument(AwsError):
    """Syntax errors in policy."""


class InvalidParameterValue(AwsError):
    """Duplicate tag keys found. Please note that Tag keys are case insensitive."""


class InvalidIdentityToken(AwsError):
    """The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"""


class IDPCommunicationError(AwsError):
    """Couldn't retrieve verification key from your identity provider."""

    # AWS asks clients to try again; its SDKs do, on this code.


class ExpiredIdentityToken(AwsError):
    """Token expired"""

    code = "ExpiredTokenException"


class InvalidAuthorizationMessageException(AwsError):
    """Message is not valid"""


def refuse(value: object, member: str, rule: str) -> ValidationError:
    """AWS's sentence about one member."""
    shown = "null" if value is None else f"'{value}'"
    return ValidationError(
        f"1 validation error detected: Value {shown} at '{member}' failed to satisfy constraint: Member {rule}"
    )
