"""Metrics that the road counts about itself, and the port by which they are kept; `services/cloudwatch` reads them.

They are counted once, under the most dimensions that they have; AWS's coarser sets (a function without its version, all
functions) are made by the reader.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import msgspec

if TYPE_CHECKING:
    from outfall.core.context import Context

Dimensions = tuple[tuple[str, str], ...]
"""Names and values."""


class Sample(msgspec.Struct, frozen=True):
    """One value of one metric; `unit` is one of CloudWatch's names."""

    name: str
    value: float
    unit: str = "Count"


class Metrics(Protocol):
    """Where metrics are counted, in the account and region of the context and at its time."""

    def record(self, ctx: Context, namespace: str, dimensions: Dimensions, samples: tuple[Sample, ...]) -> None:
        """Adds samples: within this transaction, or soon after it where losing some in a crash is no loss."""

    def refresh(self, ctx: Context, namespace: str, dimensions: Dimensions) -> None:
        """Measures what is only measured when somebody looks, as the depth of a queue."""
