"""STS: who one is, and temporary credentials."""

from outfall.core.service import Service
from outfall.services.sts.assume import assume_role
from outfall.services.sts.telling import decode_authorization_message, get_access_key_info, get_caller_identity
from outfall.services.sts.tokens import get_federation_token, get_session_token
from outfall.services.sts.web_identity import assume_role_with_web_identity

SERVICE = Service.of(
    "sts",
    (get_caller_identity, get_access_key_info, decode_authorization_message),
    (assume_role, assume_role_with_web_identity, get_session_token, get_federation_token),
)
