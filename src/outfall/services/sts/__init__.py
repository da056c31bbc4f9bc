"""STS: who one is, and temporary credentials."""

from outfall.core.service import Service
from outfall.services.sts.assume import assume_role, get_session_token
from outfall.services.sts.identity import get_caller_identity

SERVICE = Service.of("sts", (get_caller_identity, assume_role, get_session_token))
