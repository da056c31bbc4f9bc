"""The errors of SNS: the class name is the code that clients see. [sns.md 7]"""

from __future__ import annotations

from outfall.core.errors import AwsError


class InvalidParameter(AwsError):
    """Invalid parameter"""


class ParameterValueInvalid(AwsError):
    """A message attribute is not valid."""


class ValidationError(AwsError):
    """1 validation error detected"""


class AuthorizationError(AwsError):
    """Access Denied"""

    status = 403


class NotFound(AwsError):
    """Topic does not exist"""

    status = 404


class ResourceNotFound(AwsError):
    """Resource does not exist"""

    status = 404


class TagLimitExceeded(AwsError):
    """Could not complete request: tag quota of per resource exceeded"""


class FilterPolicyLimitExceeded(AwsError):
    """The number of filter policies exceeds the limit."""

    status = 403


class TooManyEntriesInBatchRequest(AwsError):
    """The batch request contains more entries than permissible."""


class EmptyBatchRequest(AwsError):
    """The batch request doesn't contain any entries."""


class BatchEntryIdsNotDistinct(AwsError):
    """Two or more batch entries in the request have the same Id."""


class InvalidBatchEntryId(AwsError):
    """The Id of a batch entry in a batch request doesn't abide by the specification."""


class BatchRequestTooLong(AwsError):
    """The length of all the messages put together is more than the limit."""


def invalid(what: str) -> InvalidParameter:
    """`Invalid parameter: WHAT`"""
    return InvalidParameter(f"Invalid parameter: {what}")
