"""The private API's routes: each is described, with the parameters it has, and nothing else is."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import outfall.host
from outfall.host.private import Facade, PrivateApi
from outfall.store.memory import MemoryStore

DESCRIPTION: dict[str, Any] = json.loads(Path(outfall.host.__file__).with_name("openapi.json").read_text())
ALIASES = ("/_localstack/", "/_outfall/health")


def described() -> dict[tuple[str, str], set[str]]:
    """Query parameters by method and path."""
    shared = DESCRIPTION["components"]["parameters"]
    told = {}
    for path, operations in DESCRIPTION["paths"].items():
        for method, operation in operations.items():
            given = [shared.get(one.get("$ref", "").rpartition("/")[2], one) for one in operation.get("parameters", ())]
            told[method.upper(), path] = {one["name"] for one in given if one["in"] == "query"}
    return told


def test_what_is_routed_is_described_and_what_is_described_is_routed() -> None:
    api = PrivateApi(cast(Facade, SimpleNamespace(store=MemoryStore())))
    routed = {
        (route.method, route.path): set(route.parameters) for route in api.routes if not route.path.startswith(ALIASES)
    }
    assert routed == described()


def test_what_changes_something_asks_for_the_header() -> None:
    for path, operations in DESCRIPTION["paths"].items():
        for method, operation in operations.items():
            asks = {"$ref": "#/components/parameters/Header"} in operation.get("parameters", ())
            assert asks == (method != "get"), f"{method} {path}"
