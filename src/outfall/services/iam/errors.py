"""IAM's errors. Statuses and codes are those of its model; messages with a name in them are made where they occur."""

from __future__ import annotations

from outfall.core.errors import AwsError


class NoSuchEntity(AwsError):
    """The request was rejected because it referenced a resource entity that does not exist."""

    status = 404


class EntityAlreadyExists(AwsError):
    """The request was rejected because it attempted to create a resource that already exists."""

    status = 409


class DeleteConflict(AwsError):
    """Cannot delete entity, must remove referenced objects first."""

    # The text of [LS:test_delete_user_after_service_credential_created].
    status = 409


class LimitExceeded(AwsError):
    """The request was rejected because it attempted to create resources beyond the current quotas."""

    status = 409


class MalformedPolicyDocument(AwsError):
    """Syntax errors in policy."""


class InvalidInput(AwsError):
    """The request was rejected because an invalid value was supplied for an input parameter."""


class UnmodifiableEntity(AwsError):
    """The request was rejected because the entity cannot be modified."""


class ValidationError(AwsError):
    """1 validation error detected"""


class AccessDenied(AwsError):
    """Access Denied"""

    status = 403
