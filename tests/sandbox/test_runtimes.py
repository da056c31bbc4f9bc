"""Which program runs a runtime."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from outfall.sandbox.runtimes import Runtimes


def test_a_script_that_starts_node_is_followed_to_the_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Runtimes().node
    assert real is not None
    assert real.read_bytes()[:4] == b"\x7fELF"
    shim = tmp_path / "node"
    shim.write_text(f'#!/bin/sh\nexec {real} "$@"\n')
    shim.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert shutil.which("node") == str(shim)
    assert Runtimes().node == real


def test_a_machine_without_node_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "needs Node.js" in (Runtimes().lacking("nodejs22.x") or "")
