"""Finding managed policies, a customer's own or AWS's, and counting what they are attached to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from outfall.core.context import Context
from outfall.core.ports import Tx
from outfall.services.iam.aws_managed import aws_managed
from outfall.services.iam.checks import policy_arn
from outfall.services.iam.errors import InvalidInput, NoSuchEntity
from outfall.services.iam.model import GROUPS, POLICIES, ROLES, USERS, Holder, ManagedPolicy, key


def find(tx: Tx, arn: str) -> ManagedPolicy | None:
    """The managed policy with that ARN, path included."""
    if arn.startswith("arn:aws:iam::aws:"):
        return aws_managed().get(arn)
    parts = arn.split(":", 5)
    if len(parts) != 6:
        return None
    found = tx.get(POLICIES, key(parts[4], parts[5].rsplit("/", 1)[-1]))
    return found if found is not None and found.arn == arn else None


def require(ctx: Context, text: str) -> ManagedPolicy:
    """The managed policy, or `NoSuchEntity`. [LS:test_delete_non_existent_policy_returns_no_such_entity]"""
    arn = policy_arn(text)
    found = find(ctx.tx, text)
    if found is None or arn.account not in ("aws", ctx.account):
        raise NoSuchEntity(f"Policy {text} was not found.")
    return found


def require_attachable(ctx: Context, text: str) -> ManagedPolicy:
    """The managed policy to attach, or `NoSuchEntity`. [LS:test_role_attach_policy]"""
    arn = policy_arn(text)
    found = find(ctx.tx, text)
    if found is None or arn.account not in ("aws", ctx.account):
        raise NoSuchEntity(f"Policy {text} does not exist or is not attachable.")
    return found


def require_boundary(ctx: Context, text: str | None) -> str:
    """The ARN of a policy to be a permissions boundary; empty for none."""
    if not text:
        return ""
    if find(ctx.tx, text) is None:
        raise NoSuchEntity(f"Scope ARN: {text} does not exist or is not attachable.")
    if policy_arn(text).account not in ("aws", ctx.account):
        raise InvalidInput(f"Scope ARN: {text} does not exist or is not attachable.")
    return text


def holders(ctx: Context) -> Iterator[Holder]:
    """All roles, users and groups of the account."""
    yield from (row for _, row in ctx.tx.scan(ROLES, (ctx.account,)))
    yield from (row for _, row in ctx.tx.scan(USERS, (ctx.account,)))
    yield from (row for _, row in ctx.tx.scan(GROUPS, (ctx.account,)))


def usage(ctx: Context) -> tuple[Counter[str], Counter[str]]:
    """How often each ARN is attached, and is a boundary, in the account. Counted from the rows, so it cannot drift."""
    attached: Counter[str] = Counter()
    bounding: Counter[str] = Counter()
    for holder in holders(ctx):
        attached.update(holder.attached)
        if holder.boundary:
            bounding[holder.boundary] += 1
    return attached, bounding
