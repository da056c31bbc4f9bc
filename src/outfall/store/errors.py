"""What can go wrong with a store, each in one line that a person can act on."""

from __future__ import annotations


class StoreError(Exception):
    """The store cannot do this."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__((type(self).__doc__ or "").strip() if message is None else message)


class StoreIsNewer(StoreError):
    """The data directory was written by a newer version of Outfall; this version leaves it alone."""


class StoreInUse(StoreError):
    """Another process is working on the data directory."""


class StoreUnreadable(StoreError):
    """The data directory cannot be read."""


class StoreFull(StoreError):
    """There is no space left on the disk; nothing of this was kept. It works again when there is space."""


class StoreFailed(StoreError):
    """The disk failed to keep what was written; nothing more is accepted until the store is opened again."""


class StoreUnavailable(StoreError):
    """The database does not answer; what was asked of it may or may not have been kept."""


class StoreBusy(StoreError):
    """Too many others changed the same at the same time; nothing of this was kept."""
