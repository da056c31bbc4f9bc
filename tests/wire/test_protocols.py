"""botocore's protocol cases, inverted: what a client would send is parsed to what it meant, what a service answers is
rendered so that botocore's own parsers read it back. Cases that cannot hold here are listed with their reason."""

from __future__ import annotations

import json
import math
from base64 import b64decode
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.awsrequest import HeadersDict
from botocore.model import OperationModel as TheirOperation
from botocore.model import ServiceModel as TheirService
from botocore.parsers import create_parser
from botocore.utils import parse_timestamp

from outfall.core.errors import AwsError
from outfall.wire.codec import parse, render
from outfall.wire.faults import render_fault
from outfall.wire.identify import Route, finish, route
from outfall.wire.message import WireRequest
from outfall.wire.models import Models, ServiceModel

SIGNED = "AWS4-HMAC-SHA256 Credential=AK/20260101/us-east-1/sample/aws4_request, SignedHeaders=host, Signature=0"

TOKEN = "The client fills in the token, so the request holds more than was given."
ENCODING = "The case shows of the request its Content-Encoding alone: no target, no body."
EMPTY = "An empty list or map leaves nothing in the request."
REPEATED = "The case's map repeats what other members hold; ours holds the rest, as the cases of rest-xml have it."
UNION = "botocore's parser refuses the empty union that the case has."
ITEMS = (
    "botocore reads a flattened list by its items' name, as do we; the case has three lists of that name in one place."
)
DATES = "botocore splits a header's list at every comma, also at those inside dates and quotes."
BLOB = "botocore reads an absent blob as an empty one."

INPUT_EXCEPTIONS: dict[str, str] = {
    "HttpPrefixHeadersAreNotPresent": EMPTY,
    "MediaTypeHeaderInputBase64": "The case gives the JSON as text; botocore, and so the parser, has the value.",
    "QueryEmptyQueryMaps": EMPTY,
    "QueryIdempotencyTokenAutoFill": TOKEN,
    "QueryProtocolIdempotencyTokenAutoFill": TOKEN,
    "RestJsonAllQueryStringTypes": REPEATED,
    "RestJsonQueryStringEscaping": REPEATED,
    "RestJsonSupportsNaNFloatQueryValues": REPEATED,
    "RestJsonSupportsInfinityFloatQueryValues": REPEATED,
    "RestJsonSupportsNegativeInfinityFloatQueryValues": REPEATED,
    "RestJsonZeroAndFalseQueryValues": REPEATED,
    "RestJsonHostWithPath": "A path before the operation's own belongs to an endpoint that has one; ours has none.",
    "RestJsonHttpPrefixHeadersAreNotPresent": EMPTY,
    "RestJsonHttpWithEmptyStructurePayload": "An absent structure is sent as `{}`, as an empty one is.",
    "RestJsonHttpWithHeadersButNoPayload": "An absent structure is sent as `{}`, as an empty one is.",
    "RestJsonOmitsEmptyListQueryValues": EMPTY,
    "RestJsonQueryIdempotencyTokenAutoFill": TOKEN,
    "RestJsonQueryPrecedence": "The client drops a value that another member overrides.",
    "RestXmlQueryPrecedence": "The client drops a value that another member overrides.",
    "SDKAppendedGzipAfterProvidedEncoding_restJson1": ENCODING,
    "SDKAppendedGzipAfterProvidedEncoding_restXml": ENCODING,
    "SDKAppendsGzipAndIgnoresHttpProvidedEncoding_awsJson1_0": ENCODING,
    "SDKAppendsGzipAndIgnoresHttpProvidedEncoding_awsJson1_1": ENCODING,
    "SDKAppendsGzipAndIgnoresHttpProvidedEncoding_awsQuery": ENCODING,
    "SDKAppliedContentEncoding_awsJson1_0": ENCODING,
    "SDKAppliedContentEncoding_awsJson1_1": ENCODING,
    "SDKAppliedContentEncoding_awsQuery": ENCODING,
    "SDKAppliedContentEncoding_restJson1": ENCODING,
    "SDKAppliedContentEncoding_restXml": ENCODING,
}
OUTPUT_EXCEPTIONS: dict[str, str] = {
    "BodyWithXmlName": "botocore looks for the nested structure under its own root's name and does not find it.",
    "HttpPayloadTraitsWithNoBlobBody": BLOB,
    "HttpPrefixHeadersResponse": "The empty prefix takes in every header, and each answer has its request id.",
    "InputAndOutputWithTimestampHeaders": DATES,
    "QueryXmlLists": ITEMS,
    "RestJsonHttpPayloadTraitsWithNoBlobBody": BLOB,
    "RestJsonHttpPayloadWithUnsetUnion": UNION,
    "RestJsonInputAndOutputWithQuotedStringHeaders": DATES,
    "RestJsonInputAndOutputWithTimestampHeaders": DATES,
    "RestXmlHttpPayloadWithUnsetUnion": UNION,
    "XmlLists": ITEMS,
}

CBOR = "smithy-rpc-v2-cbor"
FILES = ("json", "json_1_0", "json_1_0-query-compatible", "query", "rest-json", "rest-xml")
CBOR_FILES = (CBOR, f"{CBOR}-query-compatible", f"{CBOR}-non-query-compatible")


def suites(folder: Path, kind: str, name: str) -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Id, model and case of each case in a file."""
    found = []
    for suite in json.loads((folder / kind / f"{name}.json").read_text()):
        model = {key: suite[key] for key in ("metadata", "shapes")}
        for case in suite["cases"]:
            model["operations"] = {case["given"]["name"]: case["given"]}
            found.append((case["id"], dict(model), case))
    return found


def meant(service: ServiceModel, ref: dict[str, Any], value: Any) -> Any:
    """A value of a case as handlers know it: milliseconds, bytes, numbers."""
    shape = service.resolve(ref)
    kind = shape["type"]
    if shape.get("document") or shape.get("jsonvalue") or value is None:
        return value
    if kind == "structure":
        members = shape["members"]
        return {
            key: meant(service, members[key], one) for key, one in value.items() if key in members and one is not None
        }
    if kind == "list":
        return [meant(service, shape["member"], one) for one in value]
    if kind == "map":
        return {key: meant(service, shape["value"], one) for key, one in value.items()}
    if kind == "timestamp":
        return round(value * 1000) if not isinstance(value, str) else round(parse_timestamp(value).timestamp() * 1000)
    if kind == "blob":
        return value.encode() if isinstance(value, str) else value
    return float(value) if kind in ("float", "double") and isinstance(value, str) else value


def same(left: Any, right: Any) -> bool:
    """Equal, and not-a-number equals itself."""
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(same(one, other) for one, other in zip(left, right, strict=True))
    if isinstance(left, float) and isinstance(right, float) and math.isnan(left):
        return math.isnan(right)
    return bool(left == right)


def route_of(models: Models, case: dict[str, Any]) -> tuple[Route, WireRequest]:
    """The case's request, and where it leads."""
    sent = case["serialized"]
    uri = urlsplit(sent["uri"])
    headers = {name.lower(): text for name, text in sent.get("headers", {}).items()} | {"authorization": SIGNED}
    if models.service("sample").protocol == "json" and "body" in sent:
        headers.setdefault("x-amz-target", f"Sample.{case['given']['name']}")
    body = sent.get("body", "").encode()
    if models.service("sample").protocol == CBOR:
        body = b64decode(body)
    request = WireRequest(sent.get("method", "POST"), uri.path, uri.query, headers, body)
    return finish(route(models, request, frozenset({"sample"})), request.body), request


def check(differing: dict[str, str], exceptions: dict[str, str], present: set[str]) -> None:
    """No case differs but the exceptions, and each exception differs."""
    told = [f"{case_id}: {text}" for case_id, text in differing.items() if case_id not in exceptions]
    assert not told, "\n".join(told)
    idle = [case_id for case_id in exceptions if case_id in present and case_id not in differing]
    assert not idle, f"no longer exceptions: {idle}"


@pytest.mark.parametrize("name", FILES + CBOR_FILES)
def test_what_a_client_sends_is_read_as_it_was_meant(name: str, protocol_cases: Path) -> None:
    differing = {}
    for case_id, document, case in suites(protocol_cases, "input", name):
        models, service = Models(), ServiceModel("sample", document)
        models.add(service)
        made, request = route_of(models, case)
        try:
            read: Any = parse(models, made, request)
        except AwsError as error:
            read = error
        given = case["given"]
        expected = meant(service, given["input"], case["params"]) if "input" in given else {}
        if made.operation != given["name"] or not same(read, expected):
            differing[case_id] = f"{made.operation}: {read!r} instead of {expected!r}"
    check(differing, INPUT_EXCEPTIONS, {case_id for case_id, _, _ in suites(protocol_cases, "input", name)})


def read_back(document: dict[str, Any], case: dict[str, Any], status: int, headers: Any, body: bytes) -> dict[str, Any]:
    """What botocore makes of a response."""
    theirs = TheirService(document)
    operation = TheirOperation(case["given"], theirs)
    parser = create_parser(document["metadata"]["protocol"])
    parser._timestamp_parser = lambda value: parse_timestamp(value).timestamp()
    response = {
        "status_code": status,
        "headers": HeadersDict(headers),
        "body": body,
        "context": {"operation_name": operation.name},
    }
    shape = operation.output_shape
    if document["metadata"]["protocol"] == "query" and shape and shape.members:
        shape.serialization["resultWrapper"] = f"{operation.name}Result"
    parsed = parser.parse(response, shape)
    if "error" in case:
        failed = theirs.shape_for_error_code(parsed["Error"]["Code"])
        if failed is not None:
            parsed.update(parser.parse(response, failed))
        parsed["Error"] = {key: parsed["Error"][key] for key in ("Code", "Message") if key in parsed["Error"]}
        parsed["Error"].setdefault("Message", "")
    parsed.pop("ResponseMetadata", None)
    return plain(parsed)


def plain(value: Any) -> Any:
    """Bytes as texts and special numbers by name, as the cases have them."""
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        return {math.inf: "Infinity", -math.inf: "-Infinity"}.get(value, "NaN")
    if hasattr(value, "read"):
        return value.read().decode()
    return value.decode() if isinstance(value, bytes) else value


def fault_of(case: dict[str, Any]) -> AwsError:
    """The error that a service would raise."""
    fields = {key: one for key, one in case["error"].items() if key.lower() != "message"}
    kind = type(case["errorCode"], (AwsError,), {"status": case["response"]["status_code"]})
    return kind(case.get("errorMessage", ""), **fields)


@pytest.mark.parametrize("name", FILES + CBOR_FILES)
def test_what_a_service_answers_is_read_back_by_botocore(name: str, protocol_cases: Path) -> None:
    differing = {}
    for case_id, document, case in suites(protocol_cases, "output", name):
        models, service = Models(), ServiceModel("sample", document)
        models.add(service)
        given = case["given"]
        protocol = document["metadata"]["protocol"]
        made = Route("sample", "cbor" if protocol == CBOR else protocol, given["name"])
        try:
            if "error" in case:
                response = render_fault(models, made, fault_of(case), "id")
                expected = {
                    "Error": {"Code": case["errorCode"], "Message": case.get("errorMessage", "")},
                    **case["error"],
                }
            else:
                output = meant(service, given["output"], case["result"]) if "output" in given else {}
                response = render(models, made, output, "id")
                expected = case["result"]
            assert isinstance(response.body, bytes)
            read: Any = read_back(document, case, response.status, response.headers, response.body)
        except Exception as error:
            read, expected = repr(error), None
        if not same(read, expected) or response.status != case["response"].get("status_code", 200):
            differing[case_id] = f"{read!r} instead of {expected!r} ({response})"
    check(differing, OUTPUT_EXCEPTIONS, {case_id for case_id, _, _ in suites(protocol_cases, "output", name)})
