"""Creating, changing and deleting functions.

States: https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html; recordings [LS:test_lambda_api].
"""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from outfall.core.context import Context
from outfall.core.invocation import LATEST, Logging
from outfall.core.ports import Table
from outfall.core.service import Call, Output, Request, operation
from outfall.services.lambda_ import (
    code,
    destinations,
    layer_use,
    prepare,
    render,
    roles,
    rows,
    settings,
    sources,
    tags,
    urls,
    versions,
)
from outfall.services.lambda_.code import UploadedCode
from outfall.services.lambda_.errors import (
    InvalidParameterValueException,
    ResourceConflictException,
    function_not_found,
)
from outfall.services.lambda_.model import (
    ALIASES,
    EVENT_INVOKE_CONFIGS,
    FUNCTIONS,
    POLICIES,
    PROVISIONED,
    VERSIONS,
    FunctionRow,
    VersionRow,
    version_key,
)
from outfall.services.lambda_.names import NAME_LENGTH_MAX, FunctionName, named, named_arn, parse, unqualified_arn


@operation(
    "CreateFunction",
    action="lambda:CreateFunction",
    resource=unqualified_arn,
    also=(roles.PASS_ROLE, tags.TAG_IF_GIVEN, *sources.GET_OBJECT),
)
def create_function(call: Call, request: Request) -> Output:
    """A new function, Pending until its code is prepared; with Publish its first version too."""
    name = parse(call, request["FunctionName"]).at("")
    _require_name_length(name)
    settings.require_served(request)
    if not request.get("Runtime") or not request.get("Handler"):
        raise InvalidParameterValueException(
            "Runtime and Handler are mandatory parameters for functions created with deployment packages."
        )
    return sources.with_archive(call, request, lambda later, archive: _create(later, name, request, archive))


def _create(call: Call, name: FunctionName, request: Request, archive: UploadedCode) -> Output:
    row = settings.applied(_blank(call, name, archive), request)
    row = layer_use.applied(call, row, request)
    layer_use.require_size(call.tx, row, archive.unzipped_size)
    given_tags = tags.checked(request.get("Tags") or {})
    if call.tx.get(FUNCTIONS, name.key):
        raise ResourceConflictException(f"Function already exist: {name.name}")
    roles.require_assumable(call, row.role)
    destinations.require_dead_letter(call, row)
    call.tx.put(FUNCTIONS, name.key, FunctionRow(call.now, tuple(given_tags.items())))
    code.keep(call, archive)
    layer_use.share(call, row)
    row = prepare.begin_create(call, row)
    if request.get("Publish"):
        row = versions.publish(call, name)
        return render.configuration(row, row.version)
    return render.configuration(row)


def _require_name_length(name: FunctionName) -> None:
    if len(name.name) > NAME_LENGTH_MAX:
        raise InvalidParameterValueException(
            f"1 validation error detected: Value '{name.name}' at 'functionName' failed to satisfy constraint: "
            f"Member must have length less than or equal to {NAME_LENGTH_MAX}"
        )


def _blank(ctx: Context, name: FunctionName, archive: UploadedCode) -> VersionRow:
    return VersionRow(
        account=name.account,
        region=name.region,
        name=name.name,
        version=LATEST,
        revision=ctx.ids.uuid(),
        build=ctx.ids.uuid(),
        runtime="",
        role="",
        handler="",
        code_sha256=archive.sha256,
        code_size=archive.size,
        modified_ms=ctx.now,
        logging=Logging(f"/aws/lambda/{name.name}"),
    )


@operation("UpdateFunctionCode", action="lambda:UpdateFunctionCode", resource=unqualified_arn, also=sources.GET_OBJECT)
def update_function_code(call: Call, request: Request) -> Output:
    """New code for `$LATEST`; DryRun answers what would be and changes nothing."""
    name = parse(call, request["FunctionName"])
    _changeable(call, name, request)
    if request.get("ImageUri"):
        raise InvalidParameterValueException(
            "Please don't provide ImageUri when updating a function with packageType Zip."
        )
    settings.require_served(request)
    return sources.with_archive(call, request, lambda later, archive: _update_code(later, name, request, archive))


def _update_code(call: Call, name: FunctionName, request: Request, archive: UploadedCode) -> Output:
    row = _changeable(call, name, request)
    changed = replace(
        _changed(call, row),
        code_sha256=archive.sha256,
        code_size=archive.size,
        architecture=(request.get("Architectures") or [row.architecture])[0],
    )
    layer_use.require_size(call.tx, changed, archive.unzipped_size)
    if request.get("DryRun"):
        return render.configuration(replace(changed, revision=row.revision))
    code.keep(call, archive)
    code.drop(call, row.code_sha256)
    return _updated(call, name, changed, publish=bool(request.get("Publish")))


@operation(
    "UpdateFunctionConfiguration",
    action="lambda:UpdateFunctionConfiguration",
    resource=unqualified_arn,
    also=(roles.PASS_ROLE,),
)
def update_function_configuration(call: Call, request: Request) -> Output:
    """New settings for `$LATEST`; what the request leaves out stays."""
    name = parse(call, request["FunctionName"])
    row = _changeable(call, name, request)
    changed = layer_use.applied(call, settings.applied(_changed(call, row), request), request)
    layer_use.require_size(call.tx, changed)
    if changed.role != row.role:
        roles.require_assumable(call, changed.role)
    if changed.dead_letter != row.dead_letter:
        destinations.require_dead_letter(call, changed)
    layer_use.share(call, changed)
    layer_use.drop(call, row)
    return _updated(call, name, changed, publish=False)


def _changeable(ctx: Context, name: FunctionName, request: Request) -> VersionRow:
    row = rows.latest(ctx.tx, name.at(""))
    rows.require_revision(request.get("RevisionId"), row.revision)
    rows.require_settled(name, row)
    return row


def _changed(ctx: Context, row: VersionRow) -> VersionRow:
    return replace(row, revision=ctx.ids.uuid(), build=ctx.ids.uuid(), modified_ms=ctx.now)


def _updated(ctx: Context, name: FunctionName, row: VersionRow, *, publish: bool) -> Output:
    row = prepare.begin_update(ctx, row)
    if publish:
        row = versions.publish(ctx, name)
        return render.configuration(row, row.version)
    return render.configuration(row)


@operation("DeleteFunction", action="lambda:DeleteFunction", resource=named_arn)
def delete_function(call: Call, request: Request) -> Output:
    """Deletes a version, or the function with all that belongs to it. What is queued for it stays queued."""
    name = named(call, request)
    if name.qualifier == LATEST:
        raise InvalidParameterValueException("$LATEST version cannot be deleted without deleting the function.")
    function = call.tx.get(FUNCTIONS, name.key)
    if function is None:
        raise function_not_found(name.unqualified)
    if name.qualifier:
        _delete_version(call, name)
    else:
        _delete_all(call, name)
    return {"StatusCode": 204}


def _delete_version(ctx: Context, name: FunctionName) -> None:
    """A version that does not exist is deleted already [LS:test_delete_on_nonexisting_version]."""
    if not name.qualifier.isdigit():
        raise InvalidParameterValueException("Deletion of aliases is not currently supported.")
    users = [
        alias.name
        for alias in rows.aliases(ctx.tx, name)
        if name.qualifier in (alias.version, *(number for number, _ in alias.routing))
    ]
    if users:
        raise ResourceConflictException(
            f"Unable to delete version because the following aliases reference it: [{', '.join(users)}]"
        )
    row = rows.version(ctx.tx, name, name.qualifier)
    if row:
        _forget(ctx, name, row)
        drop_settings(ctx, name)


def _forget(ctx: Context, name: FunctionName, row: VersionRow) -> None:
    ctx.tx.delete(VERSIONS, (*name.key, version_key(row.version)))
    code.drop(ctx, row.code_sha256)
    layer_use.drop(ctx, row)


def drop_settings(ctx: Context, name: FunctionName) -> None:
    """Removes the policy, the asynchronous settings, the provisioned concurrency and the URL of one qualifier."""
    for table in (POLICIES, EVENT_INVOKE_CONFIGS, PROVISIONED):
        ctx.tx.delete(table, (*name.key, name.qualifier_or_latest))
    urls.forget(ctx, name)


def _delete_all(ctx: Context, name: FunctionName) -> None:
    for _, row in list(ctx.tx.scan(VERSIONS, name.key)):
        _forget(ctx, name, row)
    tables: tuple[Table[Any], ...] = (ALIASES, POLICIES, EVENT_INVOKE_CONFIGS, PROVISIONED)
    for table in tables:
        for key, _ in list(ctx.tx.scan(table, name.key)):
            ctx.tx.delete(table, key)
    urls.forget_all(ctx, name)
    ctx.tx.delete(FUNCTIONS, name.key)


OPERATIONS = (create_function, update_function_code, update_function_configuration, delete_function)
