"""The errors of CloudWatch: class name (or `code`) is the name in the model, `query_code` the older one."""

from __future__ import annotations

from outfall.core.errors import AwsError


class InvalidParameterValue(AwsError):
    """A value is not valid for its parameter."""

    code = "InvalidParameterValueException"
    query_code = "InvalidParameterValue"


class InvalidParameterCombination(AwsError):
    """Parameters were used together that must not be used together."""

    code = "InvalidParameterCombinationException"
    query_code = "InvalidParameterCombination"


class MissingParameter(AwsError):
    """A required parameter is missing."""

    code = "MissingRequiredParameterException"
    query_code = "MissingParameter"


class ValidationError(AwsError):
    """The input is not valid."""

    code = "ValidationException"
    query_code = "ValidationError"


class InvalidNextToken(AwsError):
    """The next token specified is invalid."""


class InvalidFormat(AwsError):
    """Data was not syntactically valid JSON."""

    code = "InvalidFormatFault"
    query_code = "InvalidFormat"


class ResourceNotFound(AwsError):
    """The named resource does not exist."""

    status = 404


class ResourceNotFoundException(AwsError):
    """The named resource does not exist."""

    status = 404


def invalid(parameter: str, value: object) -> InvalidParameterValue:
    """`The value V for parameter P is invalid.`"""
    return InvalidParameterValue(f"The value {value} for parameter {parameter} is invalid.")


def missing(parameter: str) -> MissingParameter:
    """`The parameter P is required.`"""
    return MissingParameter(f"The parameter {parameter} is required.")
