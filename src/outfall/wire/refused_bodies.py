"""How S3 refuses a body: digests that do not match, chunks and trailers that are malformed, too much, too little.

Source: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html and the recordings named at each class.
"""

from __future__ import annotations

from outfall.core.errors import AwsError


class BadDigest(AwsError):
    """The Content-MD5 you specified did not match what we received."""


class InvalidDigest(AwsError):
    """The Content-MD5 you specified was invalid."""


class InvalidRequest(AwsError):
    """Invalid Request"""


class XAmzContentSHA256Mismatch(AwsError):
    """The provided 'x-amz-content-sha256' header does not match what was computed."""


class EntityTooLarge(AwsError):
    """Your proposed upload exceeds the maximum allowed size"""


class IncompleteBody(AwsError):
    """You did not provide the number of bytes specified by the Content-Length HTTP header"""


class MissingContentLength(AwsError):
    """You must provide the Content-Length HTTP header."""

    status = 411


class InvalidChunkSizeError(AwsError):
    """Only the last chunk is allowed to have a size less than 8192 bytes"""

    status = 403


class MalformedTrailerError(AwsError):
    """The request contained trailing data that was not well-formed or did not conform to our published schema."""


class NotImplementedHeader(AwsError):
    """A header you provided implies functionality that is not implemented"""

    code = "NotImplemented"
    status = 501


class RequestEntityTooLarge(AwsError):
    """Request Entity Too Large"""

    status = 413
