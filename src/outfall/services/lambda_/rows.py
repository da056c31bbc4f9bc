"""Finding functions, versions and aliases in the store, and writing versions back. No request is read here."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from outfall.core.context import Context
from outfall.core.invocation import LATEST
from outfall.core.ports import Tx
from outfall.services.lambda_.errors import PreconditionFailedException, ResourceConflictException, function_not_found
from outfall.services.lambda_.model import ALIASES, FUNCTIONS, VERSIONS, AliasRow, FunctionRow, VersionRow, version_key
from outfall.services.lambda_.names import FunctionName


def require_function(tx: Tx, name: FunctionName) -> FunctionRow:
    """The function as a whole; 404 with the unqualified ARN if there is none."""
    row = tx.get(FUNCTIONS, name.key)
    if row is None:
        raise function_not_found(name.unqualified)
    return row


def version(tx: Tx, name: FunctionName, number: str = LATEST) -> VersionRow | None:
    """One version."""
    return tx.get(VERSIONS, (*name.key, version_key(number)))


def latest(tx: Tx, name: FunctionName) -> VersionRow:
    """`$LATEST`; 404 with the ARN as it was named if there is no such function."""
    row = version(tx, name)
    if row is None:
        raise function_not_found(name.as_named)
    return row


def alias(tx: Tx, name: FunctionName, alias_name: str) -> AliasRow | None:
    """One alias."""
    return tx.get(ALIASES, (*name.key, alias_name))


def aliases(tx: Tx, name: FunctionName) -> Iterator[AliasRow]:
    """All aliases of a function, by name."""
    return (row for _, row in tx.scan(ALIASES, name.key))


def find(tx: Tx, name: FunctionName) -> VersionRow | None:
    """The version that the name stands for; an alias stands for its main version here."""
    known = alias(tx, name, name.qualifier) if _may_be_alias(name.qualifier) else None
    return version(tx, name, known.version if known else name.qualifier_or_latest)


def require(tx: Tx, name: FunctionName) -> VersionRow:
    """The version that the name stands for; 404 with the ARN as it was named [LS:test_ops_on_nonexisting_version]."""
    row = find(tx, name)
    if row is None:
        raise function_not_found(name.as_named)
    return row


def _may_be_alias(qualifier: str) -> bool:
    return bool(qualifier) and qualifier != LATEST and not qualifier.isdigit()


def put(tx: Tx, row: VersionRow) -> None:
    """Writes a version."""
    tx.put(VERSIONS, (row.account, row.region, row.name, version_key(row.version)), row)


def changed(ctx: Context, row: VersionRow) -> VersionRow:
    """The row with a new RevisionId."""
    return replace(row, revision=ctx.ids.uuid())


def require_revision(given: str | None, known: str) -> None:
    """Raises when the client asked for a revision that is not the latest."""
    if given and given != known:
        raise PreconditionFailedException


def require_settled(name: FunctionName, row: VersionRow) -> None:
    """Raises while an earlier change is still under way [LS:test_lambda_concurrent_code_updates]."""
    sorry = "The operation cannot be performed at this time."
    if row.state == "Pending":
        raise ResourceConflictException(f"{sorry} The function is currently in the following state: Pending")
    if row.update_status == "InProgress":
        raise ResourceConflictException(f"{sorry} An update is in progress for resource: {name.unqualified}")
