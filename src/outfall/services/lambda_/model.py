"""The rows of Lambda: what a function, a version, an alias and their settings are in the store. No rules.

Every key begins with account, region and function name.
"""

from __future__ import annotations

import msgspec

from outfall.core.body import Segment
from outfall.core.invocation import Logging
from outfall.core.ports import Table


class CodeRow(msgspec.Struct, frozen=True, cache_hash=True):
    """A code archive, kept once however many versions use it. Key: its SHA-256 in hex."""

    size: int
    segments: tuple[Segment, ...]
    users: int = 1
    """How many versions of functions and layers refer to it."""
    unzipped_size: int = 0


class FunctionRow(msgspec.Struct, frozen=True, cache_hash=True):
    """What belongs to a function as a whole. Key: account, region, name."""

    created_ms: int
    tags: tuple[tuple[str, str], ...] = ()
    reserved_concurrency: int | None = None
    recursive_loop: str = "Terminate"
    published: str = ""
    """The latest published version, and the `build` that it was published from."""
    published_build: str = ""


class NumberingRow(msgspec.Struct, frozen=True):
    """The last version number that a name was given. Key: account, region, name. It outlives the function."""

    # https://docs.aws.amazon.com/lambda/latest/dg/configuration-versions.html: numbers are never used again, not even
    # after the function was deleted and created anew.
    last: int


class LayerUse(msgspec.Struct, frozen=True):
    """A version of a layer, as a version of a function uses it: its ARN, and its archive's digest in hex and size."""

    arn: str
    sha256: str
    size: int


class VersionRow(msgspec.Struct, frozen=True, cache_hash=True):
    """One version of a function, `$LATEST` or published. Key: account, region, name, `version_key(version)`."""

    account: str
    region: str
    name: str
    version: str
    revision: str
    """AWS's RevisionId: changes with everything, also with a change of state or of the policy."""
    build: str
    """Changes with code and configuration alone; warm environments are shared by it."""
    runtime: str
    role: str
    handler: str
    code_sha256: str
    code_size: int
    modified_ms: int
    logging: Logging
    description: str = ""
    timeout_s: int = 3
    memory_mb: int = 128
    ephemeral_mb: int = 512
    variables: tuple[tuple[str, str], ...] = ()
    dead_letter: str = ""
    tracing: str = "PassThrough"
    architecture: str = "x86_64"
    state: str = "Active"
    state_reason: str = ""
    state_reason_code: str = ""
    update_status: str = ""
    update_reason: str = ""
    update_reason_code: str = ""
    layers: tuple[LayerUse, ...] = ()
    update_runtime_on: str = "Auto"


class AliasRow(msgspec.Struct, frozen=True):
    """An alias. Key: account, region, function name, alias name."""

    name: str
    version: str
    description: str
    revision: str
    routing: tuple[tuple[str, float], ...] = ()


class PolicyRow(msgspec.Struct, frozen=True, cache_hash=True):
    """The policy of a function, version or alias. Key: account, region, name, qualifier (`$LATEST` if none)."""

    statements: tuple[tuple[str, str], ...]
    """Statement id and the statement as JSON, in the order they were added."""


class EventInvokeConfigRow(msgspec.Struct, frozen=True, cache_hash=True):
    """Asynchronous settings of exactly one qualifier. Key: account, region, name, qualifier (`$LATEST` if none)."""

    modified_ms: int
    retries_max: int | None = None
    event_age_s_max: int | None = None
    on_success: str = ""
    on_failure: str = ""


class ProvisionedRow(msgspec.Struct, frozen=True):
    """Provisioned concurrency of a version or alias. Key: account, region, name, qualifier."""

    wanted: int
    modified_ms: int


CODE = Table("lambda.code", CodeRow)
FUNCTIONS = Table("lambda.functions", FunctionRow)
NUMBERING = Table("lambda.numbering", NumberingRow)
VERSIONS = Table("lambda.versions", VersionRow)
ALIASES = Table("lambda.aliases", AliasRow)
POLICIES = Table("lambda.policies", PolicyRow)
EVENT_INVOKE_CONFIGS = Table("lambda.event_invoke_configs", EventInvokeConfigRow)
PROVISIONED = Table("lambda.provisioned", ProvisionedRow)


def version_key(version: str) -> str:
    """The version as a key component that sorts as AWS lists: `$LATEST` first, then by number."""
    return version.zfill(12) if version.isdigit() else version
