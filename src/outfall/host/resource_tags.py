"""The tags of resources, for the condition keys `aws:ResourceTag/...` and `s3:ExistingObjectTag/...`: one function per
service, from the ARN of a resource to its tags. A resource that is not there has none."""

from __future__ import annotations

from collections.abc import Mapping

from outfall.core.arn import Arn
from outfall.core.context import Context, ResourceTags
from outfall.services.iam.model import POLICIES, ROLES, USERS, ManagedPolicy, Role, User, key
from outfall.services.lambda_.model import FUNCTIONS
from outfall.services.lambda_.names import of_arn
from outfall.services.s3.storage import current
from outfall.services.sns.address import find_topic
from outfall.services.sqs.model import QUEUES, key_of

_NONE: Mapping[str, str] = {}


def _queue(ctx: Context, arn: Arn) -> Mapping[str, str]:
    queue = ctx.tx.get(QUEUES, key_of(arn))
    return queue.tags if queue is not None else _NONE


def _topic(ctx: Context, arn: Arn) -> Mapping[str, str]:
    topic = find_topic(ctx, Arn(arn.service, arn.region, arn.account, arn.resource.split(":", 1)[0]))
    return topic.tags if topic is not None else _NONE


def _function(ctx: Context, arn: Arn) -> Mapping[str, str]:
    if not arn.resource.startswith("function:"):
        return _NONE
    row = ctx.tx.get(FUNCTIONS, of_arn(arn).key)
    return dict(row.tags) if row is not None else _NONE


def _object(ctx: Context, arn: Arn) -> Mapping[str, str]:
    """S3 knows the tags of objects here; those of buckets count only in buckets that were told so, and none is."""
    bucket, slash, name = arn.resource.partition("/")
    version = current(ctx.tx, bucket, name) if slash else None
    return dict(version.attributes.tags) if version is not None else _NONE


def _entity(ctx: Context, arn: Arn) -> Mapping[str, str]:
    kind, _, path = arn.resource.partition("/")
    where = key(arn.account, path.rsplit("/", 1)[-1])
    found: Role | User | ManagedPolicy | None = None
    if kind == "role":
        found = ctx.tx.get(ROLES, where)
    elif kind == "user":
        found = ctx.tx.get(USERS, where)
    elif kind == "policy":
        found = ctx.tx.get(POLICIES, where)
    return dict(found.tags) if found is not None else _NONE


RESOURCE_TAGS: dict[str, ResourceTags] = {
    "sqs": _queue,
    "sns": _topic,
    "lambda": _function,
    "s3": _object,
    "iam": _entity,
}
"""By the service's name in an ARN."""
