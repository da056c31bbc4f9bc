"""Reading what nobody can have here: passwords, MFA devices, keys for SSH, certificates, SAML providers.

None of these can be made, so each list is empty and each single one is not there, and that is said in AWS's words.
Tools ask for them before they remove a user, and when they take stock of an account.
"""

from __future__ import annotations

from outfall.core.service import Call, Operation, Output, Request, operation
from outfall.services.iam.errors import NoSuchEntity
from outfall.services.iam.handlers import find_user
from outfall.services.iam.paging import page
from outfall.services.iam.users import own_name, own_resource

OF_A_USER = {
    "ListMFADevices": "MFADevices",
    "ListSSHPublicKeys": "SSHPublicKeys",
    "ListSigningCertificates": "Certificates",
}
OF_THE_ACCOUNT = {
    "ListServerCertificates": "ServerCertificateMetadataList",
    "ListVirtualMFADevices": "VirtualMFADevices",
}
"""Lists, and the member that holds what they list."""


def _of_a_user(name: str, member: str) -> Operation:
    @operation(name, action=f"iam:{name}", resource=own_resource)
    def listed(call: Call, request: Request) -> Output:
        if request.get("UserName") or call.principal.kind != "root":
            find_user(call, own_name(call, request))
        return page(request, member, (), str)

    return listed


def _of_the_account(name: str, member: str) -> Operation:
    @operation(name, action=f"iam:{name}")
    def listed(call: Call, request: Request) -> Output:
        return page(request, member, (), str)

    return listed


@operation("ListSAMLProviders", action="iam:ListSAMLProviders")
def list_saml_providers(call: Call, request: Request) -> Output:
    """None."""
    return {"SAMLProviderList": []}


@operation("GetLoginProfile", action="iam:GetLoginProfile", resource=own_resource)
def get_login_profile(call: Call, request: Request) -> Output:
    """Nobody has a password."""
    user = find_user(call, own_name(call, request))
    raise NoSuchEntity(f"Login Profile for User {user.name} cannot be found.")


@operation("GetAccountPasswordPolicy", action="iam:GetAccountPasswordPolicy")
def get_account_password_policy(call: Call, request: Request) -> Output:
    """The account has none."""
    raise NoSuchEntity(f"The Password Policy with domain name {call.account} cannot be found.")


NEVER_OPERATIONS = (
    *(_of_a_user(name, member) for name, member in OF_A_USER.items()),
    *(_of_the_account(name, member) for name, member in OF_THE_ACCOUNT.items()),
    list_saml_providers,
    get_login_profile,
    get_account_password_policy,
)
