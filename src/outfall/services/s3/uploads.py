"""The listings of uploads in progress, and of the parts of one."""

from __future__ import annotations

from typing import Any

from outfall.core.arn import Arn
from outfall.core.s3ids import canonical_user_id
from outfall.core.service import Call, Operation, Output, Request, operation
from outfall.services.s3 import errors
from outfall.services.s3.access import bucket_arn, charged, listing_keys, object_arn, require
from outfall.services.s3.attributes import checksum_members, quoted
from outfall.services.s3.expiry import abortion
from outfall.services.s3.listing import behind, common_prefix, count, encoder, owner_of, page_limit
from outfall.services.s3.model import PARTS, UPLOADS, Bucket, Part, Upload
from outfall.services.s3.multipart import found_upload, part_key, shown


@operation("ListParts", action="s3:ListMultipartUploadParts", resource=object_arn)
def list_parts(call: Call, request: Request) -> Output:
    """A page of an upload's parts after PartNumberMarker. Errors: NoSuchUpload, InvalidArgument.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListParts.html
    """
    bucket = require(call, request)
    upload = found_upload(call, bucket, request)
    limit = page_limit(request, "MaxParts", "max-parts")
    marker = count(request.get("PartNumberMarker"), "part-number-marker") or 0
    start = part_key(bucket.name, upload.id, marker + 1)[2:]
    rows = [part for _, part in call.tx.scan(PARTS, (bucket.name, upload.id), start=start, limit=limit + 1)]
    page = rows[:limit]
    output: dict[str, Any] = {"Bucket": bucket.name, "Key": upload.key, "UploadId": upload.id}
    output |= charged(call, bucket)
    output |= {"PartNumberMarker": marker, "NextPartNumberMarker": page[-1].number if page else 0}
    output |= {"MaxParts": limit, "IsTruncated": len(rows) > limit > 0}
    if page:
        output["Parts"] = [_told_part(upload, part) for part in page]
    output |= {"Initiator": _initiator(bucket, upload), "Owner": owner_of(bucket, upload.attributes)}
    output["StorageClass"] = upload.attributes.storage_class
    return output | _algorithm(upload) | abortion(bucket, upload.key, upload.initiated_ms)


def _initiator(bucket: Bucket, upload: Upload) -> dict[str, str]:
    """Who began an upload: the account, or a user or session by its ARN."""
    if not upload.initiator.startswith("arn:"):
        return {"ID": canonical_user_id(bucket.account)}
    if upload.initiator.endswith(":root"):
        return {"ID": canonical_user_id(Arn.parse(upload.initiator).account)}
    return {"ID": upload.initiator, "DisplayName": upload.initiator.rsplit("/", 1)[-1]}


def _algorithm(upload: Upload) -> dict[str, str]:
    named = upload.checksum_algorithm
    return {"ChecksumAlgorithm": named, "ChecksumType": upload.checksum_type} if named else {}


def _told_part(upload: Upload, part: Part) -> dict[str, Any]:
    told: dict[str, Any] = {"PartNumber": part.number, "LastModified": part.modified_ms // 1000 * 1000}
    told |= {"ETag": quoted(part.etag), "Size": part.size}
    return told | checksum_members(shown(upload, part))


@operation("ListMultipartUploads", action="s3:ListBucketMultipartUploads", resource=bucket_arn, context=listing_keys)
def list_multipart_uploads(call: Call, request: Request) -> Output:
    """A page of the uploads in progress after the markers. Errors: InvalidArgument.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListMultipartUploads.html
    """
    bucket, write = require(call, request), encoder(request)
    limit = page_limit(request, "MaxUploads", "max-uploads")
    uploads, prefixes, last, more = _uploads(call, bucket, request, limit)
    names = {name: request.get(name) or "" for name in ("KeyMarker", "UploadIdMarker", "Prefix", "Delimiter")}
    output: dict[str, Any] = {"Bucket": bucket.name, "KeyMarker": write(names["KeyMarker"])}
    output["UploadIdMarker"] = names["UploadIdMarker"] if names["KeyMarker"] else ""
    output |= {"NextKeyMarker": write(last[0]), "NextUploadIdMarker": last[1]}
    output |= {"Delimiter": write(names["Delimiter"])} if names["Delimiter"] else {}
    output |= {"Prefix": write(names["Prefix"])} if names["Prefix"] else {}
    output["MaxUploads"] = limit
    output |= {"EncodingType": request["EncodingType"]} if request.get("EncodingType") else {}
    output["IsTruncated"] = more
    if uploads:
        output["Uploads"] = [_told_upload(bucket, upload, write(upload.key)) for upload in uploads]
    if prefixes:
        output["CommonPrefixes"] = [{"Prefix": write(prefix)} for prefix in prefixes]
    return output


def _uploads(
    call: Call, bucket: Bucket, request: Request, limit: int
) -> tuple[list[Upload], list[str], tuple[str, str], bool]:
    """Uploads and common prefixes of a page; key and upload id of its last, and whether there is more.

    Errors: InvalidArgument.
    """
    prefix, delimiter = request.get("Prefix") or "", request.get("Delimiter") or ""
    key, upload_id = request.get("KeyMarker") or "", request.get("UploadIdMarker") or ""
    start: tuple[str, ...] | None = ()
    within = common_prefix(key, prefix, delimiter)
    if within:
        beyond = behind(within)
        start = (beyond,) if beyond else None
    elif key and upload_id:
        _check_marker(call, bucket, key, upload_id)
        start = (key, upload_id + "\0")
    elif key:
        start = (key + "\0",)
    uploads: list[Upload] = []
    prefixes: list[str] = []
    last = ("", "")
    while start is not None and limit:
        beyond = None
        for _, upload in call.tx.scan(UPLOADS, (bucket.name,), start=start, starts_with=prefix, limit=limit + 1):
            if len(uploads) + len(prefixes) == limit:
                return uploads, prefixes, last, True
            common = common_prefix(upload.key, prefix, delimiter)
            last = (common, "") if common else (upload.key, upload.id)
            if common:
                prefixes.append(common)
                beyond = behind(common)
                break
            uploads.append(upload)
        start = (beyond,) if beyond else None
    return uploads, prefixes, last if last[1] else ("", ""), False


def _check_marker(call: Call, bucket: Bucket, key: str, upload_id: str) -> None:
    """Refuses an upload of another key. One that was completed or aborted since it was listed still marks its place."""
    if call.tx.get(UPLOADS, (bucket.name, key, upload_id)) is not None:
        return
    if any(upload.id == upload_id for _, upload in call.tx.scan(UPLOADS, (bucket.name,))):
        raise errors.InvalidArgument(
            "Invalid uploadId marker", ArgumentName="upload-id-marker", ArgumentValue=upload_id
        )


def _told_upload(bucket: Bucket, upload: Upload, key: str) -> dict[str, Any]:
    told: dict[str, Any] = {"UploadId": upload.id, "Key": key, "Initiated": upload.initiated_ms // 1000 * 1000}
    told |= {"StorageClass": upload.attributes.storage_class, "Owner": owner_of(bucket, upload.attributes)}
    told["Initiator"] = _initiator(bucket, upload)
    return told | _algorithm(upload)


OPERATIONS: tuple[Operation, ...] = (list_parts, list_multipart_uploads)
