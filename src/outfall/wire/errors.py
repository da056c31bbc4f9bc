"""Errors that the wire itself raises: requests that cannot be read, and operations that no model has."""

from __future__ import annotations

from outfall.core.errors import AwsError


class SerializationException(AwsError):
    """The request could not be read."""


class MalformedInput(AwsError):
    """The request could not be read."""


class MalformedXML(AwsError):
    """The XML you provided was not well-formed or did not validate against our published schema"""


class MissingRequestBodyError(AwsError):
    """Request Body is empty"""


class InvalidArgument(AwsError):
    """Invalid Argument"""


class InvalidURI(AwsError):
    """Couldn't parse the specified URI."""


class MethodNotAllowed(AwsError):
    """The specified method is not allowed against this resource."""

    status = 405


class InvalidAction(AwsError):
    """The action or operation requested is invalid."""


class MissingAction(AwsError):
    """The request must contain the parameter Action."""


class UnknownOperationException(AwsError):
    """The requested operation is not known."""

    query_code = "InvalidAction"


class UnknownPath(AwsError):
    """Not Found"""

    code = "UnknownOperationException"
    status = 404
