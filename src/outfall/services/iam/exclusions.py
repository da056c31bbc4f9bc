"""Policies that a simulation leaves out: what it would answer if they were not attached.

Rule: https://docs.aws.amazon.com/IAM/latest/APIReference/API_PolicyIdentifier.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from outfall.authz.glob import Pattern
from outfall.core.arn import Arn, MalformedArn
from outfall.core.ports import NamedPolicy
from outfall.core.service import Request
from outfall.services.iam.errors import InvalidInput

_INLINE, _PROVIDED = "inline policy ", "arn:aws:iam::aws:policy/"
OF_TYPE: dict[str, Callable[[str], bool]] = {
    "inline": lambda name: name.startswith(_INLINE),
    "aws-managed": lambda name: name.startswith(_PROVIDED),
    "user-managed": lambda name: not name.startswith((_INLINE, _PROVIDED)),
}
"""Types of attached policies, and which names of policies are theirs."""
BOUNDARY, SERVICE_CONTROL = "permission-boundary", "scp"
"""Types of policies that are not attached. Resource control policies take no part in simulations."""


class Exclusions:
    """Which policies a request leaves out; raises `InvalidInput` for what identifies none."""

    def __init__(self, request: Request) -> None:
        given = request.get("PolicyExclusionList") or []
        if any(len(one) != 1 for one in given):
            raise InvalidInput("Specify exactly one of PolicyType, PolicyArn, or InlinePolicyIdentifier.")
        types = {one["PolicyType"] for one in given if "PolicyType" in one}
        self.boundary = BOUNDARY in types
        self.service_control = SERVICE_CONTROL in types
        self._meant = [OF_TYPE[word] for word in sorted(types & OF_TYPE.keys())]
        self._meant += [_by_arn(one["PolicyArn"]) for one in given if "PolicyArn" in one]
        self._meant += [_by_holder(one["InlinePolicyIdentifier"]) for one in given if "InlinePolicyIdentifier" in one]

    def kept(self, policies: tuple[NamedPolicy, ...]) -> tuple[NamedPolicy, ...]:
        """The attached policies that take part."""
        return tuple(policy for policy in policies if not any(means(policy.name) for means in self._meant))


def _by_arn(text: str) -> Callable[[str], bool]:
    try:
        arn = Arn.parse(text)
    except MalformedArn:
        raise InvalidInput(f"Invalid policy identifier: {text}") from None
    fixed = text[: len(text) - len(arn.resource)]
    if arn.service != "iam" or not arn.resource.startswith("policy/") or "*" in fixed or "?" in fixed:
        raise InvalidInput(f"Invalid policy identifier: {text}")
    return _like(text)


def _by_holder(told: dict[str, Any]) -> Callable[[str], bool]:
    return _like(f"{_INLINE}{told['PolicyName']} of {told['AttachmentType']} {told['AttachmentName']}")


def _like(text: str) -> Callable[[str], bool]:
    """Names of policies that match; a star may stand in an identifier once."""
    if text.count("*") > 1:
        raise InvalidInput(f"Invalid policy identifier: {text.removeprefix(_INLINE)}")
    pattern = Pattern.of(text, variables=False)
    return lambda name: pattern.matches(name, lambda key: None)
