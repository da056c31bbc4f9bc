"""A fresh account for each test."""

from __future__ import annotations

import pytest

from tests.services.iam.desk import Desk


@pytest.fixture
def desk() -> Desk:
    return Desk()
