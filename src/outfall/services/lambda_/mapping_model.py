"""The row of an event source mapping. No rules."""

from __future__ import annotations

import msgspec

from outfall.core.ports import Table
from outfall.flow.polling.rules import Polling


class MappingRow(msgspec.Struct, frozen=True):
    """An event source mapping. Key: account, region, UUID."""

    account: str
    region: str
    uuid: str
    polling: Polling
    enabled: bool
    """Whether it is to be polled, once its state has followed."""
    state: str
    modified_ms: int
    tags: tuple[tuple[str, str], ...] = ()

    @property
    def key(self) -> tuple[str, str, str]:
        """Where its row lies."""
        return (self.account, self.region, self.uuid)

    @property
    def arn(self) -> str:
        """Its ARN."""
        return f"arn:aws:lambda:{self.region}:{self.account}:event-source-mapping:{self.uuid}"


MAPPINGS = Table("lambda.event_source_mappings", MappingRow)
