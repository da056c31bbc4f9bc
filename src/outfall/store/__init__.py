"""Storage engines behind the ports `Store` and `Tx` of `core.ports`, and files for large bodies.

`MemoryStore` (memory.py) says what the port means and is the twin that tests use; `SqliteStore` (sqlite.py) keeps the
same on disk, so that what was answered survives a crash. `blobs.py` keeps bodies too large for a row. Both engines
pass `tests/contracts`. No rule of AWS belongs here.
"""

from outfall.store.blobs import BlobFiles, MemoryBlobs
from outfall.store.errors import StoreError, StoreFailed, StoreFull, StoreInUse, StoreIsNewer, StoreUnreadable
from outfall.store.memory import MemoryStore
from outfall.store.sqlite import SqliteStore

__all__ = [
    "BlobFiles",
    "MemoryBlobs",
    "MemoryStore",
    "SqliteStore",
    "StoreError",
    "StoreFailed",
    "StoreFull",
    "StoreInUse",
    "StoreIsNewer",
    "StoreUnreadable",
]
