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


class PackedPolicyTooLarge(AwsError):
    """Packed size of session policies and tags exceeds the limit."""

    code = "PackedPolicyTooLarge"


class InvalidParameterValue(AwsError):
    """Duplicate tag keys found. Please note that Tag keys are case insensitive."""
