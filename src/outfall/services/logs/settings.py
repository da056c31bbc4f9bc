"""Settings of groups that are kept and shown: the key they are encrypted with, and protection from deletion."""

from __future__ import annotations

from itertools import islice
from typing import Any

import msgspec

from outfall.core.errors import NotServed
from outfall.core.service import Call, Output, Request, operation
from outfall.services.logs import paging
from outfall.services.logs.comparing import compile_regex
from outfall.services.logs.model import GROUPS, Group
from outfall.services.logs.names import every_group, group_in_arn, require_group, require_own, stream_resource

LISTED_MAX = 1000
LISTED = 50


def _kms_group(call: Call, request: Request) -> Group:
    """The group that the request names, by name or by resourceIdentifier; raises."""
    identifier = request.get("resourceIdentifier")
    if identifier:
        name = group_in_arn(str(identifier))
        if name is None:
            raise NotServed("Keys of query results are not served by this version of Outfall.")
        return require_group(call, {"logGroupName": name})
    return require_group(call, request)


@operation("AssociateKmsKey", action="logs:AssociateKmsKey", resource=stream_resource)
def associate_kms_key(call: Call, request: Request) -> Output:
    """Names the key of a group; nothing is encrypted with it here."""
    group = _kms_group(call, request)
    call.tx.put(GROUPS, group.key, msgspec.structs.replace(group, kms_key=request.get("kmsKeyId") or ""))


@operation("DisassociateKmsKey", action="logs:DisassociateKmsKey", resource=stream_resource)
def disassociate_kms_key(call: Call, request: Request) -> Output:
    """Takes the key of a group away."""
    group = _kms_group(call, request)
    call.tx.put(GROUPS, group.key, msgspec.structs.replace(group, kms_key=""))


@operation("PutLogGroupDeletionProtection", action="logs:PutLogGroupDeletionProtection", resource=stream_resource)
def put_log_group_deletion_protection(call: Call, request: Request) -> Output:
    """Whether a group can be deleted."""
    group = require_group(call, request)
    protected = bool(request.get("deletionProtectionEnabled"))
    call.tx.put(GROUPS, group.key, msgspec.structs.replace(group, protected=protected))


@operation("ListLogGroups", action="logs:ListLogGroups", resource=every_group)
def list_log_groups(call: Call, request: Request) -> Output:
    """Groups by name, those that a regular expression fits, in pages."""
    require_own(request, "ListLogGroups")
    for option in ("dataSources", "fieldIndexNames", "logGroupTags"):
        if request.get(option):
            raise NotServed(f"ListLogGroups with {option} is not served by this version of Outfall.")
    fits = compile_regex(request.get("logGroupNamePattern") or "")
    log_class = request.get("logGroupClass")
    limit = LISTED if request.get("limit") is None else paging.limit_of(request, LISTED, LISTED_MAX)
    scanned = call.tx.scan(GROUPS, (call.account, call.region), start=paging.after(request))
    wanted = (one for _, one in scanned if fits(one.name) and (not log_class or one.log_class == log_class))
    found = list(islice(wanted, limit + 1))
    shown = [_shown(one) for one in found[:limit]]
    return {"logGroups": shown} | paging.next_token(found[limit - 1].name if len(found) > limit else "")


def _shown(group: Group) -> dict[str, Any]:
    return {"logGroupName": group.name, "logGroupArn": group.arn, "logGroupClass": group.log_class}


OPERATIONS = (associate_kms_key, disassociate_kms_key, put_log_group_deletion_protection, list_log_groups)
