"""What a request says of a function's configuration: checked where the model does not check it, and put into a row.

https://docs.aws.amazon.com/lambda/latest/api/API_UpdateFunctionConfiguration.html
"""

from __future__ import annotations

import json
from typing import Any

from msgspec.structs import replace

from outfall.core.errors import NotServed
from outfall.core.invocation import Logging
from outfall.core.service import Request
from outfall.services.lambda_ import runtimes
from outfall.services.lambda_.errors import InvalidParameterValueException
from outfall.services.lambda_.model import VersionRow

ENVIRONMENT_SIZE_MAX = 4096

RESERVED_VARIABLES = frozenset(
    (
        *("_HANDLER", "_X_AMZN_TRACE_ID", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_EXECUTION_ENV"),
        *("AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_VERSION"),
        *("AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME"),
        *("AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"),
        *("AWS_LAMBDA_RUNTIME_API", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR"),
    )
)
"""https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime"""

NOT_SERVED = (
    *("FileSystemConfigs", "ImageConfig", "KMSKeyArn", "CodeSigningConfigArn", "TenancyConfig"),
    *("CapacityProviderConfig", "DurableConfig", "RuntimeConfig", "AcceleratorConfig", "PublishTo"),
)
"""Settings that AWS has and this server does not: refused when they ask for anything."""

_SIMPLE = (
    ("Role", "role"),
    ("Handler", "handler"),
    ("Runtime", "runtime"),
    ("Description", "description"),
    ("Timeout", "timeout_s"),
    ("MemorySize", "memory_mb"),
)


def require_served(request: Request) -> None:
    """Raises `NotServed`, naming it, for a setting that would otherwise be accepted and not heeded."""
    for member in NOT_SERVED:
        if request.get(member):
            raise NotServed(f"{member} of a function is not served.")
    if (request.get("VpcConfig") or {}).get("SubnetIds"):
        raise NotServed("VpcConfig of a function is not served.")
    if (request.get("SnapStart") or {}).get("ApplyOn", "None") != "None":
        raise NotServed("SnapStart of a function is not served.")
    if request.get("PackageType", "Zip") != "Zip":
        raise NotServed("PackageType Image is not served: functions are zip archives here.")


def applied(row: VersionRow, request: Request) -> VersionRow:
    """The row with what the request sets; members that it leaves out stay as they are."""
    require_served(request)
    if request.get("Runtime"):
        runtimes.require(request["Runtime"])
    changes: dict[str, Any] = {field: request[member] for member, field in _SIMPLE if request.get(member) is not None}
    if request.get("Environment") is not None:
        changes["variables"] = _variables(request["Environment"].get("Variables") or {})
    # `{}` keeps the target, an empty TargetArn removes it. [SD:dlq_ownership, LS:test_dead_letter_queue]
    dead_letter = (request.get("DeadLetterConfig") or {}).get("TargetArn")
    if dead_letter is not None:
        changes["dead_letter"] = dead_letter
    if (request.get("TracingConfig") or {}).get("Mode"):
        changes["tracing"] = request["TracingConfig"]["Mode"]
    if request.get("EphemeralStorage"):
        changes["ephemeral_mb"] = request["EphemeralStorage"]["Size"]
    if request.get("Architectures"):
        changes["architecture"] = request["Architectures"][0]
    if request.get("LoggingConfig"):
        changes["logging"] = _logging(row.logging, request["LoggingConfig"])
    return replace(row, **changes)


def _variables(variables: dict[str, str]) -> tuple[tuple[str, str], ...]:
    reserved = [name for name in variables if name in RESERVED_VARIABLES]
    sorry = (
        "Lambda was unable to configure your environment variables because the environment variables you have provided"
    )
    if reserved:
        raise InvalidParameterValueException(
            f"{sorry} contains reserved keys that are currently not supported for modification. "
            f"Reserved keys used in this request: {', '.join(reserved)}"
        )
    measured = json.dumps(variables, separators=(",", ":"), ensure_ascii=False)
    if len(measured.encode("utf-8", "replace")) > ENVIRONMENT_SIZE_MAX:
        raise InvalidParameterValueException(f"{sorry} exceeded the 4KB limit. String measured: {measured}")
    return tuple(variables.items())


def _logging(known: Logging, config: dict[str, Any]) -> Logging:
    form = config.get("LogFormat") or known.format
    application, system = config.get("ApplicationLogLevel") or "", config.get("SystemLogLevel") or ""
    group = config.get("LogGroup") or known.group
    if form == "JSON":
        return Logging(
            group,
            "JSON",
            application or known.application_level or "INFO",
            system or known.system_level or "INFO",
        )
    if application or system:
        raise InvalidParameterValueException("Log levels can be set with the log format JSON alone.")
    return Logging(group)
