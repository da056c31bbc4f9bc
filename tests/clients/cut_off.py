"""A node that is cut off from the database for longer than its lease, and joined again.

`python -m tests.clients.cut_off DIRECTORY` does it on the best network that the machine allows.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from outfall.cli.client import wait_until

from .nodes import LIMIT_S, CuttableCluster, Storm
from .partition import Network, network


def cut_off(make: Callable[[Path, int], Network], directory: Path) -> None:
    """Raises AssertionError if anything was lost or settled twice, or if the node does not come back."""
    cluster = CuttableCluster(directory, make, "--time-scale", "0")
    try:
        storm = Storm(cluster.start())
        storm.rage(["cut"])
        storm.check()
        assert wait_until(lambda: len(cluster.listed()) == 3, LIMIT_S)
    finally:
        cluster.stop()


if __name__ == "__main__":
    cut_off(network, Path(sys.argv[1]))
