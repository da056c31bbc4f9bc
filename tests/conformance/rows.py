"""The rows of `cases.json`, the ids that tests bear, and the reasons of those that none bears.

A test bears a row by naming its id (`async-031`, `rec-127`, or `esm_001` in its own name) anywhere in its file: in a
docstring, a comment or a table.
"""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
TESTS = HERE.parent

_id = re.compile(
    r"(?<![A-Za-z0-9-])(async|dest|dlq|esm|iam|lambda|logs|rec|s3|sigv4|sns|sqs|sts)[-_]([0-9]{3})(?![0-9])"
)


@dataclass(frozen=True, slots=True)
class Row:
    """One row: given, when, then, as `cases.json` has it."""

    id: str
    area: str
    told: dict[str, Any]

    @property
    def code(self) -> str:
        """The code of the error that AWS answered, or empty."""
        return str(self.told["then"].get("code", ""))

    @property
    def message(self) -> str:
        """The message of the error that AWS answered, or empty."""
        return str(self.told["then"].get("message", ""))


@cache
def rows() -> dict[str, Row]:
    """Every row by its id."""
    cases = json.loads((HERE / "cases.json").read_text("utf-8"))["cases"]
    return {case["id"]: Row(case["id"], case["area"], case) for case in cases}


def rows_of(area: str) -> list[Row]:
    """The rows of one area."""
    return [row for row in rows().values() if row.area == area]


@cache
def areas() -> tuple[str, ...]:
    """The areas that there are."""
    return tuple(sorted({row.area for row in rows().values()}))


@cache
def borne() -> frozenset[str]:
    """The ids that stand in a test's file."""
    found: set[str] = set()
    for file in sorted(TESTS.rglob("test_*.py")):
        found.update("-".join(parts) for parts in _id.findall(file.read_text("utf-8")))
    return frozenset(found)


def excused(area: str) -> dict[str, str]:
    """The rows of an area that are not tested, each with the reason."""
    file = HERE / "not_tested" / f"{area}.toml"
    return dict(tomllib.loads(file.read_text("utf-8"))) if file.exists() else {}
