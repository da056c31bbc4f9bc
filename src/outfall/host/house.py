"""What every handler finds in the house: who receives, where policies are read, what is on, whom to tell.

What a service offers to others is named here, in tables that are written out.
"""

from __future__ import annotations

from collections.abc import Callable

from outfall.core.context import House
from outfall.core.ports import Target, Tx
from outfall.core.source import Source
from outfall.host.chaos import Chaos
from outfall.host.config import Config
from outfall.host.meter import Meter
from outfall.host.oidc import OidcKeys
from outfall.host.resource_tags import RESOURCE_TAGS
from outfall.host.signer import RsaSigner
from outfall.host.watch import Decisions
from outfall.services.events.target import EventsTarget, bus_policy
from outfall.services.iam.identities import IamIdentities
from outfall.services.lambda_.functions import LambdaFunctions
from outfall.services.lambda_.permissions import function_policy
from outfall.services.lambda_.target import LambdaTarget
from outfall.services.s3.access import bucket_policy, owner_account
from outfall.services.s3.supply import object_segments
from outfall.services.s3.target import S3Target
from outfall.services.sns.policy import topic_policy
from outfall.services.sns.target import SnsTarget
from outfall.services.sqs.source import SqsSource
from outfall.services.sqs.target import SqsTarget, queue_policy

TARGETS: dict[str, Target] = {
    "sqs": SqsTarget(),
    "lambda": LambdaTarget(),
    "s3": S3Target(),
    "sns": SnsTarget(),
    "events": EventsTarget(),
}
"""Every service that can receive what is sent, by its name in an ARN."""

RESOURCE_POLICIES = {
    "sqs": queue_policy,
    "lambda": function_policy,
    "s3": bucket_policy,
    "sns": topic_policy,
    "events": bus_policy,
}
"""Where the policies of resources are read, by the service's name in an ARN."""

SOURCES: dict[str, Source] = {"sqs": SqsSource()}
"""Every service whose queues can be polled by event source mappings, by its name in an ARN."""


def bucket_owner(tx: Tx, bucket: str) -> str:
    """Whose a bucket is, of which its ARN does not tell; empty if there is none."""
    return owner_account(tx, bucket) or ""


def furnish(config: Config, meter: Meter, watch: Decisions, chaos: Chaos, endpoint: Callable[[], str]) -> House:
    """The house of a server with this configuration."""
    return House(
        metrics=meter,
        targets=chaos.between(TARGETS) if config.chaos else TARGETS,
        identities=IamIdentities(),
        functions=LambdaFunctions(),
        resource_policies=RESOURCE_POLICIES,
        time_scale=config.time_scale,
        account_concurrency=config.account_concurrency,
        history_kept_ms=config.keep_history_ms,
        forgiving=not config.strict,
        delay_ms=chaos.delay_ms if config.chaos else None,
        objects=object_segments,
        sources=SOURCES,
        signer=RsaSigner(),
        iam=config.iam,
        organization=config.organization,
        resource_tags=RESOURCE_TAGS,
        watch=watch,
        oidc_keys=OidcKeys(config.oidc),
        owners={"s3": lambda ctx, arn: bucket_owner(ctx.tx, arn.resource.split("/", 1)[0])},
        endpoint=endpoint,
    )
