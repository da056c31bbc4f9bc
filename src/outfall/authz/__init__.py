"""Authorisation as one point: may this principal do this action on this resource, and if not, why not.

`authorize` asks the policies of the caller and of the resource and answers with a `Decision`, which carries what was
read and what is missing. It decides; `denial` turns a refusal into the error of the service that was called.
"""

from outfall.authz.authorize import authorize, identity_decision, judge, service_may_assume
from outfall.authz.decision import Ask, Decision
from outfall.authz.denied import Denied, denial
from outfall.authz.sessions import session_of_role

__all__ = [
    "Ask",
    "Decision",
    "Denied",
    "authorize",
    "denial",
    "identity_decision",
    "judge",
    "service_may_assume",
    "session_of_role",
]
