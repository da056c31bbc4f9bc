"""The errors of SQS: class name (or `code`) is the name in JSON, `query_code` the older one. [sqs.md 6.2]"""

from __future__ import annotations

from outfall.core.errors import AwsError


class QueueDoesNotExist(AwsError):
    """The specified queue does not exist."""

    query_code = "AWS.SimpleQueueService.NonExistentQueue"
    QUERY_MESSAGE = "The specified queue does not exist for this wsdl version."


class QueueNameExists(AwsError):
    """A queue already exists with the same name and a different value for an attribute"""

    query_code = "QueueAlreadyExists"


class QueueDeletedRecently(AwsError):
    """You must wait 60 seconds after deleting a queue before you can create another with the same name."""

    query_code = "AWS.SimpleQueueService.QueueDeletedRecently"


class PurgeQueueInProgress(AwsError):
    """Only one PurgeQueue operation on a queue is allowed every 60 seconds."""

    status = 403
    query_code = "AWS.SimpleQueueService.PurgeQueueInProgress"


class InvalidParameterValue(AwsError):
    """A value is not valid for its parameter."""

    code = "InvalidParameterValueException"
    query_code = "InvalidParameterValue"


class MissingParameter(AwsError):
    """The request must contain another parameter."""

    code = "MissingRequiredParameterException"
    query_code = "MissingParameter"


class EmptyValue(AwsError):
    """The request must contain the parameter MessageBody."""


class InvalidAttributeName(AwsError):
    """The attribute is unknown."""


class InvalidAttributeValue(AwsError):
    """The value of an attribute is not valid."""


class InvalidAddress(AwsError):
    """The address is not valid for this endpoint."""

    status = 404


class InvalidMessageContents(AwsError):
    """Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF"""  # noqa: E501


class UnsupportedOperation(AwsError):
    """This operation is not supported."""

    query_code = "AWS.SimpleQueueService.UnsupportedOperation"


class OverLimit(AwsError):
    """Too many messages are in flight: a queue holds at most 120000."""

    status = 403


class ReceiptHandleIsInvalid(AwsError):
    """The input receipt handle is invalid."""

    status = 404


class ResourceNotFound(AwsError):
    """The resource that you specified doesn't exist."""

    code = "ResourceNotFoundException"
    status = 404


class EmptyBatchRequest(AwsError):
    """There should be at least one entry in the request."""

    query_code = "AWS.SimpleQueueService.EmptyBatchRequest"


class TooManyEntriesInBatchRequest(AwsError):
    """Maximum number of entries per request are 10."""

    query_code = "AWS.SimpleQueueService.TooManyEntriesInBatchRequest"


class BatchEntryIdsNotDistinct(AwsError):
    """Two entries of the batch have the same id."""

    query_code = "AWS.SimpleQueueService.BatchEntryIdsNotDistinct"


class InvalidBatchEntryId(AwsError):
    """A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long."""  # noqa: E501

    query_code = "AWS.SimpleQueueService.InvalidBatchEntryId"


class BatchRequestTooLong(AwsError):
    """Batch requests cannot be longer than 1048576 bytes."""

    query_code = "AWS.SimpleQueueService.BatchRequestTooLong"


def invalid(parameter: str, value: object, reason: str) -> InvalidParameterValue:
    """`Value V for parameter P is invalid. Reason: R`"""
    return InvalidParameterValue(f"Value {value} for parameter {parameter} is invalid. Reason: {reason}")


def missing(parameter: str) -> MissingParameter:
    """`The request must contain the parameter P.`"""
    return MissingParameter(f"The request must contain the parameter {parameter}.")
