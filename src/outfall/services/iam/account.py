"""The account as a whole: how much there is of each thing, and all of it at once.

Rule: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountSummary.html and
API_GetAccountAuthorizationDetails.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from outfall.core.ports import Table
from outfall.core.service import Call, Output, Request, operation
from outfall.services.iam import managed
from outfall.services.iam.attachments import ATTACHED_MAX
from outfall.services.iam.errors import ValidationError
from outfall.services.iam.groups import GROUPS_MAX, show_group
from outfall.services.iam.handlers import INLINE_SIZE_MAX, TRUST_SIZE_MAX, encoded, with_extras
from outfall.services.iam.key_operations import KEYS_MAX
from outfall.services.iam.last_used import show_role_use
from outfall.services.iam.model import (
    GROUPS,
    INSTANCE_PROFILES,
    OIDC_PROVIDERS,
    POLICIES,
    ROLES,
    USERS,
    Group,
    Holder,
    ManagedPolicy,
    Role,
    User,
)
from outfall.services.iam.paging import page
from outfall.services.iam.policies import SIZE_MAX, VERSIONS_MAX, policies_in_scope, show_policy, show_version
from outfall.services.iam.profiles import show_profile
from outfall.services.iam.roles import show_role
from outfall.services.iam.users import show_user

_QUOTAS = {
    "UsersQuota": 5000,
    "GroupsQuota": 300,
    "ServerCertificatesQuota": 20,
    "UserPolicySizeQuota": INLINE_SIZE_MAX["user"],
    "GroupPolicySizeQuota": INLINE_SIZE_MAX["group"],
    "GroupsPerUserQuota": GROUPS_MAX,
    "SigningCertificatesPerUserQuota": 2,
    "AccessKeysPerUserQuota": KEYS_MAX,
    "AttachedPoliciesPerGroupQuota": ATTACHED_MAX,
    "AttachedPoliciesPerRoleQuota": ATTACHED_MAX,
    "AttachedPoliciesPerUserQuota": ATTACHED_MAX,
    "PoliciesQuota": 1500,
    "PolicySizeQuota": SIZE_MAX,
    "PolicyVersionsInUseQuota": 10000,
    "VersionsPerPolicyQuota": VERSIONS_MAX,
    "AssumeRolePolicySizeQuota": TRUST_SIZE_MAX,
    "InstanceProfilesQuota": 1000,
    "RolePolicySizeQuota": INLINE_SIZE_MAX["role"],
    "RolesQuota": 1000,
}
_ABSENT = (
    "ServerCertificates",
    "MFADevices",
    "MFADevicesInUse",
    "AccountMFAEnabled",
    "AccountAccessKeysPresent",
    "AccountPasswordPresent",
    "AccountSigningCertificatesPresent",
)
"""What no account here has."""


def _count(call: Call, table: Table[Any]) -> int:
    return sum(1 for _ in call.tx.scan(table, (call.account,)))


@operation("GetAccountSummary", action="iam:GetAccountSummary")
def get_account_summary(call: Call, request: Request) -> Output:
    """Counts and quotas."""
    policies = [policy for _, policy in call.tx.scan(POLICIES, (call.account,))]
    counts = {
        "Users": _count(call, USERS),
        "Groups": _count(call, GROUPS),
        "Policies": len(policies),
        "PolicyVersionsInUse": sum(len(policy.versions) for policy in policies),
        "InstanceProfiles": _count(call, INSTANCE_PROFILES),
        "Providers": _count(call, OIDC_PROVIDERS),
        "Roles": _count(call, ROLES),
        "GlobalEndpointTokenVersion": 1,
    }
    return {"SummaryMap": counts | _QUOTAS | dict.fromkeys(_ABSENT, 0)}


def _inline(holder: Holder) -> list[dict[str, str]]:
    return [{"PolicyName": one.name, "PolicyDocument": encoded(one.document)} for one in holder.inline]


def _attached(call: Call, holder: Holder) -> list[dict[str, str]]:
    found = (managed.find(call.tx, arn) for arn in sorted(holder.attached))
    return [{"PolicyName": policy.name, "PolicyArn": policy.arn} for policy in found if policy is not None]


def _user(call: Call, user: User) -> dict[str, Any]:
    shown = show_user(user) | {
        "UserPolicyList": _inline(user),
        "GroupList": sorted(user.groups),
        "AttachedManagedPolicies": _attached(call, user),
    }
    return with_extras(shown, user)


def _group(call: Call, group: Group) -> dict[str, Any]:
    return show_group(group) | {
        "GroupPolicyList": _inline(group),
        "AttachedManagedPolicies": _attached(call, group),
    }


def _role(call: Call, role: Role) -> dict[str, Any]:
    shown = show_role(role)
    shown.pop("Description", None)
    profiles = (profile for _, profile in call.tx.scan(INSTANCE_PROFILES, (call.account,)))
    shown |= {
        "InstanceProfileList": [show_profile(call, profile) for profile in profiles if profile.role == role.name],
        "RolePolicyList": _inline(role),
        "AttachedManagedPolicies": _attached(call, role),
    }
    return with_extras(shown, role) | {"RoleLastUsed": show_role_use(call.tx, role.id)}


_HOLDERS: tuple[tuple[str, str, Table[Any], Callable[[Call, Any], dict[str, Any]]], ...] = (
    ("User", "UserDetailList", USERS, _user),
    ("Group", "GroupDetailList", GROUPS, _group),
    ("Role", "RoleDetailList", ROLES, _role),
)
_SCOPES = {"LocalManagedPolicy": "Local", "AWSManagedPolicy": "AWS"}
Row = tuple[str, dict[str, Any]]
"""The list that a row belongs to, and the row as it is shown."""


@operation("GetAccountAuthorizationDetails", action="iam:GetAccountAuthorizationDetails")
def get_account_authorization_details(call: Call, request: Request) -> Output:
    """Users, groups, roles and policies with all that they hold, a page over all of them at a time."""
    wanted = set(request.get("Filter") or ())
    unknown = wanted - {*(word for word, *_ in _HOLDERS), *_SCOPES}
    if unknown:
        raise ValidationError(
            f"1 validation error detected: Value '[{', '.join(sorted(wanted))}]' at 'filter' failed to satisfy "
            "constraint: Member must satisfy constraint: [Member must satisfy enum value set: "
            "[User, Role, Group, LocalManagedPolicy, AWSManagedPolicy]]"
        )
    found = page(request, "", _rows(call, wanted), lambda make: make())
    rows: list[Row] = found.pop("")
    lists = [name for _, name, _, _ in _HOLDERS] + ["Policies"]
    return {name: [row for where, row in rows if where == name] for name in lists} | found


def _rows(call: Call, wanted: set[str]) -> Iterator[tuple[str, Callable[[], Row]]]:
    """Every row with what it is ordered by; it is worked out only if it is on the page."""
    for at, (word, name, table, show) in enumerate(_HOLDERS):
        if wanted and word not in wanted:
            continue
        for (_, spot), row in call.tx.scan(table, (call.account,)):
            yield f"{at}/{spot}", lambda name=name, show=show, row=row: (name, show(call, row))  # type: ignore[misc]
    attached, bounding = managed.usage(call)
    for word, scope in _SCOPES.items():
        for order, policy in policies_in_scope(call, scope) if not wanted or word in wanted else ():
            # Without a filter AWS tells only of those of its own policies that are attached.
            if scope == "AWS" and not wanted and not attached[policy.arn]:
                continue
            yield f"9/{order}", lambda policy=policy: ("Policies", _policy(policy, attached, bounding))  # type: ignore[misc]


def _policy(policy: ManagedPolicy, attached: Any, bounding: Any) -> dict[str, Any]:
    shown = show_policy(policy, attached[policy.arn], bounding[policy.arn], full=True)
    shown.pop("Tags", None)
    versions = [show_version(policy, version, document=True) for version in reversed(policy.versions)]
    return shown | {"PolicyVersionList": versions}


ACCOUNT_OPERATIONS = (get_account_summary, get_account_authorization_details)
