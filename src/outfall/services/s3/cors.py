"""Cross-origin requests: the configuration of a bucket, and what a browser is told by it. The preflight and the headers
of actual answers are asked for by the host.

Rules: https://docs.aws.amazon.com/AmazonS3/latest/userguide/cors.html and the recordings [LS:test_s3_cors].
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from outfall.core.ports import Tx
from outfall.core.service import Call, Operation, Output, Request, operation
from outfall.services.s3 import documents, errors
from outfall.services.s3.access import bucket_arn, require
from outfall.services.s3.model import BUCKETS

KIND = "cors"
METHODS = ("GET", "PUT", "HEAD", "POST", "DELETE")
RULES_MAX = 100
ID_LENGTH_MAX = 255
VARY = ("Vary", "Origin, Access-Control-Request-Headers, Access-Control-Request-Method")
NOT_ALLOWED = (
    "CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, request method / "
    "Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the resource's CORS spec."
)
ORIGIN, METHOD, HEADERS = "origin", "access-control-request-method", "access-control-request-headers"
Headers = list[tuple[str, str]]


@operation("PutBucketCors", action="s3:PutBucketCORS", resource=bucket_arn)
def put_bucket_cors(call: Call, request: Request) -> Output:
    """Replaces the rules. Errors: MalformedXML, InvalidRequest.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketCors.html
    """
    bucket = require(call, request)
    rules = (request.get("CORSConfiguration") or {}).get("CORSRules") or []
    if not 1 <= len(rules) <= RULES_MAX:
        raise errors.MalformedXML
    for rule in rules:
        _check(rule)
    documents.keep(call.tx, bucket.name, KIND, {"CORSRules": rules})
    return None


def _check(rule: dict[str, Any]) -> None:
    if not rule.get("AllowedMethods") or not rule.get("AllowedOrigins") or len(rule.get("ID") or "") > ID_LENGTH_MAX:
        raise errors.MalformedXML
    for method in rule["AllowedMethods"]:
        if method not in METHODS:
            raise errors.InvalidRequest(f"Found unsupported HTTP method in CORS config. Unsupported method is {method}")
    for name, members in (("AllowedOrigin", "AllowedOrigins"), ("AllowedHeader", "AllowedHeaders")):
        for value in rule.get(members) or ():
            if value.count("*") > 1:
                raise errors.InvalidRequest(f'{name} "{value}" can not have more than one wildcard.')
    if any("*" in value for value in rule.get("ExposeHeaders") or ()):
        raise errors.InvalidRequest(
            f'ExposeHeader "{rule["ExposeHeaders"][0]}" contains wildcard. We currently do not support wildcard for '
            "ExposeHeader."
        )


@operation("GetBucketCors", action="s3:GetBucketCORS", resource=bucket_arn)
def get_bucket_cors(call: Call, request: Request) -> Output:
    """The rules as they were put. Errors: NoSuchCORSConfiguration."""
    return documents.required(call.tx, require(call, request), KIND, errors.NoSuchCORSConfiguration)


@operation("DeleteBucketCors", action="s3:PutBucketCORS", resource=bucket_arn)
def delete_bucket_cors(call: Call, request: Request) -> Output:
    """Removes the rules, if there are any."""
    documents.drop(call.tx, require(call, request).name, KIND)
    return None


def preflight(tx: Tx, bucket: str, key: str, sent: Mapping[str, str]) -> Headers:
    """The headers of the answer to OPTIONS. Errors: BadRequest, AccessForbidden."""
    origin, method = sent.get(ORIGIN), sent.get(METHOD)
    if not origin:
        raise errors.BadRequest("Insufficient information. Origin request header needed.")
    told = {"Method": method or "OPTIONS", "ResourceType": "BUCKET"}
    if tx.get(BUCKETS, (bucket,)) is None:
        raise errors.AccessForbidden("CORSResponse: Bucket not found", **told)
    found = documents.kept(tx, bucket, KIND)
    if found is None:
        raise errors.AccessForbidden("CORSResponse: CORS is not enabled for this bucket.", **told)
    if method not in METHODS:
        raise errors.BadRequest(f"Invalid Access-Control-Request-Method: {method or 'null'}")
    headers = _answer(found["CORSRules"], origin, method, sent.get(HEADERS, ""))
    if headers is None:
        raise errors.AccessForbidden(NOT_ALLOWED, **{**told, "ResourceType": "OBJECT" if key else "BUCKET"})
    return headers


def actual(tx: Tx, bucket: str, method: str, sent: Mapping[str, str]) -> Headers:
    """The headers that an answer gets beside its own for a request with an Origin; none where no rule lets it."""
    found = documents.kept(tx, bucket, KIND)
    if found is None:
        return []
    return _answer(found["CORSRules"], sent[ORIGIN], sent.get(METHOD) or method, sent.get(HEADERS, "")) or []


def _answer(rules: list[dict[str, Any]], origin: str, method: str, asked: str) -> Headers | None:
    """What the first rule says that lets the request, or None."""
    names = [name.strip().lower() for name in asked.split(",") if name.strip()]
    for rule in rules:
        matched = next((one for one in rule["AllowedOrigins"] if _matches(one, origin)), None)
        if matched is None or method not in rule["AllowedMethods"]:
            continue
        allowed = [one.lower() for one in rule.get("AllowedHeaders") or ()]
        if all(any(_matches(one, name) for one in allowed) for name in names):
            return _headers(rule, "*" if matched == "*" else origin, names)
    return None


def _headers(rule: dict[str, Any], origin: str, names: list[str]) -> Headers:
    told: Headers = [("Access-Control-Allow-Origin", origin)]
    told.append(("Access-Control-Allow-Methods", ", ".join(rule["AllowedMethods"])))
    if names:
        told.append(("Access-Control-Allow-Headers", ", ".join(names)))
    if rule.get("ExposeHeaders"):
        told.append(("Access-Control-Expose-Headers", ", ".join(rule["ExposeHeaders"])))
    if rule.get("MaxAgeSeconds") is not None:
        told.append(("Access-Control-Max-Age", str(rule["MaxAgeSeconds"])))
    if origin != "*":
        told.append(("Access-Control-Allow-Credentials", "true"))
    return [*told, VARY]


def _matches(pattern: str, text: str) -> bool:
    """Whether a text is of a pattern, in which one `*` stands for anything, also for nothing."""
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), text, re.DOTALL) is not None


OPERATIONS: tuple[Operation, ...] = (put_bucket_cors, get_bucket_cors, delete_bucket_cors)
