"""Function URLs: their configuration [LS:TestLambdaUrl], requests as events of payload format 2.0, and responses."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outfall.core.principal import Principal, root_of
from outfall.services.lambda_ import url_cors, url_requests
from outfall.services.lambda_.url_model import URL_PLACES, Cors
from outfall.services.lambda_.url_requests import Caller, UrlRequest, UrlResponse
from outfall.services.lambda_.urls import address
from tests.support import T0

from .world import World, function

FN = {"FunctionName": "fn"}
ID = "abcdefghijklmnopqrstuvwxyz012345"


def test_a_url_is_made_told_changed_listed_and_deleted(world: World) -> None:
    world.active()
    made = world.call("CreateFunctionUrlConfig", **FN, AuthType="NONE")
    url = made.pop("FunctionUrl")
    assert url.endswith(".lambda-url.us-east-1.localhost:4566/")
    assert len(url.removeprefix("http://").partition(".")[0]) == 32
    told = {
        "FunctionArn": function("fn"),
        "AuthType": "NONE",
        "CreationTime": "2027-01-15T08:00:00.000Z",
        "InvokeMode": "BUFFERED",
    }
    assert made == told
    world.now += 1000
    cors = {"AllowOrigins": ["*"], "MaxAge": 0}
    world.call("UpdateFunctionUrlConfig", **FN, AuthType="AWS_IAM", Cors=cors)
    changed = {**told, "FunctionUrl": url, "AuthType": "AWS_IAM", "LastModifiedTime": "2027-01-15T08:00:01.000Z"}
    changed["Cors"] = cors
    assert world.call("GetFunctionUrlConfig", **FN) == changed
    assert world.call("ListFunctionUrlConfigs", **FN) == {"FunctionUrlConfigs": [changed]}
    world.call("DeleteFunctionUrlConfig", **FN)
    assert world.fails("GetFunctionUrlConfig", **FN).status == 404
    assert world.call("ListFunctionUrlConfigs", **FN) == {"FunctionUrlConfigs": []}


def test_rec_038_a_function_has_one_url(world: World) -> None:
    world.active()
    world.call("CreateFunctionUrlConfig", **FN, AuthType="NONE")
    error = world.fails("CreateFunctionUrlConfig", **FN, AuthType="NONE")
    assert (error.status, error.code, error.message) == (
        409,
        "ResourceConflictException",
        f"Failed to create function url config for [functionArn = {function('fn')}]. "
        "Error message:  FunctionUrlConfig exists for this Lambda function",
    )


def test_an_alias_has_a_url_of_its_own_which_goes_with_it(world: World) -> None:
    world.active()
    world.call("PublishVersion", **FN)
    assert world.fails("CreateFunctionUrlConfig", **FN, Qualifier="live", AuthType="NONE").message == (
        "Function does not exist"
    )
    world.call("CreateAlias", **FN, Name="live", FunctionVersion="1")
    made = world.call("CreateFunctionUrlConfig", **FN, Qualifier="live", AuthType="NONE")
    assert made["FunctionArn"] == function("fn", "live")
    world.call("CreateFunctionUrlConfig", **FN, AuthType="NONE")
    assert len(world.call("ListFunctionUrlConfigs", **FN)["FunctionUrlConfigs"]) == 2
    world.call("DeleteAlias", **FN, Name="live")
    assert world.fails("GetFunctionUrlConfig", **FN, Qualifier="live").status == 404
    world.call("DeleteFunction", **FN)
    assert world.store.transact(lambda tx: list(tx.scan(URL_PLACES))) == []


@pytest.mark.parametrize(
    "operation",
    ["GetFunctionUrlConfig", "UpdateFunctionUrlConfig", "DeleteFunctionUrlConfig", "ListFunctionUrlConfigs"],
)
def test_what_is_not_there_is_404(world: World, operation: str) -> None:
    assert world.fails(operation, FunctionName="nope").status == 404


def test_streaming_is_not_served(world: World) -> None:
    world.active()
    assert world.fails("CreateFunctionUrlConfig", **FN, AuthType="NONE", InvokeMode="RESPONSE_STREAM").status == 501


@pytest.mark.parametrize(
    ("endpoint", "host"),
    [
        ("http://127.0.0.1:4566", "localhost:4566"),
        ("http://localhost", "localhost"),
        ("http://localhost.localstack.cloud:4566", "localhost.localstack.cloud:4566"),
        ("http://sqs.us-east-1.localhost:99", "localhost:99"),
    ],
)
def test_the_address_is_one_of_this_machine(endpoint: str, host: str) -> None:
    assert address(endpoint, "us-east-1", ID) == f"http://{ID}.lambda-url.us-east-1.{host}/"


def asked(method: str = "GET", path: str = "/", query: str = "", body: bytes = b"", **headers: str) -> UrlRequest:
    names = {"host": f"{ID}.lambda-url.us-east-1.localhost:4566", **headers}
    return UrlRequest(
        method, path, query, {name.replace("_", "-"): value for name, value in names.items()}, body, "::1"
    )


def event(request: UrlRequest, caller: Caller | None = None) -> Any:
    return json.loads(url_requests.event(request, url_id=ID, request_id="r", now_ms=T0, caller=caller))


def test_a_request_is_an_event_of_format_2() -> None:
    request = asked("GET", "/my/path", "a=1&b=2&a=3&c=", user_agent="curl/8", cookie="x=1; y=2")
    assert event(request) == {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": "/my/path",
        "rawQueryString": "a=1&b=2&a=3&c=",
        "cookies": ["x=1", "y=2"],
        "headers": {
            "host": f"{ID}.lambda-url.us-east-1.localhost:4566",
            "user-agent": "curl/8",
            "x-forwarded-for": "::1",
            "x-forwarded-port": "4566",
            "x-forwarded-proto": "http",
        },
        "queryStringParameters": {"a": "1,3", "b": "2", "c": ""},
        "requestContext": {
            "accountId": "anonymous",
            "apiId": ID,
            "domainName": f"{ID}.lambda-url.us-east-1.localhost",
            "domainPrefix": ID,
            "http": {
                "method": "GET",
                "path": "/my/path",
                "protocol": "HTTP/1.1",
                "sourceIp": "::1",
                "userAgent": "curl/8",
            },
            "requestId": "r",
            "routeKey": "$default",
            "stage": "$default",
            "time": "15/Jan/2027:08:00:00 +0000",
            "timeEpoch": T0,
        },
        "isBase64Encoded": False,
    }


def test_a_signed_request_says_who_signed_it() -> None:
    user = Principal("user", "111111111111", "arn:aws:iam::111111111111:user/u", "AIDAEXAMPLE")
    context = event(asked(), Caller(user, "AKIAEXAMPLE"))["requestContext"]
    assert context["accountId"] == "111111111111"
    assert context["authorizer"] == {
        "iam": {
            "accessKey": "AKIAEXAMPLE",
            "accountId": "111111111111",
            "callerId": "AIDAEXAMPLE",
            "cognitoIdentity": None,
            "principalOrgId": None,
            "userArn": "arn:aws:iam::111111111111:user/u",
            "userId": "AIDAEXAMPLE",
        }
    }
    assert event(asked(), Caller(root_of("111111111111"), "k"))["requestContext"]["authorizer"]["iam"]["userArn"]


@pytest.mark.parametrize(
    ("content_type", "body", "shown", "encoded"),
    [
        ("application/json", b'{"a":1}', '{"a":1}', False),
        ("text/plain; charset=utf-8", "ä".encode(), "ä", False),
        ("application/vnd.api+json", b"[]", "[]", False),
        ("application/x-www-form-urlencoded", b"a=1", base64.b64encode(b"a=1").decode(), True),
        ("image/png", b"\x89PNG", base64.b64encode(b"\x89PNG").decode(), True),
        ("text/plain", b"\xff", "/w==", True),
    ],
)
def test_a_body_is_text_or_base64(content_type: str, body: bytes, shown: str, encoded: bool) -> None:
    told = event(asked("POST", body=body, content_type=content_type))
    assert (told["body"], told["isBase64Encoded"]) == (shown, encoded)


JSON = ("Content-Type", "application/json")


@pytest.mark.parametrize(
    ("result", "status", "headers", "body"),
    [
        ('{"message": "hi"}', 200, (JSON,), b'{"message": "hi"}'),
        ('"hi"', 200, (JSON,), b'"hi"'),
        ("null", 200, (JSON,), b"null"),
        ('{"statusCode": 201, "body": "made"}', 201, (JSON,), b"made"),
        ('{"statusCode": "404"}', 404, (JSON,), b""),
        ('{"statusCode": 200, "body": {"a": 1}}', 200, (JSON,), b'{"a": 1}'),
        (
            '{"statusCode": 200, "headers": {"content-type": "image/png", "X-N": 1}, "body": "iVBORw==", '
            '"isBase64Encoded": true, "cookies": ["a=1", "b=2"]}',
            200,
            (("content-type", "image/png"), ("X-N", "1"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")),
            b"\x89PNG",
        ),
        (
            '{"statusCode": 200, "headers": {"A\\r\\nB": "1", "C": "1\\r\\nD: 2", "Content-Length": "9", "E": [1]}}',
            200,
            (("C", "1  D: 2"), JSON),
            b"",
        ),
    ],
)
def test_a_result_says_what_it_answers(
    result: str, status: int, headers: tuple[tuple[str, str], ...], body: bytes
) -> None:
    assert url_requests.response(result.encode()) == UrlResponse(status, headers, body)


@pytest.mark.parametrize(
    "result",
    [
        "no json",
        '{"statusCode": 99}',
        '{"statusCode": true}',
        '{"statusCode": null}',
        '{"statusCode": 200, "body": "a", "isBase64Encoded": true}',
    ],
)
def test_a_result_that_is_no_response(result: str) -> None:
    assert url_requests.response(result.encode()) is None


@given(
    st.recursive(st.none() | st.integers() | st.text(), lambda more: st.lists(more) | st.dictionaries(st.text(), more))
)
def test_whatever_a_function_answers_makes_headers_of_one_line(value: Any) -> None:
    made = url_requests.response(json.dumps({"statusCode": 200, "headers": value, "cookies": value}).encode())
    assert made is not None
    assert all("\n" not in text and "\r" not in text for header in made.headers for text in header)


PAGE = "https://page.example"
RULES = Cors((PAGE,), ("GET",), ("X-A",), ("X-B",), True, 60)


def test_a_preflight_request_is_answered_without_the_function() -> None:
    request = asked("OPTIONS", origin=PAGE, access_control_request_method="GET")
    answer = url_cors.preflight(RULES, request)
    assert answer is not None
    assert dict(answer.headers) == {
        "Access-Control-Allow-Origin": PAGE,
        "Access-Control-Allow-Methods": "GET",
        "Access-Control-Allow-Headers": "X-A",
        "Access-Control-Allow-Credentials": "true",
        "Access-Control-Max-Age": "60",
        "Vary": "Origin",
    }
    stranger = asked("OPTIONS", origin="https://other.example", access_control_request_method="GET")
    assert url_cors.preflight(RULES, stranger) == UrlResponse(200, (), b"")
    assert url_cors.preflight(None, request) is None
    assert url_cors.preflight(RULES, asked("OPTIONS")) is None


def test_the_rules_of_a_url_stand_in_place_of_the_functions_own() -> None:
    made = UrlResponse(200, (JSON, ("access-control-allow-origin", "https://evil.example")), b"")
    assert dict(url_cors.allowed(RULES, asked(origin=PAGE), made).headers) == {
        "Content-Type": "application/json",
        "Access-Control-Allow-Origin": PAGE,
        "Access-Control-Allow-Credentials": "true",
        "Access-Control-Expose-Headers": "X-B",
        "Vary": "Origin",
    }
    assert url_cors.allowed(None, asked(origin=PAGE), made) == made
    everyone = url_cors.allowed(Cors(("*",)), asked(origin=PAGE), made)
    assert dict(everyone.headers)["Access-Control-Allow-Origin"] == "*"
