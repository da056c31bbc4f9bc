"""The runtimes that Lambda knows, and which of them there is a way to run here. A table, and the questions asked of it.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html; names from the service model [BC 1.44.5]
"""

from __future__ import annotations

from typing import Literal

from outfall.core.errors import NotServed
from outfall.services.lambda_.errors import InvalidParameterValueException

Kind = Literal["python", "nodejs", "provided", "other"]

_ACCEPTED: tuple[tuple[Kind, tuple[str, ...]], ...] = (
    ("python", tuple(f"python3.{minor}" for minor in range(8, 16))),
    ("nodejs", tuple(f"nodejs{major}.x" for major in (16, 18, 20, 22, 24, 26))),
    ("provided", ("provided.al2", "provided.al2023")),
    ("other", ("java8.al2", "java8.al2023", "java11", "java11.al2023", "java17", "java17.al2023", "java21", "java25")),
    ("other", ("dotnet6", "dotnet8", "dotnet10", "ruby3.2", "ruby3.3", "ruby3.4", "ruby4.0", "custom")),
)

KINDS: dict[str, Kind] = {name: kind for kind, names in _ACCEPTED for name in names}
"""Every runtime that AWS still accepts for a new function, with what runs it."""

RETIRED = frozenset(
    (
        *("nodejs", "nodejs4.3", "nodejs4.3-edge", "nodejs6.10", "nodejs8.10", "nodejs10.x", "nodejs12.x"),
        *("nodejs14.x", "python2.7", "python3.6", "python3.7", "java8", "go1.x", "ruby2.5", "ruby2.7", "provided"),
        *("dotnetcore1.0", "dotnetcore2.0", "dotnetcore2.1", "dotnetcore3.1"),
    )
)
"""Runtimes that AWS refuses for new functions. [LS:test_create_deprecated_function_runtime_with_validation_enabled]"""


def require(runtime: str) -> Kind:
    """The kind of a runtime that can be run here; raises AWS's errors for unknown and retired ones, and `NotServed`
    for one that AWS would run and this server cannot."""
    if runtime in RETIRED:
        raise InvalidParameterValueException(
            f"The runtime parameter of {runtime} is no longer supported for creating or updating AWS Lambda functions. "
            "We recommend you use a supported runtime while creating or updating functions."
        )
    kind = KINDS.get(runtime)
    if kind is None:
        raise InvalidParameterValueException(
            f"Value {runtime} at 'runtime' failed to satisfy constraint: "
            f"Member must satisfy enum value set: [{', '.join(KINDS)}] or be a valid ARN"
        )
    if kind == "other":
        raise NotServed(f"The runtime {runtime} cannot be run here: Python, Node.js and provided.* runtimes can.")
    return kind
