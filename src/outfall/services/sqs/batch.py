"""What all batch operations share: the checks of their entries, and answers entry by entry."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from outfall.core.errors import AwsError
from outfall.core.service import Request
from outfall.services.sqs.errors import (
    BatchEntryIdsNotDistinct,
    EmptyBatchRequest,
    InvalidBatchEntryId,
    TooManyEntriesInBatchRequest,
)

ENTRIES_MAX = 10
_entry_id = re.compile(r"[A-Za-z0-9_\-]{1,80}").fullmatch


def entries(request: Request, shape: str) -> list[Request]:
    """The entries of a batch, whose number and ids are checked; `shape` is what AWS calls them in the error."""
    given: list[Request] = request.get("Entries") or []
    if not given:
        raise EmptyBatchRequest(f"There should be at least one {shape} in the request.")
    if len(given) > ENTRIES_MAX:
        raise TooManyEntriesInBatchRequest(
            f"Maximum number of entries per request are {ENTRIES_MAX}. You have sent {len(given)}."
        )
    seen: set[str] = set()
    for entry in given:
        one = entry.get("Id") or ""
        if not _entry_id(one):
            raise InvalidBatchEntryId()
        if one in seen:
            raise BatchEntryIdsNotDistinct(f"Id {one} repeated.")
        seen.add(one)
    return given


def each(given: list[Request], perform: Callable[[Request], dict[str, Any] | None]) -> dict[str, Any]:
    """Performs each entry; one that raises an `AwsError` is listed under `Failed`. Empty lists are left out. [LS]"""
    successful: list[dict[str, Any]] = []
    failed: list[dict[str, Any]] = []
    for entry in given:
        try:
            done = perform(entry) or {}
        except AwsError as error:
            failed.append(
                {
                    "Id": entry["Id"],
                    "SenderFault": error.sender_fault,
                    "Code": error.query_code,
                    "Message": error.message,
                }
            )
        else:
            successful.append({"Id": entry["Id"], **done})
    answer: dict[str, Any] = {}
    if successful:
        answer["Successful"] = successful
    if failed:
        answer["Failed"] = failed
    return answer
