"""How S3 receives what is sent to a bucket: as an object. Lambda's failed events go there.

Rule: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html (S3 destinations)
"""

from __future__ import annotations

from hashlib import md5

from outfall.core.arn import Arn
from outfall.core.body import Segment
from outfall.core.context import Context
from outfall.core.parcel import Parcel
from outfall.core.service import Call
from outfall.services.s3 import access, encryption, lock, storage
from outfall.services.s3.model import BUCKETS, Attributes, StoredBody, Version
from outfall.services.s3.writing import created

REQUEST_ID_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
REQUEST_ID_LENGTH = 16


class S3Target:
    """A bucket as a target; `parcel.key` is the key of the object that is written."""

    action = "s3:PutObject"

    def resource(self, arn: Arn) -> str:
        """Any object of the bucket: what key it will have is not known when a destination is configured."""
        return f"arn:aws:s3:::{arn.resource}/*"

    def policy(self, ctx: Context, arn: Arn) -> str | None:
        """The bucket's policy."""
        return access.bucket_policy(ctx, arn)

    def exists(self, ctx: Context, arn: Arn) -> bool:
        """Whether there is such a bucket."""
        return ctx.tx.get(BUCKETS, (arn.resource,)) is not None

    def accept(self, ctx: Context, arn: Arn, parcel: Parcel) -> str:
        """Writes the object, tells who listens to the bucket, and returns the request id. Errors: NoSuchBucket."""
        bucket = access.find(ctx.tx, arn.resource)
        call = _call(ctx.at(bucket.account, bucket.region), parcel)
        body = StoredBody((Segment(len(parcel.body), data=parcel.body),))
        digest = md5(parcel.body, usedforsecurity=False).hexdigest()
        attributes = Attributes(content_type="application/octet-stream", encryption=bucket.encryption)
        digest = encryption.etag_of(ctx, bucket.encryption, digest)
        locked = lock.default_of(bucket.lock, ctx.now)
        draft = Version("", 0, ctx.now, len(parcel.body), digest, attributes, lock=locked)
        version = storage.write(call, bucket, parcel.key, draft, body)
        created(call, bucket, parcel.key, version, "Put")
        return call.request_id


def _call(ctx: Context, parcel: Parcel) -> Call:
    """The call that the sender would have made; its trace goes on to who listens to the bucket."""
    return Call(
        ctx.tx,
        ctx.now,
        ctx.wall,
        ctx.ids,
        ctx.account,
        ctx.region,
        ctx.house,
        parcel.sender.principal,
        ctx.ids.text(REQUEST_ID_ALPHABET, REQUEST_ID_LENGTH),
        "PutObject",
        headers={"x-amzn-trace-id": parcel.trace_header} if parcel.trace_header else {},
    )
