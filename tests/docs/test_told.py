"""What is there is told: every command, private route, dependency and page; and what is told is there."""

from __future__ import annotations

import re
import tomllib
from itertools import chain
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from outfall.cli import COMMANDS
from outfall.host.private import Facade, PrivateApi
from outfall.store.memory import MemoryStore

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
PAGES = {path.name: path.read_text() for path in sorted((ROOT / "docs").glob("*.md"))}
SOURCE = ROOT / "src" / "outfall"
API = "/_outfall/api/"


def test_every_command_is_in_the_readme() -> None:
    table = "\n".join(line.split(" | ")[0] for line in README.splitlines() if line.startswith("| `"))
    told = set(re.findall(r"`([a-z]+)", table))
    assert told == set(COMMANDS)


def test_every_private_route_is_described() -> None:
    routes = PrivateApi(cast(Facade, SimpleNamespace(store=MemoryStore()))).routes
    told = {one.partition("?")[0] for one in re.findall(r"`((?:GET|POST) [^`]+)`", PAGES["private-api.md"])}
    served = {
        f"{route.method} " + re.sub(r"\{\w+\}", "NAME", route.path.removeprefix(API))
        for route in routes
        if route.path.startswith(API)
    }
    assert served == {re.sub(r"\b[A-Z]{2,}\b(?!\s)", "NAME", one) for one in told}


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    told = PAGES["dependencies.md"]
    extras = project["optional-dependencies"]
    needed = [re.split(r"[\[<>~;= ]", one)[0] for one in chain(project["dependencies"], *extras.values())]
    words = set(re.findall(r"[\w-]+", told))
    for name in needed:
        assert {name, name.removeprefix("pytest-")} & words, f"why {name}?"
    for extra in re.findall(r"outfall\[([\w-]+)\]", "\n".join([README, *PAGES.values()])):
        assert extra in extras, f"there is no extra {extra}"


def test_every_page_is_found_from_the_readme() -> None:
    found, left = set(), set(re.findall(r"\]\(docs/([\w-]+\.md)", README))
    while left:
        page = left.pop()
        found.add(page)
        left |= set(re.findall(r"\]\(([\w-]+\.md)", PAGES[page])) - found
    assert found == set(PAGES)


@pytest.mark.parametrize("page", PAGES)
def test_files_that_a_page_names_are_there(page: str) -> None:
    for name in re.findall(r"`(?:src/outfall/)?(\w+/[\w/]*(?:\.py)?)`", PAGES[page]):
        if (SOURCE / name.split("/")[0]).is_dir():
            assert (SOURCE / name).exists(), f"{name} is named, and not there"
