"""FunctionConfiguration as AWS prints it: key order and nulls as in the capture [SD:event_invocation]."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any

from outfall.core.arn import function_arn
from outfall.core.invocation import Logging
from outfall.services.lambda_.code import base64_digest
from outfall.services.lambda_.model import VersionRow

_ONLY_FOR_ONE = (
    "LastUpdateStatus",
    "LastUpdateStatusReason",
    "LastUpdateStatusReasonCode",
    "RuntimeVersionConfig",
    "State",
    "StateReason",
    "StateReasonCode",
)
"""What a list does not tell. https://docs.aws.amazon.com/lambda/latest/api/API_ListFunctions.html"""


def modified(at_ms: int) -> str:
    """`2026-09-14T15:46:17.783+0000`."""
    whole = datetime.fromtimestamp(at_ms // 1000, UTC)
    return f"{whole:%Y-%m-%dT%H:%M:%S}.{at_ms % 1000:03d}+0000"


def configuration(row: VersionRow, qualifier: str = "") -> dict[str, Any]:
    """FunctionConfiguration; the ARN in it ends with `qualifier` (version or alias) if one is given."""
    return {
        "Description": row.description,
        "TracingConfig": {"Mode": row.tracing},
        "VpcConfig": None,
        "DurableConfig": None,
        "SigningJobArn": None,
        "SnapStart": {"OptimizationStatus": "Off", "ApplyOn": "None"},
        "RevisionId": row.revision,
        "LastModified": modified(row.modified_ms),
        "FunctionName": row.name,
        "Runtime": row.runtime,
        "Version": row.version,
        "PackageType": "Zip",
        "LastUpdateStatus": row.update_status or None,
        "Layers": [{"Arn": use.arn, "CodeSize": use.size} for use in row.layers] or None,
        "TenancyConfig": None,
        "FunctionArn": str(function_arn(row.account, row.region, row.name, qualifier)),
        "KMSKeyArn": None,
        "MemorySize": row.memory_mb,
        "ImageConfigResponse": None,
        "LastUpdateStatusReason": row.update_reason or None,
        "CapacityProviderConfig": None,
        "DeadLetterConfig": {"TargetArn": row.dead_letter} if row.dead_letter else None,
        "Timeout": row.timeout_s,
        "ConfigSha256": None,
        "Handler": row.handler,
        "CodeSha256": base64_digest(row.code_sha256),
        "Role": row.role,
        "SigningProfileVersionArn": None,
        "MasterArn": None,
        "RuntimeVersionConfig": {"Error": None, "RuntimeVersionArn": runtime_version_arn(row)},
        "CodeSize": row.code_size,
        "State": row.state,
        "StateReason": row.state_reason or None,
        "LoggingConfig": logging_config(row.logging),
        "Environment": {"Variables": dict(row.variables)} if row.variables else None,
        "EphemeralStorage": {"Size": row.ephemeral_mb},
        "StateReasonCode": row.state_reason_code or None,
        "LastUpdateStatusReasonCode": row.update_reason_code or None,
        "Architectures": [row.architecture],
    }


def listed(row: VersionRow, qualifier: str = "") -> dict[str, Any]:
    """FunctionConfiguration as lists print it."""
    return configuration(row, qualifier) | dict.fromkeys(_ONLY_FOR_ONE)


def logging_config(logging: Logging) -> dict[str, Any]:
    """LoggingConfig."""
    return {
        "LogFormat": logging.format,
        "ApplicationLogLevel": logging.application_level or None,
        "LogGroup": logging.group,
        "SystemLogLevel": logging.system_level or None,
    }


def runtime_version_arn(row: VersionRow) -> str:
    """The ARN of the runtime's version. Its digits stand for the runtime alone: there are no versions of it here."""
    digits = hashlib.sha256(row.runtime.encode()).hexdigest()
    return f"arn:aws:lambda:{row.region}::runtime:{digits}"
