"""CloudWatch as tests play it."""

from __future__ import annotations

from typing import Any

import pytest

from outfall.core.metrics import Dimensions, Sample
from outfall.services.cloudwatch import SERVICE, series
from tests.services.served import Served

NAMESPACE = "Mine"


class CloudWatch(Served):
    """CloudWatch, with the few moves that most tests make."""

    def put(self, *values: float, name: str = "m", namespace: str = NAMESPACE, **more: Any) -> None:
        """Samples of a metric at this moment."""
        data = [{"MetricName": name, "Value": value, **more} for value in values]
        self("PutMetricData", Namespace=namespace, MetricData=data)

    def emit(self, namespace: str, dimensions: Dimensions, *samples: Sample) -> None:
        """Samples that a service of AWS emits."""
        self.within(lambda ctx: series.emit(ctx, namespace, dimensions, samples))

    def statistics(self, *names: str, period: int = 60, minutes: int = 60, **more: Any) -> list[dict[str, Any]]:
        """Datapoints of the last minutes."""
        asked = {
            "Namespace": NAMESPACE,
            "MetricName": "m",
            "StartTime": self.now - minutes * 60_000,
            "EndTime": self.now + 60_000,
            "Period": period,
            "Statistics": list(names),
            **more,
        }
        found: list[dict[str, Any]] = self("GetMetricStatistics", **asked)["Datapoints"]
        return found


@pytest.fixture
def cloudwatch() -> CloudWatch:
    return CloudWatch(SERVICE)
