"""The errors of Lambda, with the statuses that its model gives them. Nothing else belongs here.

https://docs.aws.amazon.com/lambda/latest/api/CommonErrors.html and the model's own error shapes [BC].
"""

from __future__ import annotations

from typing import Any

from outfall.core.errors import AwsError


class LambdaError(AwsError):
    """The request failed."""

    def __init__(self, message: str | None = None, /, **fields: Any) -> None:
        """Every error of Lambda itself says `Type: User` beside its message."""
        super().__init__(message, **{"Type": "User", **fields})


class InvalidParameterValueException(LambdaError):
    """One of the parameters in the request is not valid."""


class InvalidRequestContentException(LambdaError):
    """The request body could not be parsed as JSON, or a request header is invalid."""


class ResourceNotFoundException(LambdaError):
    """The resource you requested does not exist."""

    status = 404


class ProvisionedConcurrencyConfigNotFoundException(LambdaError):
    """No Provisioned Concurrency Config found for this function"""

    status = 404


class ResourceConflictException(LambdaError):
    """The resource already exists, or another operation is in progress."""

    status = 409


class ResourceInUseException(LambdaError):
    """The operation conflicts with the resource's availability."""


class PreconditionFailedException(LambdaError):
    """The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id"""  # noqa: E501

    status = 412


class RequestEntityTooLargeException(LambdaError):
    """The request is too large."""

    # The model knows RequestTooLargeException alone; the wire says this. [LS:test_oversized_request_create_lambda]
    status = 413


class RecursiveInvocationException(LambdaError):
    """Detected recursive invocation."""


class PolicyLengthExceededException(LambdaError):
    """The final policy size is bigger than the limit (20480)."""


class TooManyRequestsException(LambdaError):
    """Rate Exceeded."""

    status = 429


def function_not_found(arn: str) -> ResourceNotFoundException:
    """The 404 of almost every operation; `arn` as it was asked for."""
    return ResourceNotFoundException(f"Function not found: {arn}")
