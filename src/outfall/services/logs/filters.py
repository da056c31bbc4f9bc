"""What subscription filters and metric filters share: names, patterns, listing, removal."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from outfall.core.service import Call, Request
from outfall.services.logs import paging
from outfall.services.logs.errors import ResourceNotFoundException
from outfall.services.logs.model import FILTERS, Filter, Group
from outfall.services.logs.names import constraint
from outfall.services.logs.patterns import PATTERN_LENGTH_MAX, compile_pattern

LISTED_MAX = 50
NAME_LENGTH_MAX = 512
_name = re.compile(r"[^:*]{1,512}").fullmatch


def name_and_pattern(request: Request) -> tuple[str, str]:
    """The filter's name and its pattern, checked; raises InvalidParameterException."""
    name, pattern = request.get("filterName") or "", request.get("filterPattern") or ""
    if not name:
        raise constraint("", "filterName", "Member must have length greater than or equal to 1")
    if not _name(name):
        raise constraint(name, "filterName", "Member must satisfy regular expression pattern: [^:*]*")
    check_pattern(pattern)
    return name, pattern


def check_pattern(pattern: str) -> None:
    """Raises InvalidParameterException for a pattern that cannot be."""
    if len(pattern) > PATTERN_LENGTH_MAX:
        rule = f"Member must have length less than or equal to {PATTERN_LENGTH_MAX}"
        raise constraint(pattern, "filterPattern", rule)
    compile_pattern(pattern)


def of_group(call: Call, group: Group, kind: str, request: Request) -> Iterator[Filter]:
    """The filters of a kind by name, from where the request's token goes on."""
    prefix = request.get("filterNamePrefix") or ""
    found = call.tx.scan(FILTERS, (*group.key, kind), starts_with=prefix, start=paging.after(request))
    return (one for _, one in found)


def page(found: Iterator[Filter], request: Request) -> tuple[list[Filter], dict[str, str]]:
    """One page, and the member nextToken if there is more."""
    limit = paging.limit_of(request, LISTED_MAX, LISTED_MAX)
    listed = list(islice(found, limit + 1))
    return listed[:limit], paging.next_token(listed[limit - 1].name if len(listed) > limit else "")


def remove(call: Call, group: Group, kind: str, request: Request, what: str) -> None:
    """Removes a filter; raises ResourceNotFoundException."""
    if not call.tx.delete(FILTERS, (*group.key, kind, request.get("filterName") or "")):
        raise ResourceNotFoundException(f"The specified {what} does not exist.")
