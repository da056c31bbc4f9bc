"""Where the code of a request comes from: bytes that the host has taken in, or an object in S3.

Texts: [LS:test_lambda_code_location_s3_errors]
"""

from __future__ import annotations

from collections.abc import Callable

from outfall.core.body import Segment
from outfall.core.effects import ReadBytes
from outfall.core.errors import AwsError, InternalError, NotServed
from outfall.core.service import Call, Output, Permission, Request
from outfall.services.lambda_.code import UNZIPPED_SIZE_MAX, ZIPPED_SIZE_MAX, UploadedCode, uploaded
from outfall.services.lambda_.errors import InvalidParameterValueException, RequestEntityTooLargeException

Then = Callable[[Call, UploadedCode], Output]


def _where(request: Request) -> Request:
    """The member that says where the code is: `Code` of a creation, `Content` of a layer, the request itself of an
    update."""
    code: Request = request.get("Code") or request.get("Content") or request
    return code


def _object_arn(call: Call, request: Request) -> str:
    where = _where(request)
    return f"arn:aws:s3:::{where['S3Bucket']}/{where.get('S3Key') or ''}"


def _from_s3(call: Call, request: Request) -> bool:
    return bool(_where(request).get("S3Bucket"))


def _of_version(call: Call, request: Request) -> bool:
    return _from_s3(call, request) and bool(_where(request).get("S3ObjectVersion"))


def _of_current(call: Call, request: Request) -> bool:
    return _from_s3(call, request) and not _where(request).get("S3ObjectVersion")


def _via_service(call: Call, request: Request) -> dict[str, str]:
    return {"aws:ViaAWSService": "true"}


GET_OBJECT = (
    Permission("s3:GetObject", _object_arn, _via_service, _of_current),
    Permission("s3:GetObjectVersion", _object_arn, _via_service, _of_version),
)
"""Who gives code from S3 must be allowed to read it: Lambda reads it on their behalf.
https://docs.aws.amazon.com/IAM/latest/UserGuide/access_forward_access_sessions.html"""


def with_archive(call: Call, request: Request, then: Then) -> Output:
    """Goes on with `then` once the archive is known and is one that can be used; raises AWS's error if it is not."""
    where = _where(request)
    if where.get("ImageUri"):
        raise NotServed("Container images are not served: functions are zip archives here.")
    if where.get("S3ObjectStorageMode", "COPY") != "COPY":
        raise NotServed("Code that stays in S3 (S3ObjectStorageMode REFERENCE) is not served: it is copied here.")
    if where.get("SourceKMSKeyArn"):
        raise NotServed("SourceKMSKeyArn of code is not served.")
    archive = where.get("ZipFile")
    if isinstance(archive, UploadedCode):
        if archive.size > ZIPPED_SIZE_MAX:
            raise RequestEntityTooLargeException(f"Zipped size must be smaller than {ZIPPED_SIZE_MAX} bytes")
        return _go_on(call, archive, then)
    if where.get("S3Bucket"):
        return _read(call, where, then)
    raise InvalidParameterValueException("Please provide a source for function code.")


def _go_on(call: Call, archive: UploadedCode, then: Then) -> Output:
    if archive.problem:
        raise InvalidParameterValueException(archive.problem)
    return then(call, archive)


def _read(call: Call, where: Request, then: Then) -> Output:
    segments = _segments(call, where)
    if sum(segment.size for segment in segments) > UNZIPPED_SIZE_MAX:
        raise InvalidParameterValueException(f"Unzipped size must be smaller than {UNZIPPED_SIZE_MAX} bytes")

    def look(data: bytes | None) -> UploadedCode | None:
        return None if data is None else uploaded(data, segments)

    def resume(later: Call, archive: UploadedCode | None) -> Output:
        # The object may have been replaced while it was read: then its successor is what counts.
        if _segments(later, where) != segments:
            return _read(later, where, then)
        if archive is None:
            raise InternalError
        return _go_on(later, archive, then)

    return ReadBytes(segments, look, resume)


def _segments(call: Call, where: Request) -> tuple[Segment, ...]:
    if call.house.objects is None:
        raise NotServed("Code from S3 is not served: give the archive as ZipFile.")
    try:
        return call.house.objects(call, where["S3Bucket"], where.get("S3Key") or "", where.get("S3ObjectVersion"))
    except NotServed:
        raise
    except AwsError as error:
        raise InvalidParameterValueException(
            f"Error occurred while GetObject. S3 Error Code: {error.code}. S3 Error Message: {error.message}"
        ) from error
