"""Every row of what AWS does is a test, or is listed with the reason why it is not."""

from __future__ import annotations

import pytest

from .rows import areas, borne, excused, rows, rows_of


@pytest.mark.parametrize("area", areas())
def test_every_row_is_tested_or_has_a_reason(area: str) -> None:
    known = borne() | excused(area).keys()
    missing = [row.id for row in rows_of(area) if row.id not in known]
    assert not missing, f"name these ids in a test, or give the reason in not_tested/{area}.toml"


@pytest.mark.parametrize("area", areas())
def test_a_reason_is_given_only_for_rows_that_are_not_tested(area: str) -> None:
    there = {row.id for row in rows_of(area)}
    needless = [known for known in excused(area) if known in borne() or known not in there]
    assert not needless, f"these are tested, or no rows: take them out of not_tested/{area}.toml"


def test_tests_name_no_row_that_is_not_there() -> None:
    assert sorted(borne() - rows().keys()) == []
