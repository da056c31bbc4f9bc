"""A refusal as an encoded authorization message: opaque to who gets it, read back by sts:DecodeAuthorizationMessage.

The text that it decodes to has the members of https://docs.aws.amazon.com/STS/latest/APIReference/API_DecodeAuthorizationMessage.html
"""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from typing import Any

from outfall.authz.decision import Decision

SIZE_MAX = 64 * 1024
"""Bytes of the longest message that is read back."""


def encode(decision: Decision) -> str:
    """The message that tells of a decision."""
    told = json.dumps(_told(decision), separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(zlib.compress(told, 9)).decode()


def decode(message: str) -> str | None:
    """What an encoded message says, as JSON; None if it is no such message."""
    try:
        packed = base64.b64decode(message.encode("ascii"), altchars=b"-_", validate=True)
        unpacker = zlib.decompressobj()
        data = unpacker.decompress(packed, SIZE_MAX)
        if not unpacker.eof or unpacker.unused_data:
            return None
        told = json.loads(data)
    except (binascii.Error, ValueError, zlib.error):
        return None
    return data.decode() if isinstance(told, dict) and "failures" in told else None


def _told(decision: Decision) -> dict[str, Any]:
    ask, principal = decision.ask, decision.ask.principal
    matched = [{"statement": json.loads(decision.statement)}] if decision.statement else []
    keys = [{"key": key, "values": {"items": _values(value)}} for key, value in sorted(ask.keys.items())]
    return {
        "allowed": decision.allowed,
        "explicitDeny": bool(decision.statement) and not decision.allowed,
        "matchedStatements": {"items": matched},
        "failures": {"items": []},
        "context": {
            "principal": {
                "id": principal.unique_id,
                "name": principal.user_name or principal.unique_id.rpartition(":")[2],
                "arn": principal.arn,
            },
            "action": ask.action,
            "resource": ask.resource,
            "conditions": {"items": keys},
        },
    }


def _values(value: Any) -> list[dict[str, str]]:
    return [{"value": one} for one in ([value] if isinstance(value, str) else value)]
