"""Clients that do not fit into the tests' own environment, each set installed once beside it and used by all tests;
and how their programs are run.

s3fs and aioboto3 pin an older botocore; Powertools belongs into a function's archive; the JavaScript SDK is Node's.
A set lies in `.cache/` under the digest of what it holds, so a new version of a requirement is a new folder.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from .server import Server, plain_environment

RUN_S_MAX = 200
INSTALL_S_MAX = 240

_CACHE = Path(__file__).parents[2] / ".cache" / "clients"


def python_with(*requirements: str) -> Path:
    """The Python of a virtual environment that holds these requirements."""

    def make(folder: Path) -> None:
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True, timeout=INSTALL_S_MAX)
        _pip(folder / "bin" / "python", *requirements)

    return _set("venv", requirements, make) / "bin" / "python"


def site_with(*requirements: str) -> Path:
    """A folder that holds these requirements as a function's archive does."""
    return _set("site", requirements, lambda folder: _pip(Path(sys.executable), "--target", str(folder), *requirements))


def node_modules_with(*packages: str) -> Path:
    """A folder whose `node_modules` holds these packages; scripts in it may import them."""

    def make(folder: Path) -> None:
        folder.mkdir()
        (folder / "package.json").write_text('{"private": true, "type": "module"}')
        npm = [command("npm"), "install", "--ignore-scripts", "--no-audit", "--no-fund", "--silent", *packages]
        subprocess.run(npm, cwd=folder, check=True, timeout=INSTALL_S_MAX)

    return _set("node", packages, make)


def command(name: str) -> str:
    """A program's path, preferring what is installed beside this Python."""
    found = shutil.which(name, path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
    assert found, f"{name} is not installed"
    return found


def environment(server: Server) -> dict[str, str]:
    """What `outfall env` prints, beside this process's own."""
    return {
        **plain_environment(),
        "AWS_ENDPOINT_URL": server.endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def run(server: Server, *command: str | Path, cwd: Path | None = None) -> str:
    """What a program prints; it has to succeed."""
    parts = [str(one) for one in command]
    done = subprocess.run(
        parts, cwd=cwd, env=environment(server), capture_output=True, text=True, timeout=RUN_S_MAX, check=False
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


def _pip(python: Path, *arguments: str) -> None:
    quiet = ["--quiet", "--disable-pip-version-check", "--no-input"]
    subprocess.run([str(python), "-m", "pip", "install", *quiet, *arguments], check=True, timeout=INSTALL_S_MAX)


def _set(kind: str, names: tuple[str, ...], make: Callable[[Path], None]) -> Path:
    """The folder of a set; made under a lock, since tests run in several processes."""
    digest = hashlib.sha256("\n".join([sys.version, *names]).encode()).hexdigest()[:16]
    folder = _CACHE / f"{kind}-{digest}"
    _CACHE.mkdir(parents=True, exist_ok=True)
    with (_CACHE / f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / ".complete").exists():
            shutil.rmtree(folder, ignore_errors=True)
            make(folder)
            (folder / ".complete").touch()
    return folder
