"""Service-specific credentials: a name and a password of a user for CodeCommit or Keyspaces, which nobody here
asks for.

Rule: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateServiceSpecificCredential.html and the recordings
[LS:TestIAMServiceSpecificCredentials].
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from outfall.core.errors import NotServed
from outfall.core.service import Call, Output, Request, operation
from outfall.services.iam.checks import status
from outfall.services.iam.errors import LimitExceeded, NoSuchEntity
from outfall.services.iam.handlers import find_user, new_id, user_keys, whole_second
from outfall.services.iam.key_operations import SECRET_ALPHABET
from outfall.services.iam.model import SERVICE_CREDENTIALS, ServiceCredential, key
from outfall.services.iam.paging import page
from outfall.services.iam.users import own_name, own_resource

SERVICES = ("cassandra.amazonaws.com", "codecommit.amazonaws.com")
CREDENTIALS_MAX = 2
"""Per user and service. [DOC:reference_iam-quotas]"""


def credentials_of(call: Call, user: str) -> Iterator[ServiceCredential]:
    """A user's credentials."""
    return (row for _, row in call.tx.scan(SERVICE_CREDENTIALS, key(call.account, user)))


def _save(call: Call, row: ServiceCredential) -> None:
    call.tx.put(SERVICE_CREDENTIALS, (*key(row.account, row.user), row.id), row)


def _metadata(row: ServiceCredential) -> dict[str, Any]:
    return {
        "UserName": row.user,
        "Status": row.status,
        "ServiceUserName": f"{row.user}-at-{row.account}",
        "CreateDate": whole_second(row.created_ms),
        "ServiceSpecificCredentialId": row.id,
        "ServiceName": row.service,
    }


def _whole(row: ServiceCredential) -> dict[str, Any]:
    return {
        "CreateDate": whole_second(row.created_ms),
        "ServiceName": row.service,
        "ServiceUserName": f"{row.user}-at-{row.account}",
        "ServicePassword": row.password,
        "ServiceSpecificCredentialId": row.id,
        "UserName": row.user,
        "Status": row.status,
    }


def _password(call: Call) -> str:
    return call.ids.text(SECRET_ALPHABET, 43) + "="


@operation(
    "CreateServiceSpecificCredential",
    action="iam:CreateServiceSpecificCredential",
    resource=own_resource,
    context=user_keys,
)
def create_service_specific_credential(call: Call, request: Request) -> Output:
    """Makes a credential; its password is told this once."""
    if request.get("CredentialAgeDays"):
        raise NotServed("CredentialAgeDays is not served by this version of Outfall.")
    user, service = find_user(call, request["UserName"]), request["ServiceName"]
    if service not in SERVICES:
        raise NoSuchEntity(f"No such service {service} is supported for Service Specific Credentials")
    if sum(row.service == service for row in credentials_of(call, user.name)) >= CREDENTIALS_MAX:
        raise LimitExceeded(f"Cannot exceed quota for ServiceSpecificCredentialsPerUser: {CREDENTIALS_MAX}")
    row = ServiceCredential(
        account=call.account,
        user=user.name,
        id=new_id(call.ids, "ACCA"),
        service=service,
        password=_password(call),
        created_ms=call.now,
    )
    _save(call, row)
    return {"ServiceSpecificCredential": _whole(row)}


@operation("ListServiceSpecificCredentials", action="iam:ListServiceSpecificCredentials", resource=own_resource)
def list_service_specific_credentials(call: Call, request: Request) -> Output:
    """A user's credentials without their passwords."""
    if request.get("AllUsers"):
        raise NotServed("AllUsers is not served by this version of Outfall.")
    user, service = find_user(call, own_name(call, request)), request.get("ServiceName")
    rows = ((row.id, row) for row in credentials_of(call, user.name) if not service or row.service == service)
    return page(request, "ServiceSpecificCredentials", rows, _metadata)


def _find(call: Call, request: Request) -> ServiceCredential:
    id_ = request["ServiceSpecificCredentialId"]
    user = find_user(call, own_name(call, request))
    row = call.tx.get(SERVICE_CREDENTIALS, (*key(call.account, user.name), id_))
    if row is None:
        raise NoSuchEntity(f"No such credential {id_} exists")
    return row


@operation("UpdateServiceSpecificCredential", action="iam:UpdateServiceSpecificCredential", resource=own_resource)
def update_service_specific_credential(call: Call, request: Request) -> Output:
    """Switches a credential on or off."""
    wanted = status(request)
    _save(call, replace(_find(call, request), status=wanted))
    return None


@operation("ResetServiceSpecificCredential", action="iam:ResetServiceSpecificCredential", resource=own_resource)
def reset_service_specific_credential(call: Call, request: Request) -> Output:
    """Gives a credential another password."""
    row = replace(_find(call, request), password=_password(call))
    _save(call, row)
    return {"ServiceSpecificCredential": _whole(row)}


@operation("DeleteServiceSpecificCredential", action="iam:DeleteServiceSpecificCredential", resource=own_resource)
def delete_service_specific_credential(call: Call, request: Request) -> Output:
    """Removes a credential."""
    row = _find(call, request)
    call.tx.delete(SERVICE_CREDENTIALS, (*key(row.account, row.user), row.id))
    return None


SERVICE_CREDENTIAL_OPERATIONS = (
    create_service_specific_credential,
    list_service_specific_credentials,
    update_service_specific_credential,
    reset_service_specific_credential,
    delete_service_specific_credential,
)
