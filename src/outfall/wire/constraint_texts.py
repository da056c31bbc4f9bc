"""What services say of a broken constraint: which check the models' constraints at all, and where their words or limits
are not those of the model.

Texts: [LS:test_lambda_api, LS:test_sts_invalid_parameters, LS:test_get_log_events_limit_validation]; IAM's, which leave
out the value: [LS:TestIAMServiceSpecificCredentials], and logs of 2024-26.
"""

from __future__ import annotations

from outfall.core.errors import AwsError, ValidationException


class ValidationError(AwsError):
    """1 validation error detected"""


class InvalidParameterException(AwsError):
    """1 validation error detected"""


SERVICES: dict[str, type[AwsError]] = {
    "cloudwatch": ValidationError,
    "events": ValidationException,
    "iam": ValidationError,
    "lambda": ValidationException,
    "logs": InvalidParameterException,
    "sns": ValidationError,
    "sts": ValidationError,
}
"""Which services check so, and the error that each raises."""

SILENT = frozenset({"iam"})
"""Services that show neither the value nor the words of an enumeration."""

EXEMPT: frozenset[tuple[str, str]] = frozenset({("lambda", "Runtime"), ("iam", "AttachmentName")})
"""Shapes that their service checks itself: a runtime may also be an ARN, and the name of who holds policies a pattern,
whatever the model says."""

_NAME = "It must contain only alphanumeric characters and/or the following: +=,.@_-"
_PATH = "It must begin and end with / and contain only alphanumeric characters and/or / characters."
IN_WORDS: dict[tuple[str, str], str] = {
    ("iam", "accessKeyIdType"): "It must contain only alphanumeric characters.",
    ("iam", "existingUserNameType"): _NAME,
    ("iam", "groupNameType"): _NAME,
    ("iam", "instanceProfileNameType"): _NAME,
    ("iam", "pathPrefixType"): "It must begin with the / character and contain only alphanumeric characters and/or "
    "/ characters.",
    ("iam", "pathType"): _PATH,
    ("iam", "policyDocumentType"): "It must contain only printable ASCII characters.",
    ("iam", "policyNameType"): _NAME,
    ("iam", "policyPathType"): _PATH,
    ("iam", "roleNameType"): _NAME,
    ("iam", "userNameType"): _NAME,
}
"""Shapes whose pattern is told in a sentence of its own, `The specified value for roleName is invalid. ...`, and only
if nothing else is wrong. [logs of 2018-26]"""

SAID: dict[tuple[str, str], str] = {
    ("lambda", "RecursiveLoop"): "Member must satisfy enum value set: [Terminate, Allow]",
    ("lambda", "InvokeMode"): "Member must satisfy enum value set: [RESPONSE_STREAM, BUFFERED]",
    ("lambda", "LayerVersionArn"): "Member must satisfy regular expression pattern: "
    r"(arn:(aws[a-zA-Z-]*)?:lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}:layer:"
    r"[a-zA-Z0-9-_]+:[0-9]+)|(arn:[a-zA-Z0-9-]+:lambda:::awslayer:[a-zA-Z0-9-_]+)",
    ("lambda", "TaggableResource"): "Member must satisfy regular expression pattern: "
    r"arn:(aws[a-zA-Z-]*):lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}:"
    r"(function:[a-zA-Z0-9-_]+(:(\$LATEST|[a-zA-Z0-9-_]+))?|layer:([a-zA-Z0-9-_]+)|"
    r"code-signing-config:csc-[a-z0-9]{17}|event-source-mapping:[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-"
    r"[0-9a-fA-F]{4}-[0-9a-fA-F]{12}|capacity-provider:[a-zA-Z0-9-_]+)",
}
"""What AWS says of a shape's enumeration or pattern where it is not as the model has it: sets are printed in the order
of their hashes, patterns are those of another day. [LS:test_lambda_api]"""

MEMBERS_REQUIRED: frozenset[tuple[str, str]] = frozenset(
    {("lambda", "ArchitecturesList"), ("lambda", "CompatibleArchitectures")}
)
"""Lists of bounded length that complain of null members all the same, as unbounded ones do."""

GREATEST: dict[tuple[str, str], int] = {
    ("lambda", "EphemeralStorageSize"): 10_240,
    ("lambda", "MemorySize"): 10_240,
    ("lambda", "Timeout"): 900,
}
"""What a number may be at most, where the model has the greater one of kinds of functions that are not served.
https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""
