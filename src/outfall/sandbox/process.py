"""The driver for machines without namespaces: plain processes, apart only by session and directory.

Code runs from the cache directory, under the names of /var/task in stack traces. /tmp is the machine's own; TMPDIR
points to the environment's directory.
"""

from __future__ import annotations

from outfall.sandbox.driver import INSIDE, Driver, Layout, interpreter, library_files


def process_driver(layout: Layout) -> Driver:
    """Plain processes. Makes the library directory of links."""
    layout.library.mkdir(parents=True, exist_ok=True)
    for name, path in library_files().items():
        link = layout.library / name
        if not link.is_symlink() or link.readlink() != path:
            link.unlink(missing_ok=True)
            link.symlink_to(path)
    return Driver(
        kind="process",
        isolated=False,
        command=(str(interpreter()[0]),),
        inside=str(INSIDE.parent),
        library=str(layout.library),
        store=str(layout.directory),
    )
