"""IAM: roles, users, groups, policies and access keys, per account."""

from outfall.core.service import Service
from outfall.services.iam.account import ACCOUNT_OPERATIONS
from outfall.services.iam.aliases import ALIAS_OPERATIONS
from outfall.services.iam.attachments import ATTACHMENT_OPERATIONS
from outfall.services.iam.entities import ENTITY_OPERATIONS
from outfall.services.iam.groups import GROUP_OPERATIONS
from outfall.services.iam.inline import INLINE_OPERATIONS
from outfall.services.iam.key_operations import KEY_OPERATIONS
from outfall.services.iam.linked_roles import LINKED_ROLE_OPERATIONS
from outfall.services.iam.never import NEVER_OPERATIONS
from outfall.services.iam.oidc import OIDC_OPERATIONS
from outfall.services.iam.policies import POLICY_OPERATIONS
from outfall.services.iam.profiles import PROFILE_OPERATIONS
from outfall.services.iam.roles import ROLE_OPERATIONS
from outfall.services.iam.service_credentials import SERVICE_CREDENTIAL_OPERATIONS
from outfall.services.iam.simulate import SIMULATE_OPERATIONS
from outfall.services.iam.tagging import TAG_OPERATIONS
from outfall.services.iam.users import USER_OPERATIONS

SERVICE = Service.of(
    "iam",
    ROLE_OPERATIONS,
    INLINE_OPERATIONS,
    ATTACHMENT_OPERATIONS,
    POLICY_OPERATIONS,
    USER_OPERATIONS,
    KEY_OPERATIONS,
    GROUP_OPERATIONS,
    PROFILE_OPERATIONS,
    TAG_OPERATIONS,
    ENTITY_OPERATIONS,
    SIMULATE_OPERATIONS,
    ACCOUNT_OPERATIONS,
    ALIAS_OPERATIONS,
    LINKED_ROLE_OPERATIONS,
    OIDC_OPERATIONS,
    SERVICE_CREDENTIAL_OPERATIONS,
    NEVER_OPERATIONS,
)
