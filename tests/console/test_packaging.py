"""The console in the package: built from what is in the tree, in the wheel, and what an install without it says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from outfall.host.console import DIRECTORY

ROOT = Path(__file__).parents[2]
NO_REGISTRY = "http://127.0.0.1:9"
"""Nobody listens there."""


def build(source: Path, out: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """`python -m build --wheel`, as pip builds: with what the build itself asks for."""
    return subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--outdir", str(out), str(source)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=110,
    )


def names_in(out: Path) -> list[str]:
    (wheel,) = out.glob("*.whl")
    return zipfile.ZipFile(wheel).namelist()


def copy_of_the_tree(to: Path) -> Path:
    """What git knows of the tree: nothing that was built."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, listed.split("\0")):
        if name.startswith(("console/", "scripts/", "src/", "pyproject.toml", "README.md", "LICENSE")):
            target = to / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if (ROOT / name).is_file():
                target.write_bytes((ROOT / name).read_bytes())
    return to


def test_the_wheel_holds_the_console_and_none_of_its_sources(tmp_path: Path) -> None:
    done = build(ROOT, tmp_path, OUTFALL_CONSOLE="require")
    assert done.returncode == 0, done.stdout + done.stderr
    names = names_in(tmp_path)
    assert "outfall/_console/index.html" in names
    assert "outfall/_console/THIRD-PARTY.txt" in names
    assert any(name.startswith("outfall/_console/assets/") and name.endswith(".js.br") for name in names)
    assert not [name for name in names if name.endswith((".ts", ".tsx")) or "node_modules" in name]


def test_without_the_npm_registry_it_installs_and_says_what_is_missing(tmp_path: Path) -> None:
    tree, empty = copy_of_the_tree(tmp_path / "tree"), tmp_path / "npm-cache"
    done = build(tree, tmp_path / "out", npm_config_registry=NO_REGISTRY, npm_config_cache=str(empty))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Outfall is installed without its console" in done.stdout + done.stderr
    assert not [name for name in names_in(tmp_path / "out") if "_console" in name]


@pytest.mark.parametrize("mode, built", [("skip", True), ("require", False)])
def test_the_console_can_be_left_out_or_insisted_on(tmp_path: Path, mode: str, built: bool) -> None:
    tree, empty = copy_of_the_tree(tmp_path / "tree"), tmp_path / "npm-cache"
    registry = {"npm_config_registry": NO_REGISTRY, "npm_config_cache": str(empty)}
    done = build(tree, tmp_path / "out", OUTFALL_CONSOLE=mode, **registry)
    assert (done.returncode == 0) == built, done.stdout + done.stderr


def test_nothing_built_is_committed_and_no_registry_is_named() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split(
        "\n"
    )
    assert not [name for name in listed if "_console/" in name and name.startswith("src/")]
    lock = json.loads((ROOT / "console" / "package-lock.json").read_text())
    assert [name for name, one in lock["packages"].items() if "resolved" in one] == []


def test_the_console_names_what_others_wrote() -> None:
    told = (DIRECTORY / "THIRD-PARTY.txt").read_text()
    for name in ("react ", "@cloudscape-design/components ", "ace-builds ", "@aws-sdk/client-s3 ", "fflate "):
        assert f"\n{name}" in f"\n{told}"
