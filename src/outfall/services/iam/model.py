"""The rows of IAM. Everything is kept per account; IAM has no regions.

A holder of policies (role, user, group) keeps its inline policies and attachments in its own row: they are few by AWS's
quotas, and authorisation then reads one row.
"""

from __future__ import annotations

import msgspec

from outfall.core.ports import Table

Tags = tuple[tuple[str, str], ...]


class Inline(msgspec.Struct, frozen=True):
    """An inline policy."""

    name: str
    document: str


class Holder(msgspec.Struct, frozen=True, kw_only=True, cache_hash=True):
    """What roles, users and groups have in common. `attached` are ARNs of managed policies."""

    account: str
    name: str
    path: str
    id: str
    created_ms: int
    inline: tuple[Inline, ...] = ()
    attached: tuple[str, ...] = ()
    tags: Tags = ()
    boundary: str = ""

    @property
    def arn(self) -> str:
        """The ARN, path included."""
        return f"arn:aws:iam::{self.account}:{self.kind}{self.path}{self.name}"

    @property
    def kind(self) -> str:
        """`role`, `user` or `group`."""
        return type(self).__name__.lower()


class Role(Holder, frozen=True, kw_only=True, cache_hash=True):
    """A role. `trust` is its AssumeRolePolicyDocument, as it was written."""

    trust: str
    description: str | None = None
    session_s_max: int = 3600


class User(Holder, frozen=True, kw_only=True, cache_hash=True):
    """A user, and the groups it is in by their names."""

    groups: tuple[str, ...] = ()


class Group(Holder, frozen=True, kw_only=True):
    """A group of users."""


class Version(msgspec.Struct, frozen=True):
    """A version of a managed policy: `v1`, `v2`, ..."""

    id: str
    document: str
    created_ms: int


class ManagedPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """A managed policy with its versions, oldest first. `account` is `aws` for those that AWS provides."""

    account: str
    name: str
    path: str
    id: str
    created_ms: int
    updated_ms: int
    versions: tuple[Version, ...]
    default: str = "v1"
    next_version: int = 2
    description: str | None = None
    tags: Tags = ()

    @property
    def arn(self) -> str:
        """The ARN, path included."""
        return f"arn:aws:iam::{self.account}:policy{self.path}{self.name}"

    @property
    def document(self) -> str:
        """The document in force."""
        return next(version.document for version in self.versions if version.id == self.default)


class AccessKeyRow(msgspec.Struct, frozen=True, kw_only=True):
    """A user's long-lived access key. `status` is Active or Inactive."""

    account: str
    user: str
    id: str
    secret: str
    created_ms: int
    status: str = "Active"


class InstanceProfile(msgspec.Struct, frozen=True, kw_only=True):
    """A container for one role, as EC2 knows it."""

    account: str
    name: str
    path: str
    id: str
    created_ms: int
    role: str = ""
    tags: Tags = ()

    @property
    def arn(self) -> str:
        """The ARN, path included."""
        return f"arn:aws:iam::{self.account}:instance-profile{self.path}{self.name}"


class OidcProvider(msgspec.Struct, frozen=True, kw_only=True):
    """An OpenID Connect provider. `url` has no scheme, as its ARN has none."""

    account: str
    url: str
    created_ms: int
    client_ids: tuple[str, ...] = ()
    thumbprints: tuple[str, ...] = ()
    tags: Tags = ()

    @property
    def arn(self) -> str:
        """The ARN."""
        return f"arn:aws:iam::{self.account}:oidc-provider/{self.url}"


class AccountAlias(msgspec.Struct, frozen=True):
    """The name of an account."""

    account: str
    alias: str


class DeletionTask(msgspec.Struct, frozen=True):
    """The removal of a service-linked role, which is done."""

    id: str
    at_ms: int


class ServiceCredential(msgspec.Struct, frozen=True, kw_only=True):
    """A user's credential for another service. `status` is Active or Inactive."""

    account: str
    user: str
    id: str
    service: str
    password: str
    created_ms: int
    status: str = "Active"


class LastUsed(msgspec.Struct, frozen=True):
    """The last use of an access key or of a role."""

    at_ms: int
    service: str
    region: str


# Keys are (account, name in lower case): names differ by more than case, and listings are in their order.
ROLES = Table("iam.roles", Role)
USERS = Table("iam.users", User)
GROUPS = Table("iam.groups", Group)
POLICIES = Table("iam.policies", ManagedPolicy)
INSTANCE_PROFILES = Table("iam.instance_profiles", InstanceProfile)
# Key: (access key id).
ACCESS_KEYS = Table("iam.access_keys", AccessKeyRow)
# Key: (account, user in lower case, access key id); of the value only the id is read.
KEYS_OF_USER = Table("iam.keys_of_user", AccessKeyRow)
# Key: (account, url without its scheme).
OIDC_PROVIDERS = Table("iam.oidc_providers", OidcProvider)
# Key: (account), and (alias): no two accounts share one.
ACCOUNT_ALIASES = Table("iam.account_aliases", AccountAlias)
ALIAS_OWNERS = Table("iam.alias_owners", AccountAlias)
# Key: (account, task id).
DELETION_TASKS = Table("iam.deletion_tasks", DeletionTask)
# Key: (account, user in lower case, credential id).
SERVICE_CREDENTIALS = Table("iam.service_credentials", ServiceCredential)
# Key: (access key id) or (role id).
LAST_USED = Table("iam.last_used", LastUsed)


def key(account: str, name: str) -> tuple[str, str]:
    """The key of a row by name."""
    return account, name.lower()
