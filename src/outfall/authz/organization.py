"""The document that describes an organisation at start: what may stand in it, and what it means.

Either one service control policy, which then binds every account, or:

    {"Id": "o-exampleorgid", "ManagementAccount": "999999999999",
     "Levels": [{"Accounts": ["111111111111"],
                 "ServiceControlPolicies": {"p-full": {...}}, "ResourceControlPolicies": {"p-own": {...}}}]}

Levels go from the root down; one without `Accounts` concerns every account. At each level that has service control
policies one of them has to allow what is done: there is no `FullAWSAccess` unless it is written down.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from outfall.authz.documents import read_json
from outfall.authz.grammar import organization_problem
from outfall.core.organization import Level, Organization
from outfall.core.ports import NamedPolicy

DEFAULT_ID = "o-outfall000"
_ACCOUNT = re.compile(r"\d{12}", re.ASCII)
_POLICY_ID = re.compile(r"[0-9A-Za-z_-]{1,128}", re.ASCII)
_MEMBERS = {"Id", "ManagementAccount", "Levels"}
_LEVEL = {"Accounts", "ServiceControlPolicies", "ResourceControlPolicies"}


class BadOrganization(Exception):
    """What is wrong with the document, in one line."""


def read_organization(text: str) -> Organization:
    """The organisation that a document describes; raises `BadOrganization`."""
    told = read_json(text)
    if not isinstance(told, dict):
        raise BadOrganization("it is not a JSON object")
    if "Statement" in told:
        told = {"Levels": [{"ServiceControlPolicies": {"p-outfall": told}}]}
    _no_more(told, _MEMBERS, "the document")
    management = told.get("ManagementAccount", "")
    if management != "":
        _account(management)
    id_, levels = told.get("Id", DEFAULT_ID), told.get("Levels")
    if not isinstance(id_, str) or not re.fullmatch(r"o-[a-z0-9]{10,32}", id_):
        raise BadOrganization("Id is as o-exampleorgid: o- and 10 to 32 letters and digits")
    if not isinstance(levels, list):
        raise BadOrganization("Levels is a list, from the root down")
    prefix = f"arn:aws:organizations::{management or '000000000000'}:policy/{id_}/"
    return Organization(id_, management, tuple(_level(one, prefix) for one in levels))


def _level(told: Any, prefix: str) -> Level:
    if not isinstance(told, dict):
        raise BadOrganization("a level is an object")
    _no_more(told, _LEVEL, "a level")
    accounts = told.get("Accounts", [])
    if not isinstance(accounts, list):
        raise BadOrganization("Accounts is a list of account ids")
    for account in accounts:
        _account(account)
    return Level(
        frozenset(accounts),
        _policies(told, "ServiceControlPolicies", f"{prefix}service_control_policy/", resource=False),
        _policies(told, "ResourceControlPolicies", f"{prefix}resource_control_policy/", resource=True),
    )


def _policies(told: dict[str, Any], member: str, prefix: str, *, resource: bool) -> tuple[NamedPolicy, ...]:
    given = told.get(member, {})
    if not isinstance(given, dict):
        raise BadOrganization(f"{member} maps the id of each policy to its document")
    made = []
    for id_, document in given.items():
        text = msgspec.json.encode(document).decode()
        problem = organization_problem(text, resource=resource)
        if not _POLICY_ID.fullmatch(id_) or problem is not None:
            raise BadOrganization(f"{member} {id_}: {problem or 'an id has letters, digits, - and _'}")
        made.append(NamedPolicy(prefix + id_, text))
    return tuple(made)


def _account(told: Any) -> None:
    if not isinstance(told, str) or not _ACCOUNT.fullmatch(told):
        raise BadOrganization(f"an account is twelve digits, not {told!r}")


def _no_more(told: dict[str, Any], known: set[str], where: str) -> None:
    unknown = sorted(told.keys() - known)
    if unknown:
        raise BadOrganization(f"{where} has {', '.join(sorted(known))}, not {unknown[0]!r}")
