"""Managed policies that AWS provides, from `aws_managed.json`: those for the services of this house, with AWS's own
documents. What the data is and where it is from stands at its beginning."""

from __future__ import annotations

import base64
from datetime import datetime
from functools import cache
from hashlib import sha256
from importlib.resources import files

import msgspec

from outfall.services.iam.model import ManagedPolicy, Version


class _Row(msgspec.Struct):
    name: str
    path: str
    version: str
    created: datetime
    updated: datetime
    document: msgspec.Raw


class _File(msgspec.Struct):
    policies: list[_Row]


@cache
def aws_managed() -> dict[str, ManagedPolicy]:
    """All of them by ARN; read when they are first asked for."""
    data = files("outfall.services.iam").joinpath("aws_managed.json").read_bytes()
    policies = [_policy(row) for row in msgspec.json.decode(data, type=_File).policies]
    return {policy.arn: policy for policy in policies}


def _policy(row: _Row) -> ManagedPolicy:
    created_ms, updated_ms = (round(at.timestamp() * 1000) for at in (row.created, row.updated))
    return ManagedPolicy(
        account="aws",
        name=row.name,
        path=row.path,
        id=_id(row.name),
        created_ms=created_ms,
        updated_ms=updated_ms,
        versions=(Version(row.version, bytes(row.document).decode(), updated_ms),),
        default=row.version,
    )


def _id(name: str) -> str:
    """A unique id that never changes, made of the name."""
    return "ANPA" + base64.b32encode(sha256(name.encode()).digest()).decode()[:17]
