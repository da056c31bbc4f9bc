"""How a request is refused for its signature, per kind of service: codes, statuses and texts. No checking here.

Sources: the table of authentication errors in the S3 API reference (Error responses) and the IAM guide (Troubleshoot
Signature Version 4), and the recordings named at each class.
"""

from __future__ import annotations

from typing import Literal

from outfall.core.errors import AwsError

Kind = Literal["s3", "query", "json", "rest-json"]
"""Which dialect of refusals a service speaks. SQS answers JSON callers with status 403 and the older code beside the
newer one, as `rest-json` here does; services of plain JSON (logs, events) answer 400."""


def kind_of(service: str, protocol: str) -> Kind:
    """The dialect of a service (its name in the models) that is spoken to in `protocol`."""
    if service == "s3":
        return "s3"
    if protocol in ("query", "ec2"):
        return "query"
    return "json" if protocol in ("json", "cbor") and service != "sqs" else "rest-json"


class InvalidAccessKeyId(AwsError):
    """The AWS Access Key Id you provided does not exist in our records."""

    status = 403


class InvalidClientTokenId(AwsError):
    """The security token included in the request is invalid."""

    status = 403


class UnrecognizedClientException(AwsError):
    """The security token included in the request is invalid."""

    query_code = "InvalidClientTokenId"


class UnrecognizedClient(UnrecognizedClientException):
    """The security token included in the request is invalid."""

    code = "UnrecognizedClientException"
    status = 403


_NO_MATCH_START = "The request signature we calculated does not match the signature you provided. "


class S3SignatureDoesNotMatch(AwsError):
    __doc__ = f"{_NO_MATCH_START}Check your key and signing method."
    code = "SignatureDoesNotMatch"
    status = 403


_NO_MATCH = (
    f"{_NO_MATCH_START}Check your AWS Secret Access Key and signing method. "
    "Consult the service documentation for details."
)


class SignatureDoesNotMatch(AwsError):
    __doc__ = _NO_MATCH
    status = 403


class InvalidSignatureException(AwsError):
    __doc__ = _NO_MATCH
    query_code = "SignatureDoesNotMatch"


class InvalidSignature(InvalidSignatureException):
    __doc__ = _NO_MATCH
    code = "InvalidSignatureException"
    status = 403


class MissingAuthenticationToken(AwsError):
    """Missing Authentication Token"""

    status = 403


class MissingAuthenticationTokenException(AwsError):
    """Missing Authentication Token"""

    query_code = "MissingAuthenticationToken"


class MissingAuthentication(MissingAuthenticationTokenException):
    """Missing Authentication Token"""

    code = "MissingAuthenticationTokenException"
    status = 403


class AuthorizationHeaderMalformed(AwsError):
    """The authorization header that you provided is not valid."""


QUERY_PARAMETERS = (
    "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, "
    "X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters."
)


class AuthorizationQueryParametersError(AwsError):
    __doc__ = QUERY_PARAMETERS


class IncompleteSignature(AwsError):
    """The request signature does not conform to AWS standards."""


class IncompleteSignatureException(AwsError):
    """The request signature does not conform to AWS standards."""

    query_code = "IncompleteSignature"


class InvalidRequest(AwsError):
    """Missing required header for this request: x-amz-content-sha256"""


class RequestTimeTooSkewed(AwsError):
    """The difference between the request time and the current time is too large."""

    status = 403


class AccessDenied(AwsError):
    """Access Denied"""

    status = 403


class InvalidToken(AwsError):
    """The provided token is malformed or otherwise invalid."""


class S3ExpiredToken(AwsError):
    """The provided token has expired."""

    code = "ExpiredToken"


class ExpiredToken(AwsError):
    """The security token included in the request is expired"""

    status = 403


class ExpiredTokenException(AwsError):
    """The security token included in the request is expired"""

    query_code = "ExpiredToken"


class ExpiredTokenRest(ExpiredTokenException):
    """The security token included in the request is expired"""

    code = "ExpiredTokenException"
    status = 403


UNKNOWN_KEY: dict[Kind, type[AwsError]] = {
    "s3": InvalidAccessKeyId,
    "query": InvalidClientTokenId,
    "json": UnrecognizedClientException,
    "rest-json": UnrecognizedClient,
}
BAD_TOKEN: dict[Kind, type[AwsError]] = {**UNKNOWN_KEY, "s3": InvalidToken}
EXPIRED_TOKEN: dict[Kind, type[AwsError]] = {
    "s3": S3ExpiredToken,
    "query": ExpiredToken,
    "json": ExpiredTokenException,
    "rest-json": ExpiredTokenRest,
}
NO_MATCH: dict[Kind, type[AwsError]] = {
    "s3": S3SignatureDoesNotMatch,
    "query": SignatureDoesNotMatch,
    "json": InvalidSignatureException,
    "rest-json": InvalidSignature,
}
UNSIGNED: dict[Kind, type[AwsError]] = {
    "s3": AccessDenied,
    "query": MissingAuthenticationToken,
    "json": MissingAuthenticationTokenException,
    "rest-json": MissingAuthentication,
}
INCOMPLETE: dict[Kind, type[AwsError]] = {
    "s3": AuthorizationHeaderMalformed,
    "query": IncompleteSignature,
    "json": IncompleteSignatureException,
    "rest-json": IncompleteSignatureException,
}


def no_region(region: str, expected: str) -> AwsError:
    """An S3 request is signed for a region that is none; some clients learn the right one from the answer."""
    text = f"The authorization header is malformed; the region '{region}' is wrong; expecting '{expected}'"
    return AuthorizationHeaderMalformed(text, Region=expected)


def unknown_key(kind: Kind, access_key: str) -> AwsError:
    """Nobody has this access key."""
    if kind == "s3":
        return InvalidAccessKeyId(AWSAccessKeyId=access_key)
    return UNKNOWN_KEY[kind]()


def bad_token(kind: Kind, token: str = "") -> AwsError:
    """The session token is not the one that belongs to the access key."""
    if kind == "s3" and token:
        return InvalidToken(**{"Token-0": token})
    return BAD_TOKEN[kind]()


def expired_token(kind: Kind, token: str = "") -> AwsError:
    """The credentials of a session have run out."""
    if kind == "s3" and token:
        return S3ExpiredToken(**{"Token-0": token})
    return EXPIRED_TOKEN[kind]()


def unsigned(kind: Kind) -> AwsError:
    """Nobody signed, and the operation is not for everybody."""
    return UNSIGNED[kind]()
