"""No member of a request is passed over: code reads it, or a table says why not."""

from __future__ import annotations

import tomllib
from pathlib import Path

import botocore.session
import pytest

from outfall.core.service import Service
from outfall.services import cloudwatch, events, lambda_, logs, sns, sqs

from .members import unread

SERVICES = [module.SERVICE for module in (cloudwatch, events, lambda_, logs, sns, sqs)]
NOT_READ = tomllib.loads((Path(__file__).parent / "not_read.toml").read_text("utf-8"))


def paths(service: Service) -> dict[str, str]:
    """Each member that no code reads, as a path, with an operation that has it."""
    models = botocore.session.get_session().get_service_model(service.name)
    return {
        path: operation.name
        for operation in service.operations.values()
        for path in unread(models.operation_model(operation.name).input_shape, operation)
    }


def covers(reason: str, path: str) -> bool:
    return path == reason or path.startswith(f"{reason}.")


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_every_member_is_read_or_has_a_reason(service: Service) -> None:
    reasons, found = NOT_READ.get(service.name, {}), paths(service)
    missing = {path: name for path, name in found.items() if not any(covers(reason, path) for reason in reasons)}
    assert not missing, "read these members, refuse them with NotServed, or give the reason in not_read.toml"
    needless = [reason for reason in reasons if not any(covers(reason, path) for path in found)]
    assert not needless, "these are read: take them out of not_read.toml"


def test_a_member_that_is_not_read_is_found() -> None:
    assert paths(events.SERVICE)["Targets.EcsParameters"] == "PutTargets"
    assert "Targets.Arn" not in paths(events.SERVICE)
