"""What a bucket policy may say: the reasons for which S3 refuses to keep one.

What a kept one allows is for `authz`; whether it is public, in `publicity.py`.
Rule: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-policies.html
"""

from __future__ import annotations

import json
import re
from typing import Any

from outfall.services.s3 import errors
from outfall.services.s3.model import Bucket

POLICY_BYTES_MAX = 20 * 1024
AWS_PRINCIPAL = re.compile(r"\*|\d{12}|arn:aws[a-z-]*:(?:iam|sts)::\d{12}:\S+|A[A-Z0-9]{15,}")
OF_OBJECTS = frozenset({"AbortMultipartUpload", "ListMultipartUploadParts", "BypassGovernanceRetention"})
"""Actions on objects whose names do not say so."""


def check_policy(text: str, bucket: Bucket) -> None:
    """Errors: MalformedPolicy, in the words of S3's own parser."""
    if len(text.encode("utf-8", "surrogatepass")) > POLICY_BYTES_MAX:
        raise errors.MalformedPolicy("Normalized policy document exceeds the maximum allowed size of 20480 bytes.")
    if not text.startswith("{"):
        raise errors.MalformedPolicy
    try:
        document = json.loads(text)
    except ValueError:
        raise errors.MalformedPolicy("This policy contains invalid Json") from None
    if document.get("Version", "2008-10-17") not in ("2012-10-17", "2008-10-17"):
        raise errors.MalformedPolicy("The policy must contain a valid version string")
    if "Statement" not in document:
        raise errors.MalformedPolicy("Missing required field Statement")
    statements = document["Statement"]
    if isinstance(statements, dict):
        statements = [statements]
    if not isinstance(statements, list) or not statements:
        raise errors.MalformedPolicy("Could not parse the policy: Statement is empty!")
    for statement in statements:
        _check_statement(statement, bucket)


def _check_statement(statement: Any, bucket: Bucket) -> None:
    """Errors: MalformedPolicy, in the words of S3's own parser."""
    if not isinstance(statement, dict):
        raise errors.MalformedPolicy("Could not parse the policy: Statement is empty!")
    if statement.get("Effect") not in ("Allow", "Deny"):
        raise errors.MalformedPolicy(f"Invalid effect: {statement.get('Effect') or ''}")
    if statement["Effect"] == "Allow" and "NotPrincipal" in statement:
        raise errors.MalformedPolicy("Allow with NotPrincipal is not allowed.")
    for element in ("Principal", "Action", "Resource"):
        if element not in statement and f"Not{element}" not in statement:
            raise errors.MalformedPolicy(f"Missing required field {element}")
    actions = statement.get("Action", statement.get("NotAction")) or []
    for action in [actions] if isinstance(actions, str) else actions:
        if action != "*" and not str(action).lower().startswith("s3:"):
            raise errors.MalformedPolicy("Policy has invalid action")
    _check_principal(statement.get("Principal", statement.get("NotPrincipal")))
    resources = statement.get("Resource", statement.get("NotResource")) or []
    for resource in [resources] if isinstance(resources, str) else resources:
        if resource != "*" and not _is_in(str(resource), bucket.name):
            raise errors.MalformedPolicy("Policy has invalid resource")
    _check_actions(actions if isinstance(actions, list) else [actions], statement)


def _is_in(resource: str, bucket: str) -> bool:
    """Whether a resource is this bucket or something in it; wildcards may stand in its name."""
    given, _, name = resource.partition(":::")
    pattern = re.escape(name.partition("/")[0]).replace(r"\*", ".*").replace(r"\?", ".")
    if given != "arn:aws:s3":
        return False
    return re.fullmatch(pattern, bucket) is not None or name.startswith(f"{bucket}*")


def _check_principal(principal: Any) -> None:
    if principal in (None, "*"):
        return
    if not isinstance(principal, dict) or not principal:
        raise errors.MalformedPolicy("Invalid policy syntax.")
    named = principal.get("AWS", ())
    for one in [named] if isinstance(named, str) else named:
        if not AWS_PRINCIPAL.fullmatch(str(one)):
            raise errors.MalformedPolicy("Invalid principal in policy")


def _check_actions(actions: list[Any], statement: dict[str, Any]) -> None:
    """Every action has to apply to some resource of its statement: to the bucket, or to objects in it."""
    resources = statement.get("Resource")
    if "Action" not in statement or resources is None:
        return
    listed = [resources] if isinstance(resources, str) else resources
    objects = any("/" in one or one.endswith("*") for one in listed)
    bucket = any("/" not in one for one in listed)
    for action in actions:
        name = str(action).partition(":")[2]
        if not name or "*" in name or "?" in name:
            continue
        of_object = name in OF_OBJECTS or ("Object" in name and "Bucket" not in name)
        if (of_object and not objects) or ("Bucket" in name and not bucket):
            raise errors.MalformedPolicy("Action does not apply to any resource(s) in statement")
