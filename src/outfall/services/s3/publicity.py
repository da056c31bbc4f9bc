"""Whether a bucket policy lets everybody in, as S3 judges it.

Rule: https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
("The meaning of public")
"""

from __future__ import annotations

import json
from ipaddress import ip_network
from typing import Any

NARROWING_KEYS = """
    aws:sourcearn aws:sourcevpc aws:sourcevpce aws:sourceowner aws:sourceaccount aws:userid aws:principalorgid
    aws:principalarn aws:principalaccount s3:dataaccesspointarn s3:dataaccesspointaccount
"""
NARROWING = frozenset(NARROWING_KEYS.split())
"""Condition keys whose fixed values make a grant to everybody one to some."""

IPV4_PREFIX_MIN = 8
IPV6_PREFIX_MIN = 32
POSITIVE = ("string", "arn", "ipaddress", "foranyvalue:string", "foranyvalue:arn")


def is_public_policy(text: str) -> bool:
    """Whether a statement of this policy allows something to everybody."""
    try:
        statements = json.loads(text)["Statement"]
    except (ValueError, KeyError, TypeError):
        return False
    return any(_is_public(one) for one in (statements if isinstance(statements, list) else [statements]))


def _is_public(statement: dict[str, Any]) -> bool:
    if statement.get("Effect") != "Allow":
        return False
    principal = statement.get("Principal")
    named = principal.get("AWS") if isinstance(principal, dict) else principal
    everybody = named == "*" or (isinstance(named, list) and "*" in named) or "NotPrincipal" in statement
    return everybody and not _narrowed(statement.get("Condition") or {})


def _narrowed(condition: dict[str, Any]) -> bool:
    for operator, keys in condition.items():
        name = operator.lower()
        if not name.startswith(POSITIVE) or "not" in name:
            continue
        for key, given in keys.items():
            values = [str(one) for one in (given if isinstance(given, list) else [given])]
            if key.lower() == "aws:sourceip":
                if all(_small(one) for one in values):
                    return True
            elif key.lower() in NARROWING and not any("*" in one or "?" in one or "${" in one for one in values):
                return True
    return False


def _small(text: str) -> bool:
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        return False
    if network.is_private:
        return True
    return network.prefixlen >= (IPV4_PREFIX_MIN if network.version == 4 else IPV6_PREFIX_MIN)
