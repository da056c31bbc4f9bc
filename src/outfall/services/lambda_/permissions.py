"""The resource policy of a function, version or alias: AddPermission, RemovePermission, GetPolicy, and the document.

https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html; texts [LS:TestLambdaPermissions]
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Any

from outfall.core.arn import Arn
from outfall.core.context import Context
from outfall.core.invocation import LATEST
from outfall.core.service import Call, Output, Request, operation
from outfall.services.lambda_ import aliases, rows
from outfall.services.lambda_.errors import (
    InvalidParameterValueException,
    PolicyLengthExceededException,
    PreconditionFailedException,
    ResourceConflictException,
    ResourceNotFoundException,
    function_not_found,
)
from outfall.services.lambda_.layer_model import layer_version_of
from outfall.services.lambda_.layer_permissions import layer_policy
from outfall.services.lambda_.model import ALIASES, POLICIES, PolicyRow
from outfall.services.lambda_.names import FunctionName, named, named_arn, of_arn

POLICY_SIZE_MAX = 20_480
REMEMBERED_MAX = 256

CONDITIONS = (
    ("PrincipalOrgID", "StringEquals", "aws:PrincipalOrgID"),
    ("SourceAccount", "StringEquals", "AWS:SourceAccount"),
    ("EventSourceToken", "StringEquals", "lambda:EventSourceToken"),
    ("FunctionUrlAuthType", "StringEquals", "lambda:FunctionUrlAuthType"),
    ("InvokedViaFunctionUrl", "Bool", "lambda:InvokedViaFunctionUrl"),
    ("SourceArn", "ArnLike", "AWS:SourceArn"),
)
"""Which parameter becomes which condition. The capitals of `AWS:` are AWS's."""

_SERVICE = re.compile(r"[a-z0-9.-]+\.amazon(aws)?\.com(\.cn)?")
_IDENTITY = re.compile(r"arn:aws[a-zA-Z-]*:(?:iam|sts)::\d{12}:.+")
_WRONG_REVISION = (
    "The Revision Id provided does not match the latest Revision Id. "
    "Call the GetPolicy API to retrieve the latest Revision Id"
)


def document(name: FunctionName, row: PolicyRow) -> str:
    """The policy as GetPolicy prints it."""
    return _document(row)


@lru_cache(maxsize=REMEMBERED_MAX)
def _document(row: PolicyRow) -> str:
    statements = ",".join(statement for _, statement in row.statements)
    return f'{{"Version":"2012-10-17","Id":"default","Statement":[{statements}]}}'


def function_policy(ctx: Context, arn: Arn) -> str | None:
    """The policy that stands at the ARN of a function, version or alias, or of a layer's version, for authorisation;
    None if there is none."""
    if arn.resource.startswith("layer:"):
        return layer_policy(ctx, *layer_version_of(str(arn)))
    name = of_arn(arn)
    row = ctx.tx.get(POLICIES, _key(name))
    return document(name, row) if row else None


def _key(name: FunctionName) -> tuple[str, ...]:
    return (*name.key, name.qualifier_or_latest)


@operation("AddPermission", action="lambda:AddPermission", resource=named_arn)
def add_permission(call: Call, request: Request) -> Output:
    """Adds a statement to the policy of the function, or of the version or alias that was named."""
    name = named(call, request)
    if name.qualifier == LATEST:
        raise InvalidParameterValueException("We currently do not support adding policies for $LATEST.")
    statement = json.dumps(_statement(call, name, request), separators=(",", ":"))
    revision = _require_qualifier(call, name)
    if request.get("RevisionId") and request["RevisionId"] != revision:
        raise PreconditionFailedException(_WRONG_REVISION)
    known = call.tx.get(POLICIES, _key(name)) or PolicyRow(())
    sid = request["StatementId"]
    if sid in dict(known.statements):
        raise ResourceConflictException(
            f"The statement id ({sid}) provided already exists. "
            "Please provide a new statement id, or remove the existing statement."
        )
    changed = PolicyRow((*known.statements, (sid, statement)))
    if len(document(name, changed)) > POLICY_SIZE_MAX:
        raise PolicyLengthExceededException
    call.tx.put(POLICIES, _key(name), changed)
    _policy_changed(call, name)
    return {"Statement": statement}


def _statement(ctx: Context, name: FunctionName, request: Request) -> dict[str, Any]:
    statement: dict[str, Any] = {
        "Sid": request["StatementId"],
        "Effect": "Allow",
        "Principal": _principal(ctx, request["Principal"]),
        "Action": request["Action"],
        "Resource": name.as_named,
    }
    conditions: dict[str, dict[str, str]] = {}
    for member, operator, key in CONDITIONS:
        value = request.get(member)
        if value is not None:
            text = str(value).lower() if isinstance(value, bool) else value
            conditions.setdefault(operator, {})[key] = text
    return {**statement, "Condition": conditions} if conditions else statement


def _principal(ctx: Context, text: str) -> str | dict[str, str]:
    if text == "*":
        return "*"
    if text.isdigit() and len(text) == 12:
        return {"AWS": f"arn:aws:iam::{text}:root"}
    if _IDENTITY.fullmatch(text) and _known(ctx, text):
        return {"AWS": text}
    if _SERVICE.fullmatch(text):
        return {"Service": text}
    raise InvalidParameterValueException(
        "The provided principal was invalid. Please check the principal and try again."
    )


def _known(ctx: Context, arn: str) -> bool:
    """IAM knows which roles exist; other identities are taken as they are."""
    return ":role/" not in arn or ctx.house.identities.role(ctx.tx, arn) is not None


def _require_qualifier(ctx: Context, name: FunctionName) -> str:
    """The RevisionId of what the policy belongs to; 404 in AWS's words for what is missing."""
    row = rows.find(ctx.tx, name)
    rows.require_function(ctx.tx, name)
    if row is None and re.fullmatch(r"[a-zA-Z0-9_-]*[a-zA-Z_-][a-zA-Z0-9_-]*", name.qualifier):
        raise ResourceNotFoundException(f"Cannot find alias arn: {name.as_named}")
    if row is None:
        raise function_not_found(name.as_named)
    alias = rows.alias(ctx.tx, name, name.qualifier)
    return alias.revision if alias else row.revision


def _policy_changed(ctx: Context, name: FunctionName) -> None:
    alias = rows.alias(ctx.tx, name, name.qualifier)
    if alias:
        ctx.tx.put(ALIASES, (*name.key, alias.name), aliases.changed(ctx, alias))
        return
    row = rows.find(ctx.tx, name)
    if row:
        rows.put(ctx.tx, rows.changed(ctx, row))


@operation("RemovePermission", action="lambda:RemovePermission", resource=named_arn)
def remove_permission(call: Call, request: Request) -> Output:
    """Removes a statement; the policy goes with its last one."""
    name = named(call, request)
    if rows.find(call.tx, name) is None:
        raise ResourceNotFoundException(f"No policy found for: {name.as_named}")
    known = call.tx.get(POLICIES, _key(name))
    if known is None:
        raise ResourceNotFoundException("No policy is associated with the given resource.")
    sid = request["StatementId"]
    if sid not in dict(known.statements):
        raise ResourceNotFoundException(f"Statement {sid} is not found in resource policy.")
    if request.get("RevisionId") and request["RevisionId"] != _require_qualifier(call, name):
        raise PreconditionFailedException(_WRONG_REVISION)
    kept = tuple(statement for statement in known.statements if statement[0] != sid)
    if kept:
        call.tx.put(POLICIES, _key(name), PolicyRow(kept))
    else:
        call.tx.delete(POLICIES, _key(name))
    _policy_changed(call, name)
    return None


@operation("GetPolicy", action="lambda:GetPolicy", resource=named_arn)
def get_policy(call: Call, request: Request) -> Output:
    """The policy and the revision to guard a change with."""
    name = named(call, request)
    known = call.tx.get(POLICIES, _key(name))
    if known is None:
        raise ResourceNotFoundException
    return {"Policy": document(name, known), "RevisionId": _require_qualifier(call, name)}


OPERATIONS = (add_permission, remove_permission, get_policy)
