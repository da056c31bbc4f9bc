"""What `outfall explain` gathers where many nodes keep decisions, each its own."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import click
import pytest
from click.testing import CliRunner

from outfall.cli import permissions

ONE, TWO, AWAY = (f"http://127.0.0.1:{port}" for port in (4566, 4567, 4568))
NODES = [{"endpoint": endpoint, "this": endpoint == ONE} for endpoint in (ONE, TWO, AWAY)]


def decision(request_id: str, at_ms: int) -> dict[str, Any]:
    """One that refused."""
    empty = dict.fromkeys(("kind", "policy", "statement", "missing", "missing_in"), "")
    asked = {"principal": "arn:aws:iam::000000000000:user/u", "principal_kind": "user", "action": "sqs:ListQueues"}
    told = {"resource": "*", "context": {}, "absent": [], "policies": [], "message": "refused"}
    when = {"at_ms": at_ms, "request_id": request_id, "operation": "ListQueues"}
    return when | empty | asked | told | {"allowed": False, "audited": False}


KNOWN = {ONE: [decision("first", 1_000)], TWO: [decision("second", 2_000)]}


@pytest.fixture
def nodes(monkeypatch: pytest.MonkeyPatch) -> None:
    def ask(endpoint: str, path: str, **_: Any) -> dict[str, Any]:
        if endpoint == AWAY:
            raise click.ClickException("no Outfall answers")
        parts = urlsplit(path)
        if parts.path == "/_outfall/health":
            return {"nodes": NODES}
        if parts.path != "/_outfall/api/decisions":
            raise click.ClickException("no such event")
        wanted = parse_qs(parts.query).get("request", [""])[0]
        return {"decisions": [one for one in KNOWN[endpoint] if wanted in ("", one["request_id"])]}

    monkeypatch.setattr(permissions, "ask", ask)


def explain(*arguments: str) -> Any:
    return CliRunner().invoke(permissions.explain, [*arguments, "--endpoint", ONE])


@pytest.mark.parametrize("request_id", ["first", "second"])
def test_whichever_node_decided_is_found(nodes: None, request_id: str) -> None:
    told = explain(request_id)
    assert told.exit_code == 0
    assert request_id in told.stdout


def test_refusals_of_all_nodes_come_newest_first(nodes: None) -> None:
    told = explain("--refused")
    assert told.stdout.index("second") < told.stdout.index("first")
    assert told.stderr == f"these nodes did not answer: {AWAY}\n"


def test_what_no_node_knows_may_be_known_to_one_that_is_away(nodes: None) -> None:
    told = explain("third")
    assert told.exit_code == 1
    assert told.stderr.endswith(f"the server keeps the latest in memory; these nodes did not answer: {AWAY}\n")
