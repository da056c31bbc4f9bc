"""Where a bucket is, told also to who may not look into it: by that clients find the region that they have to sign for.

Rule: https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html
"""

from __future__ import annotations

from outfall.core.ports import Tx
from outfall.host.dispatch import Dispatcher
from outfall.services.s3.model import BUCKETS
from outfall.store.errors import StoreError
from outfall.wire.identify import Route

OPERATIONS = frozenset({"HeadBucket", "ListObjects", "ListObjectsV2"})
STATUSES = frozenset({400, 403})


async def headers(dispatcher: Dispatcher, route: Route, status: int) -> list[tuple[str, str]]:
    """What the refusal of a request to a bucket itself gets beside its own headers; nothing for any other answer."""
    if route.operation not in OPERATIONS or status not in STATUSES:
        return []
    name = route.path_params.get("Bucket", "")

    def work(tx: Tx) -> str | None:
        bucket = tx.get(BUCKETS, (name,))
        return bucket.region if bucket else None

    try:
        region = await dispatcher.front.store.run(work, durable=False)
    except StoreError:
        return []
    return [("x-amz-bucket-region", region)] if region else []
