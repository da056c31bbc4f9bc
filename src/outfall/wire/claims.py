"""What a request claims about its signature, read from the Authorization header or from a presigned URL.

Nothing is verified here; what is missing or malformed is refused in the dialect of the service.
"""

from __future__ import annotations

import re
from datetime import datetime
from urllib.parse import parse_qsl

import msgspec

from outfall.core.errors import AwsError
from outfall.wire import refusals
from outfall.wire.message import WireRequest
from outfall.wire.refusals import Kind

UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD"
STREAMING_SIGNED = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
STREAMING_SIGNED_TRAILER = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
STREAMING_UNSIGNED_TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
PAYLOADS = (UNSIGNED_PAYLOAD, STREAMING_UNSIGNED_TRAILER, STREAMING_SIGNED, STREAMING_SIGNED_TRAILER)
EXPIRES_MAX_S = 604_800
EXPIRES_DEFAULT_S = 900

_HEADER = re.compile(
    r"AWS4-HMAC-SHA256 +Credential=([^/, ]+)/(\d{8})/([^/, ]*)/([^/, ]+)/aws4_request, *"
    r"SignedHeaders=([^, ]+), *Signature=([0-9a-f]{64})"
).fullmatch
_CREDENTIAL = re.compile(r"([^/]+)/(\d{8})/([^/]*)/([^/]+)/aws4_request").fullmatch
_SHA256 = re.compile(r"[0-9a-f]{64}").fullmatch
_PRESIGNED_NAMES = frozenset({"X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature"})
_PRESIGNED_REQUIRED = ("X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature", "X-Amz-Date", "X-Amz-SignedHeaders")
_OF_THE_SIGNATURE = frozenset(
    f"x-amz-{name}"
    for name in (
        "algorithm",
        "credential",
        "date",
        "signature",
        "signedheaders",
        "expires",
        "security-token",
        "content-sha256",
    )
)
_OF_CHECKSUMS = ("x-amz-checksum-", "x-amz-sdk-checksum-")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]").search
_BAD_CREDENTIAL = 'the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".'


class InvalidArgument(AwsError):
    """Invalid Argument"""


class Signed(msgspec.Struct, frozen=True):
    """A claimed signature. `payload_hash` is what stands in the canonical request in the body's place; it is empty when
    that is the digest of the body itself. `expires_s` counts for presigned requests alone. Of `version` 2: `sigv2`."""

    access_key: str
    date: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    signature: str
    amz_date: str
    session_token: str = ""
    presigned: bool = False
    expires_s: int = 0
    payload_hash: str = ""
    version: int = 4


def parse_authorization(request: WireRequest, kind: Kind) -> Signed | None:
    """The signature that the request claims, or None if it claims none. Raises the errors of an incomplete claim."""
    header = request.headers.get("authorization")
    presigned = _presigned_parameters(request.query) if "X-Amz-" in request.query else None
    if header is None or (kind == "s3" and not header.strip()):  # S3 takes an empty header for none.
        return None if presigned is None else _presigned(request, presigned, kind)
    if presigned is not None and kind == "s3":
        raise InvalidArgument(
            "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string "
            "parameter or the Authorization header should be specified",
            ArgumentName="Authorization",
            ArgumentValue=header,
        )
    return _from_header(request, header, kind)


def _from_header(request: WireRequest, header: str, kind: Kind) -> Signed:
    found = _HEADER(header)
    access_key, date, region, service, names, signature = found.groups() if found else _pieces(header, kind)
    headers = request.headers
    amz_date = headers.get("x-amz-date") or _from_http_date(headers.get("date", ""))
    if not amz_date:
        raise _undated(header, kind)
    signed_headers = tuple(names.split(";"))
    if "host" not in signed_headers:
        raise _malformed(kind, "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")
    token = headers.get("x-amz-security-token", "")
    payload = _payload(headers, kind)
    return Signed(access_key, date, region, service, signed_headers, signature, amz_date, token, payload_hash=payload)


def _payload(headers: dict[str, str], kind: Kind) -> str:
    claimed = headers.get("x-amz-content-sha256", "")
    if kind != "s3":
        return claimed if claimed == UNSIGNED_PAYLOAD else ""
    if not claimed:
        raise refusals.InvalidRequest()
    return check_payload_hash(claimed)


def check_payload_hash(claimed: str) -> str:
    """The value of `x-amz-content-sha256`, if it is one that S3 knows."""
    if claimed not in PAYLOADS and not _SHA256(claimed):
        raise InvalidArgument(
            f"x-amz-content-sha256 must be {', '.join(PAYLOADS)} or a valid sha256 value.",
            ArgumentName="x-amz-content-sha256",
            ArgumentValue=claimed,
        )
    return claimed


def _pieces(header: str, kind: Kind) -> tuple[str, ...]:
    """The parts of a header in another order than usual; raises what is wrong with it."""
    scheme, _, rest = header.strip().partition(" ")
    if scheme != "AWS4-HMAC-SHA256":
        raise _other_scheme(scheme, header, kind)
    given = {}
    for part in rest.split(","):
        name, _, value = part.strip().partition("=")
        given[name] = value
    lacking = [name for name in ("Credential", "Signature", "SignedHeaders") if not given.get(name)]
    if lacking and kind == "s3":
        raise _malformed(
            kind, "the authorization header requires three components: Credential, SignedHeaders, and Signature."
        )
    if lacking:
        told = " ".join(f"Authorization header requires '{name}' parameter." for name in lacking)
        raise _malformed(kind, f"{told} Authorization={header}")
    credential = _CREDENTIAL(given["Credential"])
    if credential is None:
        raise _malformed(kind, _credential_text(given["Credential"], kind))
    return (*credential.groups(), given["SignedHeaders"], given["Signature"])


def _credential_text(credential: str, kind: Kind) -> str:
    if kind == "s3":
        return _BAD_CREDENTIAL
    return (
        "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, "
        f"got '{credential}'"
    )


def _other_scheme(scheme: str, header: str, kind: Kind) -> AwsError:
    if kind != "s3":
        return refusals.INCOMPLETE[kind](
            f"Authorization header requires 'Credential' parameter. Authorization={header}"
        )
    if scheme == "AWS":
        return refusals.InvalidRequest(
            "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256."
        )
    return InvalidArgument("Unsupported Authorization Type", ArgumentName="Authorization", ArgumentValue=header)


def _undated(header: str, kind: Kind) -> AwsError:
    if kind == "s3":
        return refusals.AccessDenied("AWS authentication requires a valid Date or x-amz-date header")
    return refusals.INCOMPLETE[kind](
        f"Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. Authorization={header}"
    )


def _malformed(kind: Kind, text: str) -> AwsError:
    return refusals.INCOMPLETE[kind](f"The authorization header is malformed; {text}" if kind == "s3" else text)


def _from_http_date(text: str) -> str:
    if text.endswith("Z"):
        return text
    try:
        return datetime.strptime(text, "%a, %d %b %Y %H:%M:%S GMT").strftime("%Y%m%dT%H%M%SZ")
    except ValueError:
        return ""


def _presigned_parameters(query: str) -> dict[str, str] | None:
    given = dict(parse_qsl(query, keep_blank_values=True))
    return given if _PRESIGNED_NAMES & given.keys() else None


def _presigned(request: WireRequest, given: dict[str, str], kind: Kind) -> Signed:
    lacking = [name for name in _PRESIGNED_REQUIRED if not given.get(name)]
    if lacking or (kind == "s3" and "X-Amz-Expires" not in given):
        raise _query_error(kind, refusals.QUERY_PARAMETERS, lacking)
    if given["X-Amz-Algorithm"] != "AWS4-HMAC-SHA256":
        raise _query_error(kind, 'X-Amz-Algorithm only supports "AWS4-HMAC-SHA256 and AWS4-ECDSA-P256-SHA256"', lacking)
    credential = _CREDENTIAL(given["X-Amz-Credential"])
    if credential is None:
        text = _credential_text(given["X-Amz-Credential"], kind)
        raise _query_error(kind, f"Error parsing the X-Amz-Credential parameter; {text}", lacking)
    access_key, date, region, service = credential.groups()
    return Signed(
        access_key,
        date,
        region,
        service,
        tuple(given["X-Amz-SignedHeaders"].split(";")),
        given["X-Amz-Signature"],
        given["X-Amz-Date"],
        given.get("X-Amz-Security-Token", ""),
        True,
        _expires(given.get("X-Amz-Expires", str(EXPIRES_DEFAULT_S)), kind),
        _presigned_payload(request, given) if kind == "s3" else "",
    )


def _presigned_payload(request: WireRequest, given: dict[str, str]) -> str:
    claimed = request.headers.get("x-amz-content-sha256") or given.get("X-Amz-Content-Sha256")
    return check_payload_hash(claimed) if claimed else UNSIGNED_PAYLOAD


def _expires(text: str, kind: Kind) -> int:
    if not text.removeprefix("-").isdecimal() or not text.isascii():
        raise _query_error(kind, "X-Amz-Expires should be a number", [])
    seconds = int(text[:20])
    if seconds < 0:
        raise _query_error(kind, "X-Amz-Expires must be non-negative", [])
    if seconds > EXPIRES_MAX_S:
        week = (
            "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than "
        )
        raise _query_error(kind, f"{week}{EXPIRES_MAX_S} seconds", [])
    return seconds


def _query_error(kind: Kind, text: str, lacking: list[str]) -> AwsError:
    if kind == "s3":
        return refusals.AuthorizationQueryParametersError(text)
    told = " ".join(f"AWS query-string parameters must include '{name}'." for name in lacking)
    return refusals.INCOMPLETE[kind](told or text)


def headers_in_url(request: WireRequest) -> dict[str, str]:
    """Headers that a presigned URL holds as parameters, as SDKs put them there: metadata, tags, access control. A
    checksum there is of the body at the time of signing, and S3 does not look at it. [aws/aws-sdk-go-v2#2610]"""
    if "x-amz-" not in request.query.lower():
        return {}
    given = {}
    for name, value in parse_qsl(request.query, keep_blank_values=True):
        name = name.lower()
        counts = name.startswith("x-amz-") and name not in _OF_THE_SIGNATURE and not name.startswith(_OF_CHECKSUMS)
        if counts and not _CONTROL(name + value):
            given[name] = value
    return given


def check_all_signed(signed: Signed, request: WireRequest) -> None:
    """S3 refuses `x-amz-` headers that nobody signed. [LS:test_put_object_with_md5_and_chunk_signature_bad_headers]"""
    loose = [
        name
        for name in request.headers
        if name.startswith("x-amz-") and name not in signed.signed_headers and name != "x-amz-content-sha256"
    ]
    if loose:
        raise refusals.AccessDenied(
            "There were headers present in the request which were not signed", HeadersNotSigned=", ".join(sorted(loose))
        )


def bad_date(signed: Signed, kind: Kind) -> AwsError:
    """The date is not one."""
    if kind == "s3" and signed.presigned:
        return refusals.AuthorizationQueryParametersError(
            "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\""
        )
    if kind == "s3":
        return refusals.AccessDenied("AWS authentication requires a valid Date or x-amz-date header")
    return refusals.INCOMPLETE[kind](f"Date must be in ISO-8601 'basic format'. Got '{signed.amz_date}'.")


def other_date(signed: Signed, kind: Kind) -> AwsError:
    """The credential is scoped to another day than the request."""
    if kind == "s3":
        dates = f'Invalid credential date "{signed.date}". This date is not the same as X-Amz-Date:'
        return _malformed(kind, f'{dates} "{signed.amz_date[:8]}".')
    return refusals.NO_MATCH[kind](
        "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
        f"'{signed.date}' != '{signed.amz_date[:8]}', from '{signed.amz_date}'."
    )
