"""What has to be done to code before a version can run: asked for here, performed by the host, and noted here again.

https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html
"""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from outfall.core.context import Context
from outfall.core.invocation import Package
from outfall.services.lambda_ import code, rows
from outfall.services.lambda_.model import VERSIONS, VersionRow, version_key

PREPARE_QUEUE = "lambda/prepare"

BEING_CREATED = "The function is being created."
"""AWS says so of updates too. [LS:test_lambda_api]"""


class Preparation(msgspec.Struct, frozen=True):
    """One version to make ready, as it lies on the queue."""

    account: str
    region: str
    name: str
    version: str
    build: str
    package: Package


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Preparation)


def begin_create(ctx: Context, row: VersionRow) -> VersionRow:
    """A new version, stored as Pending, with the work that makes it Active."""
    settled = replace(row, update_status="", update_reason="", update_reason_code="")
    return _begin(ctx, replace(settled, state="Pending", state_reason=BEING_CREATED, state_reason_code="Creating"))


def begin_update(ctx: Context, row: VersionRow) -> VersionRow:
    """An updated version, stored as InProgress, with the work that makes it Successful."""
    return _begin(
        ctx,
        replace(row, update_status="InProgress", update_reason=BEING_CREATED, update_reason_code="Creating"),
    )


def _begin(ctx: Context, row: VersionRow) -> VersionRow:
    rows.put(ctx.tx, row)
    package = code.package(ctx.tx, row.code_sha256)
    assert package is not None, "code is kept before a version that uses it"
    asked = Preparation(row.account, row.region, row.name, row.version, row.build, package)
    ctx.tx.enqueue(PREPARE_QUEUE, _encoder.encode(asked), now_ms=ctx.now, due_ms=ctx.now)
    return row


def package_of(payload: bytes) -> Package:
    """What an item of the queue wants unpacked."""
    return _decoder.decode(payload).package


def prepared(ctx: Context, payload: bytes, error: str | None) -> None:
    """Notes that the code is ready, or why it cannot be. A version that was changed or deleted since is left alone."""
    asked = _decoder.decode(payload)
    row = ctx.tx.get(VERSIONS, (asked.account, asked.region, asked.name, version_key(asked.version)))
    if row is None or row.build != asked.build:
        return
    rows.put(ctx.tx, rows.changed(ctx, _failed(row, error) if error else _ready(row)))


def _ready(row: VersionRow) -> VersionRow:
    return replace(
        row,
        state="Active",
        state_reason="",
        state_reason_code="",
        update_status="Successful",
        update_reason="",
        update_reason_code="",
    )


def _failed(row: VersionRow, error: str) -> VersionRow:
    if row.state == "Pending":
        return replace(row, state="Failed", state_reason=error, state_reason_code="InvalidZipFileException")
    return replace(row, update_status="Failed", update_reason=error, update_reason_code="InvalidZipFileException")
