"""botocore's own protocol cases, taken from its source distribution when the tests run; none of them is kept here."""

from __future__ import annotations

import fcntl
import subprocess
import sys
import tarfile
from importlib.metadata import version
from pathlib import Path

import pytest

from outfall.wire.models import Models


@pytest.fixture(scope="session")
def models() -> Models:
    """The models of the installed botocore."""
    return Models()


@pytest.fixture(scope="session")
def protocol_cases(request: pytest.FixtureRequest) -> Path:
    """A folder with `input/*.json` and `output/*.json` of the installed version; fetched once, by one worker."""
    assert request.config.cache is not None
    home = Path(request.config.cache.mkdir(f"botocore-{version('botocore')}"))
    with open(home / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (home / "protocols" / "complete").exists():
            fetch(home)
    return home / "protocols"


def fetch(home: Path) -> None:
    """Downloads the source distribution and keeps its protocol cases."""
    wanted = f"botocore=={version('botocore')}"
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--no-binary", "botocore", "-d", str(home), wanted]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"pip could not fetch the cases:\n{done.stdout}\n{done.stderr}"
    archive = next(home.glob("*.tar.gz"))
    with tarfile.open(archive) as packed:
        for member in packed:
            parts = Path(member.name).parts
            if parts[1:4] == ("tests", "unit", "protocols") and len(parts) == 6 and parts[4] in ("input", "output"):
                content = packed.extractfile(member)
                assert content is not None
                place = home / "protocols" / parts[4] / parts[5]
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(content.read())
    archive.unlink()
    (home / "protocols" / "complete").touch()
