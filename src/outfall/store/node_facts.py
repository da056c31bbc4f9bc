"""What a node tells of itself."""

from __future__ import annotations

import msgspec


class NodeFacts(msgspec.Struct, frozen=True):
    """A node, as it last told of itself; times are the database's, in milliseconds."""

    id: str
    endpoint: str
    version: str
    started_ms: int = 0
    seen_ms: int = 0
    running: int = 0
