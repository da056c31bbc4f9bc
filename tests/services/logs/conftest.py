"""CloudWatch Logs as tests play it."""

from __future__ import annotations

import pytest

from outfall.services.logs import SERVICE
from tests.services.served import Served


@pytest.fixture
def logs() -> Served:
    """Logs with a group `g` and in it a stream `s`."""
    served = Served(SERVICE)
    served("CreateLogGroup", logGroupName="g")
    served("CreateLogStream", logGroupName="g", logStreamName="s")
    return served
