"""When access keys and roles were used last: written by authentication, once a minute at most, read by IAM.

AWS too tells it late and coarsely. Rule: https://docs.aws.amazon.com/IAM/latest/APIReference/API_AccessKeyLastUsed.html
"""

from __future__ import annotations

from typing import Any

from outfall.core.ports import Tx
from outfall.core.principal import Principal
from outfall.services.iam.handlers import whole_second
from outfall.services.iam.model import LAST_USED, LastUsed

EVERY_MS = 60_000


def note_use(tx: Tx, access_key_id: str, principal: Principal, service: str, region: str, now_ms: int) -> None:
    """Remembers that a user's key, or a session of a role, made a call."""
    if principal.kind == "session" and principal.role_arn:
        spot = principal.unique_id.partition(":")[0]
    elif principal.kind == "user" and access_key_id.startswith("AKIA"):
        spot = access_key_id
    else:
        return
    known = tx.get(LAST_USED, (spot,))
    recent = known is not None and 0 <= now_ms - known.at_ms < EVERY_MS
    if known is None or not recent or (known.service, known.region) != (service, region):
        tx.put(LAST_USED, (spot,), LastUsed(now_ms, service, region))


def show_key_use(tx: Tx, access_key_id: str) -> dict[str, Any]:
    """`AccessKeyLastUsed` of a key; without a date if it was never used."""
    known = tx.get(LAST_USED, (access_key_id,))
    if known is None:
        return {"ServiceName": "N/A", "Region": "N/A"}
    return {"LastUsedDate": whole_second(known.at_ms), "ServiceName": known.service, "Region": known.region}


def show_role_use(tx: Tx, role_id: str) -> dict[str, Any]:
    """`RoleLastUsed` of a role; empty if it was never used."""
    known = tx.get(LAST_USED, (role_id,))
    return {} if known is None else {"LastUsedDate": whole_second(known.at_ms), "Region": known.region}
