"""Amazon S3: buckets, objects and their versions, uploads in parts, and who is told when an object changes.

`buckets` and `settings` keep buckets, `writing`, `reading` and `removing` objects, `multipart`, `parts` and `uploads`
uploads in parts; `finding` knows which version a request means, `storage` alone how versions lie in rows (`model`),
`listing` how pages are read from them.
"""

from outfall.core.service import Service
from outfall.services.s3 import (
    acls,
    bucket_encryption,
    buckets,
    cors,
    lifecycle,
    listing,
    locks,
    multipart,
    notifications,
    options,
    parts,
    public_access,
    reading,
    removing,
    reports,
    restoring,
    settings,
    tagging,
    uploads,
    versions,
    website,
    writing,
)
from outfall.services.s3.access import bucket_policy, owner_account
from outfall.services.s3.target import S3Target

SERVICE = Service.of(
    "s3",
    buckets.OPERATIONS,
    settings.OPERATIONS,
    notifications.OPERATIONS,
    writing.OPERATIONS,
    reading.OPERATIONS,
    removing.OPERATIONS,
    listing.OPERATIONS,
    versions.OPERATIONS,
    multipart.OPERATIONS,
    parts.OPERATIONS,
    uploads.OPERATIONS,
    tagging.OPERATIONS,
    acls.OPERATIONS,
    public_access.OPERATIONS,
    bucket_encryption.OPERATIONS,
    locks.OPERATIONS,
    cors.OPERATIONS,
    lifecycle.OPERATIONS,
    options.OPERATIONS,
    reports.OPERATIONS,
    restoring.OPERATIONS,
    website.OPERATIONS,
)

__all__ = ["SERVICE", "S3Target", "bucket_policy", "owner_account"]
