"""The lineage of an event: through which functions it came, and how often. Read from the trace header and written on.

`Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0;Lineage=1:283dea05:0`: a function is eight
hexadecimal digits of its ARN's digest, and the number counts how often one chain came through it before this time.
Several functions stand side by side with `|` between them.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html; [GH], [SD:recursion_execution]
"""

from __future__ import annotations

import re
from functools import lru_cache
from hashlib import sha256
from urllib.parse import unquote

RUNS_MAX = 16
"""So often one chain may run one function; the next run is the loop. [SD:recursion_execution]"""

ECHOES_MAX = 16
"""A stopped event is told to its destinations, which may lead back to the function: so many of these are told."""

FUNCTIONS_MAX = 64
"""A chain remembers that many functions: those that it came through last."""

_COUNT_MAX = 99_999
REMEMBERED_MAX = 1024
_ROOT = re.compile(r"1-[0-9a-f]{8}-[0-9a-f]{24}").fullmatch
_HOP = re.compile(r"(?:\d{1,5}:)?([0-9a-f]{8}):(\d{1,5})").fullmatch


def enter(header: str, function: str, *, root: str, parent: str) -> str:
    """The trace header of an event as it enters the function with the unqualified ARN `function`.

    `header` is what came with the event, or empty; of it the root, the sampling and the functions are kept. `root` is
    for an event that has none yet, `parent` is this hop. Never raises for what `header` is.
    """
    parts = _parts(header) if header else {}
    digest = digest_of(function)
    hops = dict(_hops(parts.get("Lineage", "")))
    count = hops.pop(digest, -1) + 1
    hops[digest] = min(count, _COUNT_MAX)
    told = "|".join(f"{name}:{number}" for name, number in list(hops.items())[-FUNCTIONS_MAX:])
    given = parts.get("Root", "")
    sampled = "1" if parts.get("Sampled") == "1" else "0"
    return f"Root={given if _ROOT(given) else root};Parent={parent};Sampled={sampled};Lineage=1:{told}"


def root_in(header: str) -> str:
    """The root of a trace header: what all that follows from one cause has in common. Empty if there is none."""
    if header.startswith("Root=1-") and _ROOT(header[5:40]) and header[40:41] in ("", ";"):
        return header[5:40]
    given = _parts(header).get("Root", "") if header else ""
    return given if _ROOT(given) else ""


def runs_before(header: str, function: str) -> int:
    """How often the chain with this header (which `enter` wrote) ran the function before."""
    digest = digest_of(function)
    return next((count for name, count in _hops(_parts(header).get("Lineage", "")) if name == digest), 0)


def is_loop(header: str, function: str) -> bool:
    """Whether this run of the function (unqualified ARN) would be one more than a chain may make."""
    return runs_before(header, function) >= RUNS_MAX


def is_spent(header: str, function: str) -> bool:
    """Whether even the news that the loop was stopped goes round: from then on nothing is sent."""
    return runs_before(header, function) >= RUNS_MAX + ECHOES_MAX


@lru_cache(maxsize=REMEMBERED_MAX)
def digest_of(function: str) -> str:
    """How a lineage names a function."""
    return sha256(function.encode()).hexdigest()[:8]


def _parts(header: str) -> dict[str, str]:
    """SDKs percent-encode what they copy, `|` above all."""
    text = unquote(header) if "%" in header else header
    return {name.strip(): value.strip() for name, _, value in (part.partition("=") for part in text.split(";"))}


def _hops(lineage: str) -> list[tuple[str, int]]:
    found = (_HOP(entry) for entry in lineage.split("|")) if lineage else ()
    return [(match[1], int(match[2])) for match in found if match]
