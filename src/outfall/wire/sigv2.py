"""Signature Version 2 in the URL, which S3 still takes and boto3 still makes. No clock, no look-up of secrets.

Rule: https://docs.aws.amazon.com/AmazonS3/latest/developerguide/RESTAuthentication.html ("Query string request
authentication alternative").
"""

from __future__ import annotations

import hmac
from base64 import b64encode
from datetime import UTC, datetime
from urllib.parse import parse_qsl, unquote

from outfall.wire import hosts, refusals
from outfall.wire.claims import UNSIGNED_PAYLOAD, InvalidArgument, Signed
from outfall.wire.message import WireRequest

# fmt: off
SUB_RESOURCES = frozenset({
    "accelerate", "acl", "analytics", "cors", "defaultObjectAcl", "delete", "inventory", "lifecycle", "location",
    "logging", "metrics", "notification", "object-lock", "partNumber", "policy", "replication", "requestPayment",
    "response-cache-control", "response-content-disposition", "response-content-encoding",
    "response-content-language", "response-content-type", "response-expires", "restore", "select", "select-type",
    "storageClass", "tagging", "torrent", "uploadId", "uploads", "versionId", "versioning", "versions", "website",
})
# fmt: on
"""The parameters that are part of the resource that is signed."""

EXPIRES_MAX_S = 2**31 * 10
"""Further in the future no date can be printed."""

_NAMES = ("AWSAccessKeyId", "Signature", "Expires")


def claim(request: WireRequest) -> Signed | None:
    """The signature that the URL claims, or None if it claims none of this version. `expires_s` is a time, in seconds
    since 1970. Raises the errors of an incomplete claim."""
    if "AWSAccessKeyId=" not in request.query and "Signature=" not in request.query:
        return None
    given = dict(parse_qsl(request.query, keep_blank_values=True))
    if not {"AWSAccessKeyId", "Signature"} & given.keys():
        return None
    if "authorization" in request.headers or "X-Amz-Algorithm" in given:
        raise InvalidArgument(
            "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string "
            "parameter or the Authorization header should be specified",
            ArgumentName="Authorization",
            ArgumentValue=request.headers.get("authorization", given.get("Signature", "")),
        )
    if not all(given.get(name) for name in _NAMES):
        raise refusals.AccessDenied(
            "Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters"
        )
    expires = given["Expires"]
    if not (expires.isascii() and expires.isdigit() and len(expires) < 12 and int(expires) < EXPIRES_MAX_S):
        raise refusals.AccessDenied(f"Invalid date (should be seconds since epoch): {expires}")
    token = given.get("x-amz-security-token") or request.headers.get("x-amz-security-token", "")
    return Signed(
        access_key=given["AWSAccessKeyId"],
        date="",
        region="",
        service="s3",
        signed_headers=(),
        signature=given["Signature"],
        amz_date="",
        session_token=token,
        presigned=True,
        expires_s=int(expires),
        payload_hash=UNSIGNED_PAYLOAD,
        version=2,
    )


def verify(signed: Signed, request: WireRequest, secret: str, now_ms: int) -> None:
    """Raises `AccessDenied` when the URL's time is over, `SignatureDoesNotMatch` when `secret` did not sign it."""
    now_s = now_ms // 1000
    if now_s > signed.expires_s:
        raise refusals.AccessDenied("Request has expired", Expires=_iso(signed.expires_s), ServerTime=_iso(now_s))
    given, data = signed.signature.encode("utf-8", "surrogateescape"), b""
    for resource in _resources(request):
        data = string_to_sign(request, signed.expires_s, resource).encode("utf-8", "surrogateescape")
        if hmac.compare_digest(b64encode(hmac.digest(secret.encode(), data, "sha1")), given):
            return
    raise refusals.S3SignatureDoesNotMatch(
        AWSAccessKeyId=signed.access_key,
        StringToSign=data.decode("utf-8", "replace"),
        SignatureProvided=signed.signature,
        StringToSignBytes=data.hex(" "),
    )


def string_to_sign(request: WireRequest, expires_s: int, resource: str) -> str:
    """Method, two headers, the time, the `x-amz-` headers, and the resource. What the client put into the URL in the
    place of a header counts as that header; of a type or digest that comes as a header as well, the header counts.
    [LS:test_s3_put_presigned_url_with_different_headers]"""
    headers = {name: value.strip() for name, value in request.headers.items()}
    for name, value in parse_qsl(request.query, keep_blank_values=True):
        name = name.lower()
        if name.startswith("x-amz-"):
            headers[name] = value
        elif name in ("content-type", "content-md5"):
            headers.setdefault(name, value)
    own = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers) if name.startswith("x-amz-"))
    first = (request.method, headers.get("content-md5", ""), headers.get("content-type", ""), str(expires_s))
    return "\n".join(first) + f"\n{own}{resource}"


def _resources(request: WireRequest) -> list[str]:
    """The resource as signers spell it: for a bucket in the path alone, with a slash at its end (boto3) or without."""
    bucket = hosts.read(request.headers.get("host", "")).bucket
    path = f"/{bucket}{request.path}" if bucket else request.path
    named = []
    for part in request.query.split("&"):
        name, equals, value = part.partition("=")
        if name in SUB_RESOURCES:
            named.append((name, f"{name}={unquote(value)}" if equals else name))
    named.sort(key=lambda pair: pair[0])
    query = f"?{'&'.join(text for _, text in named)}" if named else ""
    return [path + query] if path.count("/") != 1 or path == "/" else [f"{path}{query}", f"{path}/{query}"]


def _iso(at_s: int) -> str:
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
