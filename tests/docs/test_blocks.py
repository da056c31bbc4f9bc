"""Every code block of the README and the docs, run as a reader would run it, in order, on a fresh clone."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.clients.server import free_port, plain_environment

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
THIS_RUN = "./test\n"
"""The command that runs this test; running it here would never end."""

INSTALL_S_MAX = 900
OF_THE_CONSOLE = ("README.md", "console.md")
"""Pages whose reader gets the console; for the others that would be time lost."""
BUILT = Path("src/outfall/_console")
"""It is built anew for the reader of the README only. The next one finds it as this tree has it."""


def blocks(page: Path) -> list[tuple[str, str]]:
    return BLOCK.findall(page.read_text())


def script(page: Path) -> str:
    """The blocks of a page as one shell script; Python blocks become here-documents."""
    lines = ["set -e"]
    for language, text in blocks(page):
        assert language in ("sh", "python"), f"{page.name} has a block in {language or 'no language'}: nobody runs it"
        if text == THIS_RUN:
            continue
        lines.append(text if language == "sh" else f"python - <<'OUTFALL_BLOCK'\n{text}OUTFALL_BLOCK\n")
    return "\n".join(lines)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """What git would hand to somebody else, with this interpreter as its python3."""
    listed = ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0")
    for name in filter(None, names):
        if (ROOT / name).is_file():
            (tmp_path / "clone" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, tmp_path / "clone" / name)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python3").symlink_to(Path(sys.base_prefix) / "bin" / "python3")
    return tmp_path / "clone"


@pytest.mark.timeout(INSTALL_S_MAX)
@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page)], ids=lambda page: page.name)
def test_the_blocks_of_a_page_run(page: Path, clone: Path) -> None:
    environment = plain_environment()
    # The reader's own venv comes first once it is activated; the AWS CLI is the one that the tests installed.
    environment["PATH"] = f"{clone.parent / 'bin'}{os.pathsep}{environment['PATH']}"
    environment["HOME"] = str(clone.parent)
    environment["OUTFALL_PORT"] = str(free_port())
    environment["OUTFALL_DATA"] = str(clone.parent / "data")
    environment["OUTFALL_CONSOLE"] = "require" if page.name in OF_THE_CONSOLE else "skip"
    environment["npm_config_cache"] = str(Path("~/.npm").expanduser())
    if page.name == "console.md" and (ROOT / BUILT).is_dir():
        shutil.copytree(ROOT / BUILT, clone / BUILT)
    try:
        done = subprocess.run(
            ["bash", "-c", script(page)], cwd=clone, env=environment, capture_output=True, text=True, check=False
        )
    finally:
        subprocess.run([sys.executable, "-m", "outfall", "down"], env=environment, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    if page.name == "README.md":
        assert "Both records are as AWS writes them." in done.stdout
        assert "hello" in done.stdout


def test_the_readme_has_its_two_commands() -> None:
    assert [text for language, text in blocks(ROOT / "README.md") if language == "sh"][:2] == [
        "python3 -m venv .venv && .venv/bin/pip install . && .venv/bin/outfall demo\n",
        THIS_RUN,
    ]
    assert (ROOT / ".ci" / "run").read_text().rstrip().endswith("exec ./test")
