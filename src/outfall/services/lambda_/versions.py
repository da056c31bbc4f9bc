"""Published versions: PublishVersion and ListVersionsByFunction, and publishing as part of other operations.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-versions.html
"""

from __future__ import annotations

from msgspec.structs import replace

from outfall.core.context import Context
from outfall.core.service import Call, Output, Request, operation
from outfall.services.lambda_ import code, layer_use, paging, prepare, render, rows, settings
from outfall.services.lambda_.errors import InvalidParameterValueException
from outfall.services.lambda_.model import FUNCTIONS, NUMBERING, VERSIONS, NumberingRow, VersionRow
from outfall.services.lambda_.names import FunctionName, parse, unqualified_arn


def publish(ctx: Context, name: FunctionName, *, description: str | None = None, ready: bool = False) -> VersionRow:
    """The version that `$LATEST` is now: a new one, or the last one if nothing changed since
    [LS:TestLambdaVersions]. With `ready` it is Active at once, as its code runs already."""
    function = rows.require_function(ctx.tx, name)
    latest = rows.latest(ctx.tx, name.at(""))
    known = rows.version(ctx.tx, name, function.published) if function.published else None
    if known is not None and function.published_build == latest.build:
        return known
    row = replace(
        latest,
        version=_next_number(ctx, name),
        revision=ctx.ids.uuid(),
        modified_ms=ctx.now,
        description=latest.description if description is None else description,
    )
    ctx.tx.put(FUNCTIONS, name.key, replace(function, published=row.version, published_build=latest.build))
    code.share(ctx, row.code_sha256)
    layer_use.share(ctx, row)
    if not ready:
        return prepare.begin_create(ctx, row)
    rows.put(ctx.tx, row)
    return row


def _next_number(ctx: Context, name: FunctionName) -> str:
    known = ctx.tx.get(NUMBERING, name.key)
    number = (known.last if known else 0) + 1
    ctx.tx.put(NUMBERING, name.key, NumberingRow(number))
    return str(number)


@operation("PublishVersion", action="lambda:PublishVersion", resource=unqualified_arn)
def publish_version(call: Call, request: Request) -> Output:
    """Publishes `$LATEST` as it is; CodeSha256 and RevisionId guard against changes in between."""
    settings.require_served(request)
    name = parse(call, request["FunctionName"])
    latest = rows.latest(call.tx, name)
    rows.require_settled(name, latest)
    rows.require_revision(request.get("RevisionId"), latest.revision)
    expected, digest = request.get("CodeSha256"), code.base64_digest(latest.code_sha256)
    if expected and expected != digest:
        raise InvalidParameterValueException(
            f"CodeSHA256 ({expected}) is different from current CodeSHA256 in $LATEST ({digest}). "
            "Please try again with the CodeSHA256 in $LATEST."
        )
    row = publish(call, name, description=request.get("Description"), ready=True)
    return render.configuration(row, row.version)


@operation("ListVersionsByFunction", action="lambda:ListVersionsByFunction", resource=unqualified_arn)
def list_versions_by_function(call: Call, request: Request) -> Output:
    """`$LATEST` first, then the published versions by number."""
    name = parse(call, request["FunctionName"])
    rows.require_function(call.tx, name)
    found = call.tx.scan(VERSIONS, name.key, start=paging.start_of(request.get("Marker")))
    versions, marker = paging.page(found, name.key, request.get("MaxItems"))
    return paging.with_marker({"Versions": [render.listed(row, row.version) for row in versions]}, marker)


OPERATIONS = (publish_version, list_versions_by_function)
