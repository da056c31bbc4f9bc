"""The private API of permissions: what was decided, what would be decided, and the least that a role needs."""

from __future__ import annotations

from typing import Any

import msgspec

from outfall.authz import Ask, judge, least, uses
from outfall.authz.telling import told
from outfall.core.ports import Tx
from outfall.host.config import DEFAULT_REGION, ROOT_ACCOUNT
from outfall.host.people import Nobody, policy_at, principal_of, role_named, user_named
from outfall.host.private_call import Answer, Asked, Facade, Refused, Route
from outfall.host.watch import Entry

SHOWN_MAX = 500
TEXT_MAX = 2048
CONTEXT_MAX = 100


class Question(msgspec.Struct, forbid_unknown_fields=True):
    """May this principal do this? `account` and `region` are where it asks."""

    principal: str
    action: str
    resource: str = "*"
    context: dict[str, str | list[str]] = {}
    account: str = ROOT_ACCOUNT
    region: str = DEFAULT_REGION


async def _decisions(facade: Facade, asked: Asked) -> Answer:
    """Those of a call, or the latest; the newest first."""
    limit = asked.number("limit", 50, 1, SHOWN_MAX)
    request, principal = asked.text("request"), asked.text("principal")
    refused = asked.choice("refused", ("0", "1")) == "1"
    entries = facade.watch.of_request(request) if request else list(facade.watch.latest(refused=refused))
    wanted = [
        entry
        for entry in entries
        if principal in ("", entry.decision.ask.principal.arn, entry.decision.ask.principal.policy_arn)
        and not (refused and entry.decision.allowed and not entry.decision.audited)
    ]

    def work(tx: Tx) -> list[dict[str, Any]]:
        return [_shown(facade, tx, entry) for entry in wanted[:limit]]

    return {"mode": facade.about()["iam"], "decisions": await facade.store.run(work, durable=False)}


def _shown(facade: Facade, tx: Tx, entry: Entry) -> dict[str, Any]:
    ctx = facade.context(tx).at(entry.account, entry.region)
    ctx.now = entry.at_ms
    where = {"at_ms": entry.at_ms, "request_id": entry.request_id, "operation": entry.operation}
    shown = told(ctx, entry.decision)
    if entry.source_ip and entry.decision.ask.principal.kind != "service":
        shown["context"].setdefault("aws:SourceIp", entry.source_ip)
    return where | shown


async def _explain(facade: Facade, asked: Asked) -> Answer:
    """Answers a question as the server would now, in whichever mode it is; nothing is done and nobody is told."""
    question = _question(asked.body)

    def work(tx: Tx) -> dict[str, Any]:
        ctx = facade.context(tx).at(question.account, question.region)
        try:
            principal = principal_of(ctx, question.principal)
        except Nobody as error:
            raise Refused(404, str(error)) from None
        policy, owner = policy_at(ctx, question.action, question.resource)
        ask = Ask(principal, question.action, question.resource, question.context, policy, owner, None, False)
        there = ctx.at(principal.account or ctx.account, question.region)
        return told(there, judge(there, ask))

    return {"mode": facade.about()["iam"], "decision": await facade.store.run(work, durable=False)}


def _question(body: bytes) -> Question:
    try:
        question = msgspec.json.decode(body, type=Question)
    except (msgspec.DecodeError, msgspec.ValidationError, RecursionError) as error:
        raise Refused(400, f"send principal, action, resource and context as JSON: {error}") from None
    if any(len(text) > TEXT_MAX for text in (question.principal, question.action, question.resource)):
        raise Refused(400, f"a principal, action or resource has {TEXT_MAX} characters at most")
    if len(question.context) > CONTEXT_MAX:
        raise Refused(400, f"more than {CONTEXT_MAX} keys of context")
    vendor, colon, name = question.action.partition(":")
    if not (vendor and colon and name):
        raise Refused(400, "an action is as sqs:SendMessage")
    if not (len(question.account) == 12 and question.account.isascii() and question.account.isdigit()):
        raise Refused(400, "an account has twelve digits")
    return question


async def _policy(facade: Facade, asked: Asked) -> Answer:
    """The smallest policy that would have allowed all that a role or user did, and what it holds but never used."""
    role, user = asked.text("role"), asked.text("user")
    if bool(role) == bool(user):
        raise Refused(400, "say role=NAME or user=NAME")
    since_ms, account = asked.number("since_ms", 0), asked.text("account") or ROOT_ACCOUNT
    name = role or user
    await facade.watch.write()

    def work(tx: Tx) -> dict[str, Any]:
        ctx = facade.context(tx).at(account, DEFAULT_REGION)
        holder = (role_named if role else user_named)(ctx, account, name.rsplit("/", 1)[-1])
        if holder is None or (name.startswith("arn:") and name != holder.arn):
            raise Refused(404, f"there is no {'role' if role else 'user'} {name[:200]} in account {account}")
        principal = principal_of(ctx, holder.arn)
        done = uses.of(tx, holder.arn, since_ms)
        holds = least.held(ctx.house.identities.identity_policies(tx, principal), done)
        return {
            "arn": holder.arn,
            "since_ms": since_ms,
            "policy": least.smallest(done),
            "uses": [
                {"action": spot.action, "resource": spot.resource} | msgspec.structs.asdict(use) for spot, use in done
            ],
            "held": [msgspec.structs.asdict(one) for one in holds],
        }

    return await facade.store.run(work, durable=False)


ROUTES = (
    Route("GET", "/_outfall/api/decisions", _decisions, ("request", "principal", "refused", "limit")),
    Route("POST", "/_outfall/api/explain", _explain),
    Route("GET", "/_outfall/api/policy", _policy, ("role", "user", "account", "since_ms")),
)
