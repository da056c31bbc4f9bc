"""Errors in each protocol's own form, keyed by the recorded cases they come from where there is one."""

from __future__ import annotations

import json

import pytest

from outfall.core.errors import AwsError, NotServed, ValidationException
from outfall.core.s3ids import host_id
from outfall.wire.errors import MalformedXML, SerializationException
from outfall.wire.faults import render_fault
from outfall.wire.identify import Protocol, Route
from outfall.wire.message import WireResponse
from outfall.wire.models import Models


class QueueDoesNotExist(AwsError):
    """The specified queue does not exist."""

    query_code = "AWS.SimpleQueueService.NonExistentQueue"


class AccessDeniedException(AwsError):
    """Access Denied"""

    status = 403


class ResourceNotFoundException(AwsError):
    """Function not found: arn"""


class TooManyRequestsException(AwsError):
    """Rate Exceeded."""


class NoSuchEntity(AwsError):
    """The role with name r cannot be found."""


class NoSuchBucket(AwsError):
    """The specified bucket does not exist"""

    status = 404


class NotModified(AwsError):
    """Not Modified"""

    status = 304


def told(
    models: Models, service: str, protocol: Protocol, error: AwsError, *, head: bool = False
) -> tuple[int, dict[str, str], bytes]:
    response = render_fault(models, Route(service, protocol), error, "RID", head=head)
    return parts(response)


def parts(response: WireResponse) -> tuple[int, dict[str, str], bytes]:
    assert isinstance(response.body, bytes)
    return response.status, dict(response.headers), response.body


def test_sqs_001_json_names_the_shape_and_the_older_code(models: Models) -> None:
    status, headers, body = told(models, "sqs", "json", QueueDoesNotExist())
    assert status == 400
    assert headers["x-amzn-query-error"] == "AWS.SimpleQueueService.NonExistentQueue;Sender"
    assert headers["x-amzn-RequestId"] == "RID"
    assert headers["Content-Type"] == "application/x-amz-json-1.0"
    expected = {"__type": "com.amazonaws.sqs#QueueDoesNotExist", "message": "The specified queue does not exist."}
    assert json.loads(body) == expected


def test_sqs_query_has_the_older_code_and_an_empty_detail(models: Models) -> None:
    status, headers, body = told(models, "sqs", "query", QueueDoesNotExist("gone"))
    assert (status, headers["Content-Type"]) == (400, "text/xml")
    assert body == (
        b'<?xml version="1.0"?><ErrorResponse xmlns="http://queue.amazonaws.com/doc/2012-11-05/"><Error>'
        b"<Type>Sender</Type><Code>AWS.SimpleQueueService.NonExistentQueue</Code><Message>gone</Message><Detail/></Error>"
        b"<RequestId>RID</RequestId></ErrorResponse>"
    )


def test_sqs_026_a_denial(models: Models) -> None:
    status, headers, body = told(models, "sqs", "json", AccessDeniedException("User: u is not authorized"))
    assert (status, headers["x-amzn-query-error"]) == (403, "AccessDenied;Sender")
    assert json.loads(body) == {
        "__type": "com.amazon.coral.service#AccessDeniedException",
        "Message": "User: u is not authorized",
    }


@pytest.mark.parametrize(
    "service, protocol, status, code",
    [
        ("sqs", "query", 403, b"<Code>AccessDenied</Code>"),
        ("iam", "query", 403, b"<Code>AccessDenied</Code>"),
        ("s3", "rest-xml", 403, b"<Code>AccessDenied</Code>"),
        ("logs", "json", 400, b'"__type":"AccessDeniedException","Message"'),
        ("lambda", "rest-json", 403, b'{"Message":"Access Denied"}'),
    ],
)
def test_a_denial_is_called_as_each_protocol_calls_it(
    models: Models, service: str, protocol: Protocol, status: int, code: bytes
) -> None:
    answered = told(models, service, protocol, AccessDeniedException())
    assert answered[0] == status
    assert code in answered[2]


@pytest.mark.parametrize(
    "error, status, body",
    [
        (ResourceNotFoundException(), 404, {"Type": "User", "Message": "Function not found: arn"}),
        (
            TooManyRequestsException(Reason="ReservedFunctionConcurrentInvocationLimitExceeded"),
            429,
            {
                "Reason": "ReservedFunctionConcurrentInvocationLimitExceeded",
                "Type": "User",
                "message": "Rate Exceeded.",
            },
        ),
        (ValidationException("1 validation error"), 400, {"message": "1 validation error"}),
        (SerializationException("no"), 400, {"message": "no"}),
    ],
)
def test_lambda_says_the_type_in_a_header_and_the_model_says_the_rest(
    models: Models, error: AwsError, status: int, body: dict[str, str]
) -> None:
    answered, headers, text = told(models, "lambda", "rest-json", error)
    assert (answered, headers["x-amzn-ErrorType"]) == (status, error.code)
    assert json.loads(text) == body
    assert list(json.loads(text)) == list(body)


def test_a_field_whose_place_is_a_header_goes_there(models: Models) -> None:
    _, headers, body = told(models, "lambda", "rest-json", TooManyRequestsException(retryAfterSeconds="1"))
    assert headers["Retry-After"] == "1"
    assert b"retryAfter" not in body


def test_iam_takes_the_status_from_the_model(models: Models) -> None:
    status, _, body = told(models, "iam", "query", NoSuchEntity())
    assert status == 404
    assert body.startswith(
        b'<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><Error><Type>Sender</Type>'
    )


def test_s3_has_its_fields_between_the_message_and_the_ids(models: Models) -> None:
    status, headers, body = told(models, "s3", "rest-xml", NoSuchBucket(BucketName="b<"))
    assert (status, headers["x-amz-request-id"], headers["x-amz-id-2"]) == (404, "RID", host_id("RID"))
    assert body.decode() == (
        '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>NoSuchBucket</Code>'
        "<Message>The specified bucket does not exist</Message><BucketName>b&lt;</BucketName>"
        f"<RequestId>RID</RequestId><HostId>{host_id('RID')}</HostId></Error>"
    )


def test_head_and_not_modified_have_no_body(models: Models) -> None:
    status, headers, body = told(models, "s3", "rest-xml", NoSuchBucket(), head=True)
    assert (status, body) == (404, b"")
    assert int(headers["Content-Length"]) > 0
    assert told(models, "s3", "rest-xml", NotModified())[2] == b""


@pytest.mark.parametrize(
    "service, protocol",
    [("s3", "rest-xml"), ("lambda", "rest-json"), ("iam", "query"), ("sqs", "json"), ("sqs", "query")],
)
def test_what_is_not_served_says_so_in_every_protocol(models: Models, service: str, protocol: Protocol) -> None:
    status, _, body = told(models, service, protocol, NotServed("PutBucketCors is not served"))
    assert status == 501
    assert b"PutBucketCors is not served" in body


def test_without_a_route_it_is_the_form_of_s3(models: Models) -> None:
    status, headers, body = parts(render_fault(models, None, MalformedXML(), "RID"))
    assert (status, headers["Content-Type"]) == (400, "application/xml")
    assert b"<Code>MalformedXML</Code>" in body


def test_garbage_in_a_message_still_makes_xml(models: Models) -> None:
    body = told(models, "s3", "rest-xml", NoSuchBucket("\x00\ud800\x1b&"))[2]
    assert "<Message>\ufffd\ufffd\ufffd&amp;</Message>".encode() in body


def test_the_query_protocol_s_errors_in_json(models: Models) -> None:
    response = render_fault(models, Route("iam", "query", "GetRole", in_json=True), NoSuchEntity(), "RID")
    status, headers, body = parts(response)
    assert (status, headers["Content-Type"]) == (404, "application/json")
    told = {"Code": "NoSuchEntity", "Message": "The role with name r cannot be found.", "Type": "Sender"}
    assert json.loads(body) == {"Error": told, "RequestId": "RID"}
