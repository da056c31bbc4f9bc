"""The junction: whatever is sent, by whomever, to whichever target, passes here.

Authorised, handed over within the sender's transaction, and told: N senders and M targets, never N x M.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from outfall.authz import Ask, Decision, authorize, judge
from outfall.core.arn import Arn, MalformedArn
from outfall.core.context import Context
from outfall.core.errors import AwsError
from outfall.core.parcel import Origin, Parcel, Sender
from outfall.core.ports import Target

MAY_REACH: dict[Origin, frozenset[str]] = {
    "s3": frozenset({"lambda", "sqs", "sns", "events"}),
    "destination": frozenset({"sqs", "sns", "lambda", "events", "s3"}),
    "dead-letter": frozenset({"sqs", "sns"}),
    "sns": frozenset({"sqs", "lambda", "sns"}),
    "events": frozenset({"sqs", "sns", "lambda", "events"}),
    "alarm": frozenset({"sns"}),
    "logs": frozenset({"lambda"}),
    "replay": frozenset({"lambda"}),
}
"""Which sender may reach which service. [s3-notifications.md 4.1, destinations.md 2.2, dlq.md]"""

UNASKED: frozenset[tuple[Origin, str]] = frozenset({("s3", "events"), ("sns", "sns")})
"""Where nothing has to be granted: a bucket that notifies EventBridge needs no permission on the bus, nor a topic one
on its own subscription, whose endpoint is asked once more.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-event-notifications-eventbridge.html"""

ONCE_MORE: tuple[Origin, str] = ("sns", "sns")
"""A topic sends to its own subscription what the endpoint did not take, and finds out itself whether it is there."""

FORGIVEN: frozenset[tuple[Origin, str]] = frozenset({("sns", "sqs"), ("events", "sqs")})
"""Where a forgiving house delivers to a queue of the sender's own account that has no policy at all. AWS would drop it:
this is the one thing that is easier here, `--strict` takes it away and `doctor` tells of each such queue. A queue that
has a policy is held to it."""

THROTTLES = frozenset({"OverLimit", "ThrottlingException", "TooManyRequestsException", "RequestThrottled"})
"""Errors that pass by waiting, beside those of status 429 and from 500 on."""


class Refusal(msgspec.Struct, frozen=True):
    """Why something was not delivered: in a word, and in a sentence. A denial carries its decision. `transient`: the
    receiver was throttled or in trouble, and may take it later."""

    kind: Literal["unsupported", "missing", "denied", "rejected"]
    explanation: str
    decision: Decision | None = None
    transient: bool = False


class Receipt(msgspec.Struct, frozen=True):
    """It arrived; `id` is what the receiver calls it. `decision` is the one that allowed it, if one was asked for."""

    id: str
    decision: Decision | None = None

    @property
    def refused(self) -> str:
        """In a house that only audits, why AWS would not have delivered it; empty otherwise."""
        return self.decision.reason if self.decision is not None and self.decision.audited else ""


def send(ctx: Context, target: str, parcel: Parcel) -> Receipt | Refusal:
    """Hands a parcel to the resource with the ARN `target`, if the sender may and the resource is there.

    Never raises for what is wrong with the target: services that deliver for others only note a failure.
    """
    found = _find(ctx, target, parcel.sender)
    if isinstance(found, Refusal):
        return found
    there, arn, receiver, decision = found
    try:
        return Receipt(receiver.accept(there, arn, parcel), decision)
    except AwsError as error:
        transient = error.status >= 500 or error.status == 429 or error.code in THROTTLES
        return Refusal("rejected", f"{error.code}: {error.message}", transient=transient)


def check(ctx: Context, target: str, sender: Sender) -> Refusal | None:
    """Whether `send` would find the target and be allowed; None if so. For validation of configurations."""
    found = _find(ctx, target, sender, acts=False)
    return found if isinstance(found, Refusal) else None


def _find(
    ctx: Context, target: str, sender: Sender, *, acts: bool = True
) -> tuple[Context, Arn, Target, Decision | None] | Refusal:
    try:
        arn = Arn.parse(target)
    except MalformedArn:
        return Refusal("unsupported", f"{target} is not an ARN")
    receiver = ctx.house.targets.get(arn.service)
    if receiver is None or arn.service not in MAY_REACH[sender.origin]:
        return Refusal("unsupported", f"{sender.origin} cannot deliver to {arn.service}")
    there = ctx.at(arn.account or _owner(ctx, arn) or ctx.account, arn.region or ctx.region)
    if (sender.origin, arn.service) != ONCE_MORE and not receiver.exists(there, arn):
        return Refusal("missing", f"{target} does not exist")
    if (sender.origin, arn.service) in UNASKED:
        return there, arn, receiver, None
    ask = _ask(there, arn, receiver, sender, acts)
    if _forgiven(there, arn, ask, sender):
        return there, arn, receiver, judge(there, ask)
    decision = authorize(there, ask)
    if not decision.allowed:
        who = sender.principal.arn
        return Refusal(
            "denied",
            f"{who} is not authorized to perform: {receiver.action} on resource: {target} {decision.reason}",
            decision,
        )
    return there, arn, receiver, decision


def _owner(ctx: Context, arn: Arn) -> str:
    """Whose a resource is that its ARN does not tell of: a bucket's may be another account than the sender's."""
    owner = ctx.house.owners.get(arn.service)
    return owner(ctx, arn) if owner else ""


def _forgiven(there: Context, arn: Arn, ask: Ask, sender: Sender) -> bool:
    edge = (sender.origin, arn.service)
    unguarded = ask.resource_policy is None and there.account == sender.source_account
    return there.house.forgiving and edge in FORGIVEN and unguarded


def _ask(there: Context, arn: Arn, receiver: Target, sender: Sender, acts: bool) -> Ask:
    keys: dict[str, str | list[str]] = {}
    if sender.source_arn:
        keys["aws:SourceArn"] = sender.source_arn
    if sender.source_account:
        keys["aws:SourceAccount"] = sender.source_account
    if sender.origin == "alarm":  # The default policy of topics asks for it; S3 and EventBridge do not bring it.
        keys["aws:SourceOwner"] = sender.source_account
    return Ask(
        sender.principal,
        receiver.action,
        receiver.resource(arn),
        keys,
        resource_policy=receiver.policy(there, arn),
        resource_account=there.account,
        acts=acts,
    )
