"""A refusal as each service tells it: code, status, and the spelling of action and resource.

Measured on AWS: SQS says the action in lower case, SNS with a capital prefix, S3 quotes the resource, IAM shortens it,
STS gives no reason. [FL R1-R4; logs of 2025-26]
"""

from __future__ import annotations

from outfall.authz.decision import Ask, Decision
from outfall.core.errors import AwsError


class Denied(AwsError):
    """Access Denied"""

    code = "AccessDenied"
    status = 403

    def __init__(self, message: str | None = None, /, *, decision: Decision | None = None) -> None:
        super().__init__(message)
        self.decision = decision


class DeniedRest(Denied):
    """Access Denied"""

    # As Lambda answers; its body holds the text under `Message`. [FL R4]
    code = "AccessDeniedException"


class DeniedSilently(DeniedRest):
    """Access Denied"""

    # What Lambda answers who does more than invoke a function of another account: its message is null.
    # [LS:test_function_arns, rec-123]
    def __init__(self, message: str | None = None, /, *, decision: Decision | None = None) -> None:
        super().__init__(message, decision=decision)
        self.message = None  # type: ignore[assignment]


class DeniedJson(Denied):
    """Access Denied"""

    # As CloudWatch Logs and EventBridge answer.
    code = "AccessDeniedException"
    status = 400


class DeniedSqs(Denied):
    """Access Denied"""

    # `__type` is com.amazon.coral.service#AccessDeniedException, the query protocol says AccessDenied. [FL R1, R3]
    code = "AccessDeniedException"
    query_code = "AccessDenied"


class DeniedSns(Denied):
    """Access Denied"""

    code = "AuthorizationError"


CLASSES: dict[str, type[Denied]] = {
    "sqs": DeniedSqs,
    "sns": DeniedSns,
    "lambda": DeniedRest,
    "logs": DeniedJson,
    "events": DeniedJson,
    "cloudwatch": Denied,
    "monitoring": Denied,
    "s3": Denied,
    "iam": Denied,
    "sts": Denied,
}
"""The class of a refusal by the service that answers."""


_INVOKING = frozenset({"lambda:InvokeFunction", "lambda:InvokeFunctionUrl"})
_BARE = frozenset({"sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"})
"""Actions whose refusal gives no reason."""

_ENTITIES = {"role": "role", "user": "user", "group": "group", "instance-profile": "instance profile"}
_BY_ARN = frozenset(
    [f"iam:Create{word}" for word in ("Role", "User", "Group", "InstanceProfile", "ServiceLinkedRole")]
    + [f"iam:List{word}" for word in ("Roles", "Users", "Groups", "InstanceProfiles")]
    + [f"iam:{verb}{word}" for verb in ("Tag", "Untag") for word in ("Role", "User", "InstanceProfile")]
    + ["iam:PassRole", "iam:SimulatePrincipalPolicy", "iam:GetContextKeysForPrincipalPolicy"]
)
_OF_A_NEW_POLICY = frozenset({"iam:CreatePolicy", "iam:TagPolicy"})


def denial(decision: Decision, service: str) -> Denied:
    """The error that `service` answers a refused call with."""
    made = CLASSES.get(service, Denied)
    ask = decision.ask
    strange = service == "lambda" and ":function:" in ask.resource and _is_stranger(decision)
    if strange and ask.action not in _INVOKING:
        made = DeniedSilently
    return made(message(decision, service), decision=decision)


def message(decision: Decision, service: str) -> str:
    """The sentence in the spelling of `service`."""
    ask = decision.ask
    if service == "s3" and _is_stranger(decision):
        return "Access Denied"
    if service == "sqs" and ask.principal.kind == "anonymous":
        region = ask.resource.split(":")[3] if ask.resource.count(":") >= 5 else ""
        return f"Access to the resource https://sqs.{region or 'us-east-1'}.amazonaws.com/ is denied."
    action = _spelled(ask.action, service)
    reason = decision.reason.replace(ask.action, action)
    if service == "sts" and action in _BARE:
        return head(ask, action) + ask.resource
    return f"{head(ask, action)}{_resource(ask.resource, ask.action, service)} {reason}"


def head(ask: Ask, action: str) -> str:
    """How the sentence begins, up to the resource."""
    return f"User: {ask.principal.arn} is not authorized to perform: {action} on resource: "


def _is_stranger(decision: Decision) -> bool:
    """S3 and Lambda tell nothing to callers of another account and to anonymous ones."""
    ask = decision.ask
    owner = ask.resource_account or account_in(ask.resource)
    return ask.principal.kind == "anonymous" or owner not in ("", ask.principal.account)


def account_in(resource: str) -> str:
    """The account that an ARN names, or empty."""
    parts = resource.split(":", 5)
    return parts[4] if len(parts) == 6 else ""


def _spelled(action: str, service: str) -> str:
    prefix, _, name = action.partition(":")
    if service == "sqs" and prefix == "sqs":
        return action.lower()
    return f"SNS:{name}" if service == "sns" and prefix.lower() == "sns" else action


def _resource(resource: str, action: str, service: str) -> str:
    if service == "s3":
        return f'"{resource}"'
    return _short(resource, action) if service == "iam" else resource


def _short(resource: str, action: str) -> str:
    """How IAM calls what an action is about: what is there already by its name, and by its ARN what is to be made,
    tagged, simulated or passed, and what is listed; with policies it is the other way round. [logs of 2021-26]"""
    kind, slash, path = resource.split(":", 5)[-1].partition("/")
    name = path.rpartition("/")[2]
    if kind == "policy" and slash:
        if action == "iam:ListPolicies":
            return f"policy path /{path}"
        return f"policy {name if action in _OF_A_NEW_POLICY else resource}"
    if kind not in _ENTITIES or action in _BY_ARN:
        return resource
    return f"{_ENTITIES[kind]} {name}"
