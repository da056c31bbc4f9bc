"""Condition keys of single services, read from the request that is made: a table from the key to where it stands.

What takes more than reading a parameter or a header, an operation declares itself (`Permission.context`).
Rule: https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from outfall.authz.glob import KeyValue


class Facts(msgspec.Struct, frozen=True):
    """A request: the vendor of the action (as `s3`), the resource, and the parameters by the names of the model."""

    vendor: str
    resource: str
    parameters: Mapping[str, Any]

    def header(self, name: str) -> str | None:
        """A header of the call, by its name in lower case."""
        return None


PARAMETERS: dict[str, tuple[str, ...]] = {
    "s3:prefix": ("Prefix",),
    "s3:delimiter": ("Delimiter",),
    "s3:max-keys": ("MaxKeys",),
    "s3:versionid": ("VersionId",),
    "sns:protocol": ("Protocol",),
    "sns:endpoint": ("Endpoint",),
    "iam:policyarn": ("PolicyArn",),
    "iam:permissionsboundary": ("PermissionsBoundary",),
    "iam:awsservicename": ("AWSServiceName",),
    "sts:rolesessionname": ("RoleSessionName",),
    "sts:externalid": ("ExternalId",),
    "sts:sourceidentity": ("SourceIdentity",),
    "sts:durationseconds": ("DurationSeconds",),
    "cloudwatch:namespace": ("Namespace",),
    "lambda:principal": ("Principal",),
    "lambda:eventsourcetoken": ("EventSourceToken",),
    "lambda:functionurlauthtype": ("FunctionUrlAuthType", "AuthType"),
    "lambda:layer": ("Layers",),
    "lambda:codesigningconfigarn": ("CodeSigningConfigArn",),
}
"""Key in lower case, and the parameters that may hold it."""

PARTS: dict[str, tuple[str, str]] = {
    "s3:locationconstraint": ("CreateBucketConfiguration", "LocationConstraint"),
    "lambda:subnetids": ("VpcConfig", "SubnetIds"),
    "lambda:securitygroupids": ("VpcConfig", "SecurityGroupIds"),
}
"""Key in lower case, and the member of a parameter that holds it."""

_HEADERS = "s3:x-amz-"
_OBJECT_TAG = "s3:requestobjecttag/"


def of_request(facts: Facts, key: str) -> KeyValue:
    """The value of a service's own key; None if the request has none."""
    vendor, _, name = key.partition(":")
    if vendor != facts.vendor:
        return None
    if key in PARAMETERS:
        return _value(
            next((found for one in PARAMETERS[key] if (found := facts.parameters.get(one)) is not None), None)
        )
    if key in PARTS:
        outer, inner = PARTS[key]
        held = facts.parameters.get(outer)
        return _value(held.get(inner)) if isinstance(held, Mapping) else None
    if key.startswith(_HEADERS):
        return facts.header(name)
    if vendor == "s3":
        return _of_s3(facts, key)
    if key == "events:targetarn":
        return _target_arns(facts.parameters)
    return None


def _of_s3(facts: Facts, key: str) -> KeyValue:
    if key == "s3:authtype":
        return "REST-HEADER" if facts.header("authorization") else "REST-QUERY-STRING"
    if key == "s3:signatureversion":
        return "AWS" if (facts.header("authorization") or "").startswith("AWS ") else "AWS4-HMAC-SHA256"
    if key.startswith(_OBJECT_TAG):
        wanted = key[len(_OBJECT_TAG) :]
        return next((value for name, value in _object_tags(facts.parameters) if name.lower() == wanted), None)
    if key == "s3:requestobjecttagkeys":
        return tuple(name for name, _ in _object_tags(facts.parameters)) or None
    return None


def _object_tags(parameters: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Tags that an upload or PutObjectTagging gives an object."""
    told = parameters.get("Tagging")
    if isinstance(told, str):
        return parse_qsl(told, keep_blank_values=True)
    pairs = told.get("TagSet") if isinstance(told, Mapping) else None
    return _pairs(pairs)


def _target_arns(parameters: Mapping[str, Any]) -> KeyValue:
    targets = parameters.get("Targets")
    if not isinstance(targets, list):
        return None
    return tuple(str(one["Arn"]) for one in targets if isinstance(one, Mapping) and one.get("Arn")) or None


def _value(held: Any) -> KeyValue:
    if held is None or isinstance(held, (bytes, Mapping)):
        return None
    if isinstance(held, bool):
        return "true" if held else "false"
    return tuple(str(one) for one in held) if isinstance(held, (list, tuple)) else str(held)


def request_tags(parameters: Mapping[str, Any]) -> dict[str, str]:
    """The tags that a request puts on a resource, as each service spells them."""
    for name in ("Tags", "tags"):
        told = parameters.get(name)
        if isinstance(told, Mapping):
            return {str(key): str(value) for key, value in told.items()}
        if isinstance(told, list):
            return dict(_pairs(told))
    return {}


def _pairs(told: Any) -> list[tuple[str, str]]:
    listed = told if isinstance(told, list) else []
    made = [(one.get("Key", one.get("key")), one.get("Value", one.get("value"))) for one in listed if _is_map(one)]
    return [(str(key), "" if value is None else str(value)) for key, value in made if key is not None]


def _is_map(value: Any) -> bool:
    return isinstance(value, Mapping)


def tag_keys(parameters: Mapping[str, Any]) -> KeyValue:
    """The keys of the tags that a request puts or removes; None if it does neither."""
    for name in ("TagKeys", "tagKeys"):
        told = parameters.get(name)
        if isinstance(told, list):
            return tuple(str(one) for one in told)
    return tuple(request_tags(parameters)) or None
