"""Managed policies and their versions: made, read, listed, removed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from outfall.core.service import Call, Output, Request, operation
from outfall.services.iam import managed
from outfall.services.iam.aws_managed import aws_managed
from outfall.services.iam.checks import policy_arn, tags_of
from outfall.services.iam.errors import AccessDenied, DeleteConflict, EntityAlreadyExists, LimitExceeded, NoSuchEntity
from outfall.services.iam.handlers import (
    encoded,
    listing_resource,
    new_id,
    require_identity,
    shown_tags,
    size_of,
    tag_keys,
    tagging,
    whole_second,
)
from outfall.services.iam.model import POLICIES, ManagedPolicy, Version, key
from outfall.services.iam.paging import page

VERSIONS_MAX = 5
SIZE_MAX = 6144
"""Characters of a document without white space. [DOC:reference_iam-quotas]"""


def policy_resource(call: Call, request: Request) -> str:
    """The policy's own ARN."""
    return str(request.get("PolicyArn") or "")


def _new_policy_resource(call: Call, request: Request) -> str:
    return f"arn:aws:iam::{call.account}:policy{request.get('Path') or '/'}{request.get('PolicyName') or ''}"


def show_policy(policy: ManagedPolicy, attached: int, bounding: int, *, full: bool) -> dict[str, Any]:
    """A policy as AWS shows it; the listings leave out description and tags."""
    shown: dict[str, Any] = {
        "PolicyName": policy.name,
        "PolicyId": policy.id,
        "Arn": policy.arn,
        "Path": policy.path,
        "DefaultVersionId": policy.default,
        "AttachmentCount": attached,
        "PermissionsBoundaryUsageCount": bounding,
        "IsAttachable": True,
    }
    if full and policy.description is not None:
        shown["Description"] = policy.description
    shown |= {"CreateDate": whole_second(policy.created_ms), "UpdateDate": whole_second(policy.updated_ms)}
    if full and policy.tags:
        shown["Tags"] = shown_tags(policy.tags)
    return shown


def _require_document(document: str) -> None:
    require_identity(document)
    if size_of(document) > SIZE_MAX:
        raise LimitExceeded(f"Cannot exceed quota for PolicySize: {SIZE_MAX}")


def _own(call: Call, arn: str) -> ManagedPolicy:
    """A policy of the account, to be changed; AWS's own cannot be."""
    policy_arn(arn)
    if arn in aws_managed():
        raise AccessDenied(
            f"User: {call.principal.arn} is not authorized to perform: iam:{call.operation} on resource: policy {arn}"
        )
    return managed.require(call, arn)


def save_policy(call: Call, policy: ManagedPolicy) -> None:
    """Writes a policy."""
    call.tx.put(POLICIES, key(policy.account, policy.name), policy)


@operation(
    "CreatePolicy",
    action="iam:CreatePolicy",
    resource=_new_policy_resource,
    context=tag_keys,
    also=(tagging("iam:TagPolicy", _new_policy_resource),),
)
def create_policy(call: Call, request: Request) -> Output:
    """Makes a policy with version v1."""
    name, document = request["PolicyName"], request["PolicyDocument"]
    _require_document(document)
    if call.tx.get(POLICIES, key(call.account, name)) is not None:
        raise EntityAlreadyExists(f"A policy called {name} already exists. Duplicate names are not allowed.")
    policy = ManagedPolicy(
        account=call.account,
        name=name,
        path=request.get("Path") or "/",
        id=new_id(call.ids, "ANPA"),
        created_ms=call.now,
        updated_ms=call.now,
        versions=(Version("v1", document, call.now),),
        description=request.get("Description"),
        tags=tags_of(request),
    )
    save_policy(call, policy)
    shown = show_policy(policy, 0, 0, full=True)
    shown.pop("Description", None)
    return {"Policy": shown}


@operation("GetPolicy", action="iam:GetPolicy", resource=policy_resource)
def get_policy(call: Call, request: Request) -> Output:
    """The policy without its document."""
    policy = managed.require(call, request.get("PolicyArn") or "")
    attached, bounding = managed.usage(call)
    return {"Policy": show_policy(policy, attached[policy.arn], bounding[policy.arn], full=True)}


@operation("ListPolicies", action="iam:ListPolicies", resource=listing_resource("policy"))
def list_policies(call: Call, request: Request) -> Output:
    """Policies of the account, then AWS's, a page at a time."""
    attached, bounding = managed.usage(call)
    counts = bounding if request.get("PolicyUsageFilter") == "PermissionsBoundary" else attached
    only = bool(request.get("OnlyAttached")) or request.get("PolicyUsageFilter") is not None

    def rows() -> Iterator[tuple[str, ManagedPolicy]]:
        for order, policy in policies_in_scope(call, request.get("Scope") or "All"):
            if policy.path.startswith(request.get("PathPrefix") or "/") and (counts[policy.arn] or not only):
                yield order, policy

    return page(
        request,
        "Policies",
        rows(),
        lambda policy: show_policy(policy, attached[policy.arn], bounding[policy.arn], full=False),
    )


def policies_in_scope(call: Call, scope: str) -> Iterator[tuple[str, ManagedPolicy]]:
    """Policies with what they are ordered by: the account's own before those of AWS."""
    if scope in ("All", "Local"):
        for (_, name), policy in call.tx.scan(POLICIES, (call.account,)):
            yield f"1/{name}", policy
    if scope in ("All", "AWS"):
        for arn in sorted(aws_managed()):
            yield f"2/{arn}", aws_managed()[arn]


@operation("DeletePolicy", action="iam:DeletePolicy", resource=policy_resource)
def delete_policy(call: Call, request: Request) -> Output:
    """Removes a policy that nothing uses and that has one version."""
    policy = _own(call, request.get("PolicyArn") or "")
    attached, bounding = managed.usage(call)
    if attached[policy.arn] or bounding[policy.arn]:
        raise DeleteConflict("Cannot delete a policy attached to entities.")
    if len(policy.versions) > 1:
        raise DeleteConflict(
            "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. "
            "The default version is deleted with the policy."
        )
    call.tx.delete(POLICIES, key(policy.account, policy.name))
    return None


def show_version(policy: ManagedPolicy, version: Version, *, document: bool) -> dict[str, Any]:
    """A version as AWS shows it."""
    shown: dict[str, Any] = {"Document": encoded(version.document)} if document else {}
    return shown | {
        "VersionId": version.id,
        "IsDefaultVersion": version.id == policy.default,
        "CreateDate": whole_second(version.created_ms),
    }


def _version(policy: ManagedPolicy, id_: str) -> Version:
    for version in policy.versions:
        if version.id == id_:
            return version
    raise NoSuchEntity(f"Policy {policy.arn} version {id_} does not exist or is not attachable.")


@operation("CreatePolicyVersion", action="iam:CreatePolicyVersion", resource=policy_resource)
def create_policy_version(call: Call, request: Request) -> Output:
    """Adds a version; version ids are never used again."""
    _require_document(request["PolicyDocument"])
    policy = _own(call, request.get("PolicyArn") or "")
    if len(policy.versions) >= VERSIONS_MAX:
        raise LimitExceeded(
            f"A managed policy can have up to {VERSIONS_MAX} versions. "
            "Before you create a new version, you must delete an existing version."
        )
    made = Version(f"v{policy.next_version}", request["PolicyDocument"], call.now)
    changed = replace(
        policy,
        versions=(*policy.versions, made),
        next_version=policy.next_version + 1,
        default=made.id if request.get("SetAsDefault") else policy.default,
        updated_ms=call.now,
    )
    save_policy(call, changed)
    return {"PolicyVersion": show_version(changed, made, document=False)}


@operation("GetPolicyVersion", action="iam:GetPolicyVersion", resource=policy_resource)
def get_policy_version(call: Call, request: Request) -> Output:
    """A version with its document."""
    policy = managed.require(call, request.get("PolicyArn") or "")
    return {"PolicyVersion": show_version(policy, _version(policy, request["VersionId"]), document=True)}


@operation("ListPolicyVersions", action="iam:ListPolicyVersions", resource=policy_resource)
def list_policy_versions(call: Call, request: Request) -> Output:
    """The versions, newest first."""
    policy = managed.require(call, request.get("PolicyArn") or "")
    rows = ((f"{at:04}", version) for at, version in enumerate(reversed(policy.versions)))
    return page(request, "Versions", rows, lambda version: show_version(policy, version, document=False))


@operation("SetDefaultPolicyVersion", action="iam:SetDefaultPolicyVersion", resource=policy_resource)
def set_default_policy_version(call: Call, request: Request) -> Output:
    """Puts a version in force."""
    policy = _own(call, request.get("PolicyArn") or "")
    save_policy(call, replace(policy, default=_version(policy, request["VersionId"]).id, updated_ms=call.now))
    return None


@operation("DeletePolicyVersion", action="iam:DeletePolicyVersion", resource=policy_resource)
def delete_policy_version(call: Call, request: Request) -> Output:
    """Removes a version that is not in force."""
    policy = _own(call, request.get("PolicyArn") or "")
    gone = _version(policy, request["VersionId"])
    if gone.id == policy.default:
        raise DeleteConflict("Cannot delete the default version of a policy.")
    save_policy(call, replace(policy, versions=tuple(one for one in policy.versions if one is not gone)))
    return None


POLICY_OPERATIONS = (
    create_policy,
    get_policy,
    list_policies,
    delete_policy,
    create_policy_version,
    get_policy_version,
    list_policy_versions,
    set_default_policy_version,
    delete_policy_version,
)
