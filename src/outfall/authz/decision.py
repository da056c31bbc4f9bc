"""The question that authorisation is asked, and the answer it gives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from outfall.authz.glob import KeyValue
from outfall.authz.keys import Given
from outfall.core.principal import Principal


class Ask(msgspec.Struct, frozen=True):
    """A question: may this principal do this action on this resource?

    `keys` are condition keys beside those that are worked out from the call and its `parameters`. `resource_policy` is
    the document at the resource, if there is one; `resource_account` is its owner where the ARN does not tell (S3).
    `acts`: the principal does it now; False where somebody only looks whether it could.
    """

    principal: Principal
    action: str
    resource: str
    keys: Given = {}
    resource_policy: str | None = None
    resource_account: str = ""
    parameters: Mapping[str, Any] | None = None
    acts: bool = True


class Decision(msgspec.Struct, frozen=True):
    """The answer. `reason` ends AWS's message; `policies` names those that were read.

    `statement` is the JSON of the statement that decided, or empty, `policy` the name of the policy it stands in, and
    `kind` what sort of policy decided (as `identity-based policy`). `missing` is the JSON of a statement that would
    allow it, or empty.

    `seen` holds the condition keys that the policies asked for, in lower case, with what the request had.

    `audited`: AWS would have refused, for `reason`; it was allowed since the server only audits.
    """

    allowed: bool
    ask: Ask
    reason: str = ""
    policies: tuple[str, ...] = ()
    statement: str = ""
    missing: str = ""
    policy: str = ""
    kind: str = ""
    audited: bool = False
    seen: Mapping[str, KeyValue] = {}
