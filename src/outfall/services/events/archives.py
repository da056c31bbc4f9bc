"""Archives: which events of a bus are kept, for how long. What is sent again from them is in `replays.py`.

[LS:TestArchive]; an event is in its archive at once, where AWS takes minutes.
"""

from __future__ import annotations

from typing import Any

import msgspec

from outfall.core.arn import Arn, MalformedArn
from outfall.core.context import Context
from outfall.core.errors import InternalError
from outfall.core.event_pattern import PatternError, compile_pattern
from outfall.core.ports import Key
from outfall.core.service import Call, Output, Request, Resource, operation
from outfall.core.sweeping import after
from outfall.services.events.errors import (
    ResourceAlreadyExistsException,
    ResourceNotFoundException,
    bad_pattern,
    not_valid,
)
from outfall.services.events.inputs import event_time_ms
from outfall.services.events.model import ARCHIVED, ARCHIVES, Archive, Archived, Bus, Event
from outfall.services.events.names import BUS_PREFIX, require_bus
from outfall.services.events.paging import page, start_of

DAY_MS = 86_400_000
EXPIRED_AT_ONCE = 20
"""How many outdated events an archive lets go whenever it takes one in."""
SWEPT_AT_ONCE = 200


class InternalException(InternalError):
    """Service encountered unexpected problem. Please try again."""

    code = "InternalException"


def _archive_arn(call: Call, request: Request) -> str:
    return Archive(call.account, call.region, str(request["ArchiveName"]), "", 0).arn


ARCHIVE: Resource = _archive_arn


def every_archive(call: Call, request: Request) -> str:
    """`arn:aws:events:REGION:ACCOUNT:archive/*`."""
    return f"arn:aws:events:{call.region}:{call.account}:archive/*"


def require_archive(ctx: Context, name: str) -> Archive:
    """The archive of that name in this account and region; raises when there is none."""
    archive = ctx.tx.get(ARCHIVES, (ctx.account, ctx.region, name))
    if archive is None:
        raise ResourceNotFoundException(f"Archive {name} does not exist.")
    return archive


def source_bus(call: Call, arn: str) -> Bus:
    """The bus that an EventSourceArn names; raises when it is none or is not there."""
    try:
        parsed = Arn.parse(arn)
    except MalformedArn:
        raise not_valid("EventSourceArn") from None
    if parsed.service != "events" or not parsed.resource.startswith(BUS_PREFIX):
        raise not_valid("EventSourceArn", "Must contain an event bus ARN.")
    return require_bus(call, arn)


def _check_pattern(request: Request) -> None:
    try:
        if request.get("EventPattern"):
            compile_pattern(request["EventPattern"])
    except PatternError as error:
        raise bad_pattern(error) from None


@operation("CreateArchive", action="events:CreateArchive", resource=ARCHIVE)
def create_archive(call: Call, request: Request) -> Output:
    """A new archive of a bus. Errors: ResourceAlreadyExistsException, ResourceNotFoundException,
    InvalidEventPatternException."""
    bus = source_bus(call, request["EventSourceArn"])
    name = request["ArchiveName"]
    if call.tx.get(ARCHIVES, (call.account, call.region, name)) is not None:
        raise ResourceAlreadyExistsException(f"Archive {name} already exists.")
    _check_pattern(request)
    archive = Archive(
        call.account,
        call.region,
        name,
        bus.arn,
        call.now,
        request.get("EventPattern") or "",
        request.get("Description") or "",
        request.get("RetentionDays") or 0,
        request.get("KmsKeyIdentifier") or "",
    )
    call.tx.put(ARCHIVES, archive.key, archive)
    return _made(archive)


def _made(archive: Archive) -> dict[str, Any]:
    return {"ArchiveArn": archive.arn, "State": "ENABLED", "CreationTime": archive.created_ms}


@operation("DescribeArchive", action="events:DescribeArchive", resource=ARCHIVE)
def describe_archive(call: Call, request: Request) -> Output:
    """An archive, with the number and size of the events in it."""
    archive = require_archive(call, request["ArchiveName"])
    told = {
        "Description": archive.description,
        "EventPattern": archive.pattern,
        "KmsKeyIdentifier": archive.kms_key,
    }
    given = {name: value for name, value in told.items() if value}
    return {"ArchiveArn": archive.arn} | _listed(archive) | given


def _listed(archive: Archive) -> dict[str, Any]:
    return {
        "ArchiveName": archive.name,
        "EventSourceArn": archive.source_arn,
        "State": "ENABLED",
        "RetentionDays": archive.retention_days,
        "SizeBytes": archive.size,
        "EventCount": archive.count,
        "CreationTime": archive.created_ms,
    }


@operation("ListArchives", action="events:ListArchives", resource=every_archive)
def list_archives(call: Call, request: Request) -> Output:
    """The archives of the account by name; of one bus, if one is given."""
    source = request.get("EventSourceArn")
    if source:
        source = source_bus(call, source).arn
    state = request.get("State")
    prefix = request.get("NamePrefix") or ""
    found = (
        (archive.name, archive)
        for _, archive in call.tx.scan(
            ARCHIVES, (call.account, call.region), starts_with=prefix, start=start_of(request)
        )
        if (not source or archive.source_arn == source) and state in (None, "ENABLED")
    )
    return page(request, "Archives", found, _listed)


@operation("UpdateArchive", action="events:UpdateArchive", resource=ARCHIVE)
def update_archive(call: Call, request: Request) -> Output:
    """Changes what is given. An archive that is not there is an InternalException, as on AWS.
    [LS:test_update_archive_error_unknown_archive]"""
    archive = call.tx.get(ARCHIVES, (call.account, call.region, request["ArchiveName"]))
    if archive is None:
        raise InternalException()
    _check_pattern(request)
    changes = {
        "description": request.get("Description"),
        "pattern": request.get("EventPattern"),
        "retention_days": request.get("RetentionDays"),
        "kms_key": request.get("KmsKeyIdentifier"),
    }
    archive = msgspec.structs.replace(archive, **{name: value for name, value in changes.items() if value is not None})
    call.tx.put(ARCHIVES, archive.key, archive)
    return _made(archive)


@operation("DeleteArchive", action="events:DeleteArchive", resource=ARCHIVE)
def delete_archive(call: Call, request: Request) -> Output:
    """Removes an archive and all that is in it."""
    archive = require_archive(call, request["ArchiveName"])
    for key, _ in call.tx.scan(ARCHIVED, archive.key):
        call.tx.delete(ARCHIVED, key)
    call.tx.delete(ARCHIVES, archive.key)
    return {}


def keep(ctx: Context, bus: Bus, event: Event, fields: dict[str, Any]) -> None:
    """Puts an event of this bus into each archive that wants it. What is replayed is not archived again."""
    if "replay-name" in fields:
        return
    for _, archive in ctx.tx.scan(ARCHIVES, (bus.account, bus.region)):
        if archive.source_arn != bus.arn:
            continue
        if archive.pattern and not compile_pattern(archive.pattern).matches(fields):
            continue
        row = (*archive.key, f"{event_time_ms(fields, ctx.now):015d}", event.id)
        again = ctx.tx.get(ARCHIVED, row) is not None
        ctx.tx.put(ARCHIVED, row, Archived(event, ctx.now))
        size = 0 if again else len(event.text.encode())
        archive = msgspec.structs.replace(archive, count=archive.count + (not again), size=archive.size + size)
        ctx.tx.put(ARCHIVES, archive.key, _expire(ctx, archive))


def _expire(ctx: Context, archive: Archive, at_once: int = EXPIRED_AT_ONCE) -> Archive:
    """Lets go of events that are older than the archive keeps them, a few at a time."""
    if not archive.retention_days:
        return archive
    oldest_ms = ctx.now - archive.retention_days * DAY_MS
    count, size = archive.count, archive.size
    for key, archived in ctx.tx.scan(ARCHIVED, archive.key, limit=at_once):
        if archived.archived_ms >= oldest_ms:
            break
        ctx.tx.delete(ARCHIVED, key)
        count, size = count - 1, size - len(archived.event.text.encode())
    return msgspec.structs.replace(archive, count=count, size=size)


def sweep(ctx: Context, start: Key = ()) -> Key | None:
    """Lets go of events in archives that take none in: one archive at a time, see `core.sweeping`."""
    for key, archive in ctx.tx.scan(ARCHIVES, start=start, limit=1):
        kept = _expire(ctx, archive, SWEPT_AT_ONCE)
        if kept != archive:
            ctx.tx.put(ARCHIVES, key, kept)
        return key if archive.count - kept.count == SWEPT_AT_ONCE else after(key)
    return None


OPERATIONS = (create_archive, describe_archive, list_archives, update_archive, delete_archive)
