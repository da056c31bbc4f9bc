"""The environment variables of a function. [lambda-runtime.md 4, LS:test_lambda_common introspection]

Nothing of the server's own environment is among them. The user's variables win, except over those that AWS reserves.
"""

from __future__ import annotations

import msgspec

from outfall.core.arn import Arn, function_name
from outfall.core.invocation import EnvironmentSpec
from outfall.sandbox.driver import Driver

_LIBRARIES = "/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib"
_PROGRAMS = "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin"


class EnvironmentCredentials(msgspec.Struct, frozen=True):
    """Temporary credentials of the execution role; `expires_ms` on the clock of record."""

    access_key_id: str
    secret_access_key: str
    session_token: str
    expires_ms: int


def environment_variables(
    spec: EnvironmentSpec,
    driver: Driver,
    paths: dict[str, str],
    *,
    runtime_api: str,
    log_stream: str,
    endpoint_url: str,
    credentials: EnvironmentCredentials,
) -> dict[str, str]:
    """All variables of a new process. `paths` are `Driver.paths`."""
    arn = Arn.parse(spec.function_arn)
    task, library = paths["cwd"], paths["library"]
    defaults = {
        "AWS_ENDPOINT_URL": endpoint_url,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{spec.runtime}",
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        "AWS_XRAY_DAEMON_ADDRESS": "169.254.100.1:2000",
        "_AWS_XRAY_DAEMON_ADDRESS": "169.254.100.1",
        "_AWS_XRAY_DAEMON_PORT": "2000",
        "LANG": "en_US.UTF-8",
        "LC_CTYPE": "C.UTF-8",
        "LD_LIBRARY_PATH": _LIBRARIES if driver.isolated else f"{task}:{task}/lib:{paths['opt']}/lib",
        "PATH": _PROGRAMS if driver.isolated else f"/usr/local/bin:/usr/bin:/bin:{paths['opt']}/bin",
        "PWD": task,
        "SHLVL": "0",
        "TZ": ":UTC",
    }
    if spec.runtime.startswith("python"):
        defaults["PYTHONPATH"] = library
    if spec.runtime.startswith("nodejs"):
        opt = paths["opt"]
        defaults["NODE_PATH"] = f"{opt}/nodejs/node_modules:{library}/node_modules:{library}:{task}"
    if not driver.isolated:
        defaults["TMPDIR"] = paths["tmp"]
    reserved = {
        "AWS_ACCESS_KEY_ID": credentials.access_key_id,
        "AWS_SECRET_ACCESS_KEY": credentials.secret_access_key,
        "AWS_SESSION_TOKEN": credentials.session_token,
        "AWS_DEFAULT_REGION": arn.region,
        "AWS_REGION": arn.region,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(spec.memory_mb),
        "AWS_LAMBDA_FUNCTION_NAME": function_name(arn)[0],
        "AWS_LAMBDA_FUNCTION_VERSION": spec.version,
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": spec.logging.group,
        "AWS_LAMBDA_LOG_STREAM_NAME": log_stream,
        "AWS_LAMBDA_RUNTIME_API": runtime_api,
        "LAMBDA_RUNTIME_DIR": library,
        "LAMBDA_TASK_ROOT": task,
        "_HANDLER": spec.handler,
    }
    if spec.logging.format == "JSON":
        reserved["AWS_LAMBDA_LOG_FORMAT"] = "JSON"
        reserved["AWS_LAMBDA_LOG_LEVEL"] = spec.logging.application_level or "INFO"
    return {**defaults, **dict(spec.variables), **reserved}
