"""The errors of CloudWatch Logs. [lambda-runtime.md 5; LS:test_logs]"""

from __future__ import annotations

from outfall.core.errors import AwsError, ValidationException

__all__ = ["InvalidParameterException", "LimitExceededException", "OperationAbortedException"]
__all__ += ["ResourceAlreadyExistsException"]
__all__ += ["ResourceNotFoundException", "TooManyTagsException", "ValidationException"]


class ResourceNotFoundException(AwsError):
    """The specified resource does not exist."""


class ResourceAlreadyExistsException(AwsError):
    """The specified resource already exists"""


class InvalidParameterException(AwsError):
    """A parameter is specified incorrectly."""


class LimitExceededException(AwsError):
    """Resource limit exceeded."""


class OperationAbortedException(AwsError):
    """Multiple concurrent requests to update the same resource were in conflict."""


class TooManyTagsException(AwsError):
    """A resource can have no more than 50 tags."""
