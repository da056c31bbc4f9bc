"""Errors as AWS names them. A service declares small classes; `wire.faults` renders them in each protocol's own form.

The class name is AWS's code, the docstring is the default message, `status` is the HTTP status.
"""

from __future__ import annotations

from typing import Any, ClassVar


class AwsError(Exception):
    """An error that a client sees.

    `code` is what the client reads; `query_code` is the older name that the query protocol (and the header
    `x-amzn-query-error`) uses where it differs; `fields` are further members of the error, in wire order; `headers` go
    into the head of the answer.
    """

    status: ClassVar[int] = 400
    code: str = ""
    query_code: str = ""
    sender_fault: ClassVar[bool] = True

    def __init__(self, message: str | None = None, /, **fields: Any) -> None:
        self.message = (type(self).__doc__ or "").strip() if message is None else message
        self.fields = fields
        self.code = type(self).code or type(self).__name__
        self.query_code = type(self).query_code or self.code
        self.headers: tuple[tuple[str, str], ...] = ()
        super().__init__(self.message)


class ValidationException(AwsError):
    """1 validation error detected"""


class InternalError(AwsError):
    """We encountered an internal error. Please try again."""

    status = 500
    sender_fault = False


class ServiceUnavailable(AwsError):
    """Service is unable to handle request."""

    status = 503
    sender_fault = False


class NotServed(AwsError):
    """An operation that AWS has and this server does not."""

    code = "NotImplemented"
    status = 501
    sender_fault = False
