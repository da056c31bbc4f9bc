"""Reading and writing as handlers know it: milliseconds, bytes, order, nulls, and empty answers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from outfall.core.body import Body, Content, Segment
from outfall.core.errors import AwsError
from outfall.core.s3ids import host_id
from outfall.wire.codec import parse, render
from outfall.wire.identify import Protocol, Route, finish, route
from outfall.wire.message import WireRequest
from outfall.wire.models import Models

SERVED = frozenset({"s3", "sqs", "lambda", "iam", "sts", "logs"})
FORM = "application/x-www-form-urlencoded"
AT_MS = 1_789_400_807_745


def read(models: Models, line: str, headers: dict[str, str], body: bytes | Body = b"") -> dict[str, Any]:
    method, _, uri = line.partition(" ")
    path, _, query = uri.partition("?")
    request = WireRequest(method, path, query, headers, body)
    return parse(models, finish(route(models, request, SERVED), body), request)


def refused(models: Models, line: str, headers: dict[str, str], body: bytes = b"") -> AwsError:
    with pytest.raises(AwsError) as caught:
        read(models, line, headers, body)
    return caught.value


def written(
    models: Models, service: str, protocol: Protocol, operation: str, output: dict[str, Any] | None, **options: Any
) -> tuple[int, dict[str, str], bytes]:
    response = render(models, Route(service, protocol, operation), output, "RID", **options)
    assert isinstance(response.body, bytes)
    return response.status, dict(response.headers), response.body


def test_a_streamed_body_is_handed_on_as_it_came(models: Models) -> None:
    body = Body(3, (Segment(3, data=b"abc"),), "900150983cd24fb0d6963f7d28e17f72")
    assert read(models, "PUT /b/k", {}, body)["Body"] is body


def test_metadata_of_an_object_is_a_map(models: Models) -> None:
    headers = {"x-amz-meta-color": "red", "x-amz-meta-size": "3", "content-type": "text/plain"}
    found = read(models, "PUT /b/a%2Fb//c+d", headers)
    assert found["Metadata"] == {"color": "red", "size": "3"}
    assert (found["Key"], found["ContentType"]) == ("a/b//c+d", "text/plain")


def test_a_null_is_absent_and_an_unknown_member_is_no_error(models: Models) -> None:
    body = b'{"QueueUrl":"q","MessageBody":"b","DelaySeconds":null,"Nonsense":1}'
    found = read(models, "POST /", {"x-amz-target": "AmazonSQS.SendMessage"}, body)
    assert {key: found.get(key) for key in ("QueueUrl", "MessageBody", "DelaySeconds")} == {
        "QueueUrl": "q",
        "MessageBody": "b",
        "DelaySeconds": None,
    }
    assert "DelaySeconds" not in found


@pytest.mark.parametrize(
    "body, message",
    [
        (b"{", "Unable to parse the request body as JSON."),
        (b'{"QueueUrl":5}', "NUMBER_VALUE can not be converted to a String"),
        (b'{"DelaySeconds":"5"}', "STRING_VALUE can not be converted to an Integer"),
        (b'{"MessageBody":{}}', "Start of structure or map found where not expected."),
        (b'{"MessageAttributes":3}', "Expected map or structure or null"),
    ],
)
def test_json_that_is_not_of_the_shape_is_told_why(models: Models, body: bytes, message: str) -> None:
    error = refused(models, "POST /", {"x-amz-target": "AmazonSQS.SendMessage"}, body)
    assert (error.code, error.status, error.message) == ("SerializationException", 400, message)


def test_lists_of_the_query_protocol_are_read_in_the_order_of_their_numbers(models: Models) -> None:
    form = {"content-type": "application/x-www-form-urlencoded"}
    body = b"Action=ReceiveMessage&Version=2012-11-05&QueueUrl=q&AttributeName.10=c&AttributeName.2=b&AttributeName.1=a"
    assert read(models, "POST /", form, body)["AttributeNames"] == ["a", "b", "c"]
    assert read(models, "GET /?Action=ReceiveMessage&Version=2012-11-05&AttributeName=All", {}) == {
        "AttributeNames": ["All"]
    }


def test_sqs_maps_of_the_query_protocol(models: Models) -> None:
    form = {"content-type": "application/x-www-form-urlencoded"}
    body = (
        b"Action=CreateQueue&Version=2012-11-05&QueueName=q&Attribute.1.Name=DelaySeconds&Attribute.1.Value=5"
        b"&Tag.1.Key=a&Tag.1.Value=b"
    )
    found = {"QueueName": "q", "Attributes": {"DelaySeconds": "5"}, "tags": {"a": "b"}}
    assert read(models, "POST /", form, body) == found
    one = b"Action=SetQueueAttributes&QueueUrl=q&Version=2012-11-05&Attribute.Name=DelaySeconds&Attribute.Value=5"
    assert read(models, "POST /", form, one) == {"QueueUrl": "q", "Attributes": {"DelaySeconds": "5"}}


def test_s3_035_xml_must_be_of_the_schema(models: Models) -> None:
    root = b"NotificationConfiguration"
    no_event = b"<%s><QueueConfiguration><Queue>arn</Queue></QueueConfiguration></%s>" % (root, root)
    for body in (no_event, b"<Other/>", b"<NotificationConfiguration>", b"text"):
        assert refused(models, "PUT /b?notification", {}, body).code == "MalformedXML"
    assert refused(models, "PUT /b?notification", {}).code == "MissingRequestBodyError"


def test_a_number_that_is_none_is_refused_as_s3_does(models: Models) -> None:
    error = refused(models, "GET /b?list-type=2&max-keys=many", {})
    assert (error.code, error.fields) == ("InvalidArgument", {"ArgumentName": "max-keys", "ArgumentValue": "many"})


def test_a_condition_whose_date_is_none_is_not_there(models: Models) -> None:
    assert "IfModifiedSince" not in read(models, "GET /b/k", {"if-modified-since": "yesterday"})
    found = read(models, "GET /b/k", {"if-modified-since": "Mon, 14 Sep 2026 15:46:47 GMT"})
    assert found["IfModifiedSince"] == AT_MS - AT_MS % 1000


def test_an_event_invoke_config_tells_the_time_in_seconds_and_keeps_its_order(models: Models) -> None:
    output = {
        "DestinationConfig": {"OnFailure": {}, "OnSuccess": {}},
        "FunctionArn": "arn",
        "LastModified": AT_MS,
        "MaximumRetryAttempts": 0,
    }
    status, headers, body = written(models, "lambda", "rest-json", "PutFunctionEventInvokeConfig", output)
    assert (status, headers["Content-Type"], headers["x-amzn-RequestId"]) == (200, "application/json", "RID")
    assert list(json.loads(body)) == list(output)
    assert json.loads(body)["LastModified"] == 1789400807.745


def test_none_is_null_in_json_and_absent_in_xml(models: Models) -> None:
    body = written(models, "lambda", "rest-json", "GetFunctionConfiguration", {"Layers": None, "Timeout": 3})[2]
    assert body == b'{"Layers":null,"Timeout":3}'
    assert b"Prefix" not in written(models, "s3", "rest-xml", "ListObjects", {"Prefix": None, "Name": "b"})[2]


def test_an_empty_answer_of_sqs_has_no_body_in_json(models: Models) -> None:
    assert written(models, "sqs", "json", "DeleteMessage", None)[2] == b""
    assert written(models, "sqs", "json", "ReceiveMessage", {})[2] == b"{}"
    body = written(models, "sqs", "query", "DeleteMessage", None)[2]
    assert body == (
        b'<?xml version="1.0"?><DeleteMessageResponse xmlns="http://queue.amazonaws.com/doc/2012-11-05/">'
        b"<ResponseMetadata><RequestId>RID</RequestId></ResponseMetadata></DeleteMessageResponse>"
    )


def test_text_is_not_escaped_and_bytes_are_base64(models: Models) -> None:
    message = {"Body": "ü", "MessageAttributes": {"a": {"BinaryValue": b"hi", "DataType": "Binary"}}}
    body = written(models, "sqs", "json", "ReceiveMessage", {"Messages": [message]})[2].decode()
    assert '"Body":"ü"' in body
    assert '"BinaryValue":"aGk="' in body


def test_the_status_of_an_invocation_is_a_member(models: Models) -> None:
    status, headers, body = written(models, "lambda", "rest-json", "Invoke", {"StatusCode": 202})
    assert (status, body) == (202, b"")
    output = {"StatusCode": 200, "FunctionError": "Unhandled", "ExecutedVersion": "$LATEST", "Payload": b'{"a": 1}'}
    status, headers, body = written(models, "lambda", "rest-json", "Invoke", output)
    assert (status, headers["X-Amz-Function-Error"], body) == (200, "Unhandled", b'{"a": 1}')
    assert written(models, "lambda", "rest-json", "DeleteFunctionEventInvokeConfig", None)[::2] == (204, b"")


def test_a_listing_is_a_document_with_s3s_own_root_and_times(models: Models) -> None:
    output = {"Name": "b", "Contents": [{"Key": "a&b", "LastModified": AT_MS, "ETag": '"x"', "Size": 1}]}
    status, headers, body = written(models, "s3", "rest-xml", "ListObjectsV2", output)
    assert (status, headers["Content-Type"]) == (200, "application/xml")
    assert (headers["x-amz-request-id"], headers["x-amz-id-2"]) == ("RID", host_id("RID"))
    assert body.decode() == (
        '<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
        "<Name>b</Name><Contents><Key>a&amp;b</Key><LastModified>2026-09-14T15:46:47.745Z</LastModified>"
        "<ETag>&quot;x&quot;</ETag><Size>1</Size></Contents></ListBucketResult>"
    )


def test_the_location_of_a_bucket_is_the_root_itself(models: Models) -> None:
    body = written(models, "s3", "rest-xml", "GetBucketLocation", {"LocationConstraint": "eu-west-1"})[2]
    assert body.endswith(
        b'<LocationConstraint xmlns="http://s3.amazonaws.com/doc/2006-03-01/">eu-west-1</LocationConstraint>'
    )


def test_an_object_is_answered_with_headers_and_its_content(models: Models) -> None:
    content = Content((Segment(3, data=b"abc"),), 0, 3)
    output = {"ETag": '"x"', "ContentLength": 3, "LastModified": AT_MS, "Metadata": {"a": "b"}, "Body": content}
    route_of_get = Route("s3", "rest-xml", "GetObject")
    response = render(models, route_of_get, output, "RID", status=206, extra_headers=[("X-Extra", "1")])
    headers = dict(response.headers)
    assert response.body is content
    assert response.status == 206
    assert headers["Last-Modified"] == "Mon, 14 Sep 2026 15:46:47 GMT"
    assert (headers["ETag"], headers["Content-Length"], headers["x-amz-meta-a"]) == ('"x"', "3", "b")
    assert headers["X-Extra"] == "1"


def test_head_leaves_the_body_out_and_keeps_its_length(models: Models) -> None:
    status, headers, body = written(models, "s3", "rest-xml", "HeadObject", {"ContentLength": 9}, head=True)
    assert (status, headers["Content-Length"], body) == (200, "9", b"")


def test_iam_answers_with_dates_and_members(models: Models) -> None:
    role = {"RoleName": "r", "CreateDate": 1_700_000_000_000, "Tags": []}
    body = written(models, "iam", "query", "GetRole", {"Role": role})[2]
    assert body == (
        b'<GetRoleResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><GetRoleResult><Role><RoleName>r</RoleName>'
        b"<CreateDate>2023-11-14T22:13:20Z</CreateDate><Tags/></Role></GetRoleResult>"
        b"<ResponseMetadata><RequestId>RID</RequestId></ResponseMetadata></GetRoleResponse>"
    )


def test_the_query_protocol_answers_in_json_who_accepts_that(models: Models) -> None:
    """As an STS client that reads JSON has it; a time is a number."""
    form = b"Action=GetSessionToken&Version=2011-06-15"
    for accepted, in_json in (("application/json", True), ("application/json;q=1, */*", True), ("*/*", False)):
        asked = WireRequest("POST", "/", "", {"content-type": FORM, "accept": accepted}, form)
        assert finish(route(models, asked, SERVED), form).in_json is in_json
    made = Route("sts", "query", "GetSessionToken", in_json=True)
    response = render(models, made, {"Credentials": {"AccessKeyId": "A", "Expiration": 1_795_500_015_000}}, "RID")
    assert dict(response.headers)["Content-Type"] == "application/json"
    assert json.loads(bytes(response.body)) == {  # type: ignore[arg-type]
        "GetSessionTokenResponse": {
            "GetSessionTokenResult": {"Credentials": {"AccessKeyId": "A", "Expiration": 1_795_500_015}},
            "ResponseMetadata": {"RequestId": "RID"},
        }
    }


def test_a_list_type_that_is_none(models: Models) -> None:
    for given in ("3", ""):
        error = refused(models, f"GET /b?list-type={given}", {})
        assert (error.code, error.fields) == (
            "InvalidArgument",
            {"ArgumentName": "list-type", "ArgumentValue": given},
        )
