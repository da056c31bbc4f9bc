"""Instance profiles: nothing here runs in one, but tools that remove a role look for them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from outfall.core.service import Call, Output, Permission, Request, operation
from outfall.services.iam.checks import tags_of
from outfall.services.iam.errors import DeleteConflict, EntityAlreadyExists, LimitExceeded, NoSuchEntity
from outfall.services.iam.handlers import (
    find_role,
    listing_resource,
    new_id,
    require_own,
    role_resource,
    shown_tags,
    tag_keys,
    tagging,
    whole_second,
)
from outfall.services.iam.model import INSTANCE_PROFILES, ROLES, InstanceProfile, key
from outfall.services.iam.paging import page
from outfall.services.iam.roles import show_role


def find_profile(call: Call, name: str) -> InstanceProfile:
    """The profile by name, or `NoSuchEntity`."""
    found = call.tx.get(INSTANCE_PROFILES, key(call.account, name))
    if found is None:
        raise NoSuchEntity(f"Instance Profile {name} cannot be found.")
    return found


def save_profile(call: Call, profile: InstanceProfile) -> None:
    """Writes a profile."""
    call.tx.put(INSTANCE_PROFILES, key(profile.account, profile.name), profile)


def profile_resource(call: Call, request: Request) -> str:
    """The profile's ARN."""
    name = str(request.get("InstanceProfileName") or "")
    found = call.tx.get(INSTANCE_PROFILES, key(call.account, name))
    if found is not None:
        return found.arn
    return f"arn:aws:iam::{call.account}:instance-profile{request.get('Path') or '/'}{name}"


def show_profile(call: Call, profile: InstanceProfile) -> dict[str, Any]:
    """A profile with its role."""
    role = call.tx.get(ROLES, key(call.account, profile.role)) if profile.role else None
    shown: dict[str, Any] = {
        "Path": profile.path,
        "InstanceProfileName": profile.name,
        "InstanceProfileId": profile.id,
        "Arn": profile.arn,
        "CreateDate": whole_second(profile.created_ms),
        "Roles": [show_role(role)] if role else [],
    }
    return shown | ({"Tags": shown_tags(profile.tags)} if profile.tags else {})


@operation(
    "CreateInstanceProfile",
    action="iam:CreateInstanceProfile",
    resource=profile_resource,
    context=tag_keys,
    also=(tagging("iam:TagInstanceProfile", profile_resource),),
)
def create_instance_profile(call: Call, request: Request) -> Output:
    """Makes a profile without a role."""
    name = request["InstanceProfileName"]
    if call.tx.get(INSTANCE_PROFILES, key(call.account, name)) is not None:
        raise EntityAlreadyExists(f"Instance Profile {name} already exists.")
    profile = InstanceProfile(
        account=call.account,
        name=name,
        path=request.get("Path") or "/",
        id=new_id(call.ids, "AIPA"),
        created_ms=call.now,
        tags=tags_of(request),
    )
    save_profile(call, profile)
    return {"InstanceProfile": show_profile(call, profile)}


@operation("GetInstanceProfile", action="iam:GetInstanceProfile", resource=profile_resource)
def get_instance_profile(call: Call, request: Request) -> Output:
    """The profile with its role."""
    return {"InstanceProfile": show_profile(call, find_profile(call, request["InstanceProfileName"]))}


def _profiles(call: Call) -> Iterator[tuple[str, InstanceProfile]]:
    for (_, name), profile in call.tx.scan(INSTANCE_PROFILES, (call.account,)):
        yield name, profile


@operation("ListInstanceProfiles", action="iam:ListInstanceProfiles", resource=listing_resource("instance-profile"))
def list_instance_profiles(call: Call, request: Request) -> Output:
    """Profiles by name, a page at a time."""
    prefix = request.get("PathPrefix") or "/"
    rows = ((name, profile) for name, profile in _profiles(call) if profile.path.startswith(prefix))
    return page(request, "InstanceProfiles", rows, lambda profile: show_profile(call, profile))


@operation("ListInstanceProfilesForRole", action="iam:ListInstanceProfilesForRole", resource=role_resource)
def list_instance_profiles_for_role(call: Call, request: Request) -> Output:
    """The profiles that a role is in."""
    role = find_role(call, request["RoleName"])
    rows = ((name, profile) for name, profile in _profiles(call) if profile.role == role.name)
    return page(request, "InstanceProfiles", rows, lambda profile: show_profile(call, profile))


@operation(
    "AddRoleToInstanceProfile",
    action="iam:AddRoleToInstanceProfile",
    resource=profile_resource,
    also=(
        Permission("iam:PassRole", role_resource, lambda call, request: {"iam:PassedToService": "ec2.amazonaws.com"}),
    ),
)
def add_role_to_instance_profile(call: Call, request: Request) -> Output:
    """Puts a role into a profile, which holds one."""
    profile = find_profile(call, request["InstanceProfileName"])
    role = find_role(call, request["RoleName"])
    require_own(role)
    if profile.role:
        raise LimitExceeded("Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1")
    save_profile(call, replace(profile, role=role.name))
    return None


@operation("RemoveRoleFromInstanceProfile", action="iam:RemoveRoleFromInstanceProfile", resource=profile_resource)
def remove_role_from_instance_profile(call: Call, request: Request) -> Output:
    """Takes the role out of a profile."""
    profile = find_profile(call, request["InstanceProfileName"])
    role = find_role(call, request["RoleName"])
    if profile.role != role.name:
        raise NoSuchEntity(f"Role {role.name} in Instance Profile {profile.name} cannot be found.")
    save_profile(call, replace(profile, role=""))
    return None


@operation("DeleteInstanceProfile", action="iam:DeleteInstanceProfile", resource=profile_resource)
def delete_instance_profile(call: Call, request: Request) -> Output:
    """Removes a profile that holds no role."""
    profile = find_profile(call, request["InstanceProfileName"])
    if profile.role:
        raise DeleteConflict("Cannot delete entity, must remove roles from instance profile first.")
    call.tx.delete(INSTANCE_PROFILES, key(call.account, profile.name))
    return None


PROFILE_OPERATIONS = (
    create_instance_profile,
    get_instance_profile,
    list_instance_profiles,
    list_instance_profiles_for_role,
    add_role_to_instance_profile,
    remove_role_from_instance_profile,
    delete_instance_profile,
)
