"""Service-linked roles: how one is made and removed. Which services have one: `linked_services.py`.

Rule: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create-service-linked-role.html
"""

from __future__ import annotations

import json

from outfall.core.service import Call, Output, Request, operation
from outfall.core.sweeping import over
from outfall.services.iam.errors import InvalidInput, NoSuchEntity
from outfall.services.iam.handlers import LINKED_PATH, find_role, is_linked, new_id, save
from outfall.services.iam.linked_services import SUFFIXED, linked_name
from outfall.services.iam.model import DELETION_TASKS, ROLES, DeletionTask, Role, key
from outfall.services.iam.roles import show_role

TASKS_KEPT_MS = 14 * 86_400_000


def _linked_resource(call: Call, request: Request) -> str:
    service = str(request.get("AWSServiceName") or "")
    return f"arn:aws:iam::{call.account}:role{LINKED_PATH}{service}/{linked_name(service) or '*'}{_suffix(request)}"


def _suffix(request: Request) -> str:
    return f"_{request['CustomSuffix']}" if request.get("CustomSuffix") else ""


@operation(
    "CreateServiceLinkedRole",
    action="iam:CreateServiceLinkedRole",
    resource=_linked_resource,
    context=lambda call, request: {"iam:AWSServiceName": str(request.get("AWSServiceName") or "")},
)
def create_service_linked_role(call: Call, request: Request) -> Output:
    """Makes the role of a service. Its permissions are the service's own affair and are not shown here."""
    service = request["AWSServiceName"]
    stem = linked_name(service)
    if stem is None:
        raise InvalidInput(f"Service {service} does not support service-linked roles.")
    if request.get("CustomSuffix") and service.removesuffix(".amazonaws.com") not in SUFFIXED:
        raise InvalidInput(f"Custom suffix is not allowed for {service}")
    name = f"{stem}{_suffix(request)}"
    if call.tx.get(ROLES, key(call.account, name)) is not None:
        raise InvalidInput(f"Service role name {name} has been taken in this account, please try a different suffix.")
    statement = {"Action": ["sts:AssumeRole"], "Effect": "Allow", "Principal": {"Service": [service]}}
    role = Role(
        account=call.account,
        name=name,
        path=f"{LINKED_PATH}{service}/",
        id=new_id(call.ids, "AROA"),
        created_ms=call.now,
        trust=json.dumps({"Version": "2012-10-17", "Statement": [statement]}, separators=(",", ":")),
        description=request.get("Description"),
    )
    save(call, ROLES, role)
    return {"Role": show_role(role)}


def _role_resource(call: Call, request: Request) -> str:
    name = str(request.get("RoleName") or "")
    role = call.tx.get(ROLES, key(call.account, name))
    return role.arn if role else f"arn:aws:iam::{call.account}:role{LINKED_PATH}*/{name}"


@operation("DeleteServiceLinkedRole", action="iam:DeleteServiceLinkedRole", resource=_role_resource)
def delete_service_linked_role(call: Call, request: Request) -> Output:
    """Removes the role of a service. AWS takes its time and tells of it as a task; here the task is done at once."""
    role = find_role(call, request["RoleName"])
    if not is_linked(role):
        raise NoSuchEntity(f"The role with name {role.name} cannot be found.")
    call.tx.delete(ROLES, key(call.account, role.name))
    task = f"task{role.path}{role.name}/{call.ids.uuid()}"
    call.tx.put(DELETION_TASKS, (call.account, task), DeletionTask(task, call.now))
    return {"DeletionTaskId": task}


def _task_resource(call: Call, request: Request) -> str:
    task = str(request.get("DeletionTaskId") or "")
    return f"arn:aws:iam::{call.account}:role/{task.removeprefix('task/').rpartition('/')[0]}"


@operation(
    "GetServiceLinkedRoleDeletionStatus", action="iam:GetServiceLinkedRoleDeletionStatus", resource=_task_resource
)
def get_service_linked_role_deletion_status(call: Call, request: Request) -> Output:
    """How far a removal is."""
    task = request["DeletionTaskId"]
    if call.tx.get(DELETION_TASKS, (call.account, task)) is None:
        raise NoSuchEntity(f"Deletion task {task} cannot be found.")
    return {"Status": "SUCCEEDED"}


sweep = over(DELETION_TASKS, lambda ctx, task: task.at_ms < ctx.now - TASKS_KEPT_MS)
"""Forgets removals that nobody asks for any more."""

LINKED_ROLE_OPERATIONS = (
    create_service_linked_role,
    delete_service_linked_role,
    get_service_linked_role_deletion_status,
)
