"""Static websites: the configuration of a bucket, and what a browser gets from the bucket's website host.

Rules: https://docs.aws.amazon.com/AmazonS3/latest/userguide/WebsiteHosting.html (index and error documents,
redirects), https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketWebsite.html
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from outfall.authz import Ask, authorize
from outfall.core.effects import Respond
from outfall.core.errors import AwsError
from outfall.core.service import Call, Operation, Output, Request, operation
from outfall.services.s3 import documents, errors, storage
from outfall.services.s3.access import bucket_arn, effective_policy, find, require
from outfall.services.s3.model import Bucket
from outfall.services.s3.reading import read

KIND = "website"
RULES_MAX = 50
PROTOCOLS = ("http", "https")
Configuration = dict[str, Any]


@operation("PutBucketWebsite", action="s3:PutBucketWebsite", resource=bucket_arn)
def put_bucket_website(call: Call, request: Request) -> Output:
    """Replaces the configuration. Errors: InvalidArgument, InvalidRequest. [LS:test_website_hosting_*]"""
    bucket = require(call, request)
    configuration: Configuration = request.get("WebsiteConfiguration") or {}
    _check(configuration)
    documents.keep(call.tx, bucket.name, KIND, configuration)
    return None


def _check(configuration: Configuration) -> None:
    everywhere = configuration.get("RedirectAllRequestsTo")
    index, error = configuration.get("IndexDocument"), configuration.get("ErrorDocument")
    if everywhere is not None:
        if len(configuration) > 1:
            raise errors.InvalidArgument(
                "RedirectAllRequestsTo cannot be provided in conjunction with other Routing Rules.",
                ArgumentName="RedirectAllRequestsTo",
                ArgumentValue="not null",
            )
        if not everywhere.get("HostName"):
            raise errors.MalformedXML
        _check_protocol(everywhere)
        return
    suffix = (index or {}).get("Suffix")
    if index is None:
        raise errors.InvalidArgument(
            "A value for IndexDocument Suffix must be provided if RedirectAllRequestsTo is empty",
            ArgumentName="IndexDocument",
            ArgumentValue="null",
        )
    if not suffix or "/" in suffix:
        raise errors.InvalidArgument(
            "The IndexDocument Suffix is not well formed", ArgumentName="IndexDocument", ArgumentValue=suffix or ""
        )
    if error is not None and not error.get("Key"):
        raise errors.InvalidArgument(
            "The ErrorDocument Key is not well formed", ArgumentName="ErrorDocument", ArgumentValue=""
        )
    _check_rules(configuration.get("RoutingRules"))


def _check_rules(rules: list[dict[str, Any]] | None) -> None:
    if rules is None:
        return
    if not 1 <= len(rules) <= RULES_MAX:
        raise errors.MalformedXML
    for rule in rules:
        redirect, condition = rule.get("Redirect"), rule.get("Condition")
        if not redirect:
            raise errors.MalformedXML
        if condition is not None and not condition:
            raise errors.InvalidRequest(
                "Condition cannot be empty. To redirect all requests without a condition, the condition element "
                "shouldn't be present."
            )
        if "ReplaceKeyPrefixWith" in redirect and "ReplaceKeyWith" in redirect:
            raise errors.InvalidRequest("You can only define ReplaceKeyPrefix or ReplaceKey but not both.")
        code = redirect.get("HttpRedirectCode")
        if code is not None and not (code.isdecimal() and 301 <= int(code) <= 399):
            raise errors.InvalidRequest(
                f"The provided HTTP redirect code ({code}) is not valid. Valid codes are 3XX except 300."
            )
        asked = (condition or {}).get("HttpErrorCodeReturnedEquals")
        if asked is not None and not (asked.isdecimal() and 400 <= int(asked) <= 599):
            raise errors.InvalidRequest(
                f"The provided HTTP error code ({asked}) is not valid. Valid codes are 4XX or 5XX."
            )
        _check_protocol(redirect)


def _check_protocol(redirect: dict[str, Any]) -> None:
    if redirect.get("Protocol") not in (None, "", *PROTOCOLS):
        raise errors.InvalidRequest(
            "Invalid protocol, protocol can be http or https. If not defined the protocol will be selected "
            "automatically."
        )


@operation("GetBucketWebsite", action="s3:GetBucketWebsite", resource=bucket_arn)
def get_bucket_website(call: Call, request: Request) -> Output:
    """The configuration as it was put. Errors: NoSuchWebsiteConfiguration."""
    return _configuration(call, require(call, request))


def _configuration(call: Call, bucket: Bucket) -> Configuration:
    return documents.required(call.tx, bucket, KIND, errors.NoSuchWebsiteConfiguration)


@operation("DeleteBucketWebsite", action="s3:DeleteBucketWebsite", resource=bucket_arn)
def delete_bucket_website(call: Call, request: Request) -> Output:
    """Removes the configuration, if there is one."""
    documents.drop(call.tx, require(call, request).name, KIND)
    return None


def _visit(call: Call, request: Request) -> Output:
    """What a browser gets for a path of a website; permission is asked here, for the keys that the path leads to.

    Errors: NoSuchBucket, NoSuchWebsiteConfiguration, AccessDenied, NoSuchKey; to be shown as pages.
    """
    bucket = find(call.tx, request["Bucket"])
    configuration, key = _configuration(call, bucket), request["Key"]
    everywhere = configuration.get("RedirectAllRequestsTo")
    if everywhere is not None:
        return _redirect(call, request, everywhere, "301")
    for rule in configuration.get("RoutingRules") or ():
        condition = rule.get("Condition") or {}
        if "HttpErrorCodeReturnedEquals" not in condition and key.startswith(condition.get("KeyPrefixEquals") or ""):
            return _redirect(call, request, rule["Redirect"], "301", condition.get("KeyPrefixEquals") or "")
    suffix = configuration["IndexDocument"]["Suffix"]
    try:
        return _document(call, bucket, request, key + suffix if key == "" or key.endswith("/") else key, suffix)
    except (errors.NoSuchKey, errors.AccessDenied) as failed:
        return _instead(call, bucket, request, configuration, failed)


def _document(call: Call, bucket: Bucket, request: Request, key: str, suffix: str) -> Output:
    """The object at a key. A path without a slash at its end, under which there is an index, is sent there."""
    there = storage.current(call.tx, bucket.name, key)
    if there is None and storage.current(call.tx, bucket.name, f"{key}/{suffix}") is not None:
        return Respond({}, status=302, headers=(("Location", "/" + quote(key) + "/"),))
    return _object(call, bucket, request, key)


def _object(call: Call, bucket: Bucket, request: Request, key: str) -> Output:
    """The object at a key, or where it says that it is. Errors: AccessDenied, NoSuchKey."""
    if not _may(call, bucket, "s3:GetObject", key):
        raise errors.AccessDenied
    there = storage.current(call.tx, bucket.name, key)
    if there is None:
        if not _may(call, bucket, "s3:ListBucket", ""):
            raise errors.AccessDenied
        raise errors.NoSuchKey(Key=key)
    moved = dict(there.attributes.headers).get("WebsiteRedirectLocation")
    if moved:
        return Respond({}, status=301, headers=(("Location", moved),))
    return read(call, {**request, "Key": key}, with_body=True)


def _may(call: Call, bucket: Bucket, action: str, key: str) -> bool:
    resource = f"arn:aws:s3:::{bucket.name}" + (f"/{key}" if key else "")
    policy = effective_policy(call, bucket, key)
    ask = Ask(
        call.principal,
        action,
        resource,
        {"aws:SourceIp": call.source_ip},
        resource_policy=policy,
        resource_account=bucket.account,
    )
    return authorize(call, ask).allowed


def _instead(call: Call, bucket: Bucket, request: Request, configuration: Configuration, failed: AwsError) -> Output:
    """A rule's redirect for this error, else the error document under the error's status, else the error itself, with
    the error document's own as its cause."""
    key = request["Key"]
    for rule in configuration.get("RoutingRules") or ():
        condition = rule.get("Condition") or {}
        prefix = condition.get("KeyPrefixEquals") or ""
        if condition.get("HttpErrorCodeReturnedEquals") == str(failed.status) and key.startswith(prefix):
            return _redirect(call, request, rule["Redirect"], "302", prefix)
    page = (configuration.get("ErrorDocument") or {}).get("Key")
    failed.headers = _told(failed)
    if not page:
        raise failed
    try:
        found = _object(call, bucket, {"Bucket": bucket.name}, page)
    except (errors.NoSuchKey, errors.AccessDenied) as unread:
        raise failed from unread
    if isinstance(found, Respond):
        return found  # The error document's own redirect.
    return Respond(found, status=failed.status, headers=failed.headers)


def _told(failed: AwsError) -> tuple[tuple[str, str], ...]:
    detail = tuple((f"x-amz-error-detail-{name}", str(value)) for name, value in failed.fields.items())
    return (("x-amz-error-code", failed.code), ("x-amz-error-message", failed.message), *detail)


def _redirect(call: Call, request: Request, to: dict[str, Any], code: str, prefix: str = "") -> Respond:
    key = request["Key"]
    path = quote(key)
    if "ReplaceKeyWith" in to:
        path = to["ReplaceKeyWith"]
    elif "ReplaceKeyPrefixWith" in to:
        path = to["ReplaceKeyPrefixWith"] + quote(key[len(prefix) :])
    host = to.get("HostName") or call.headers.get("host", "")
    query = f"?{request['Query']}" if request.get("Query") else ""
    location = f"{to.get('Protocol') or 'http'}://{host}/{path}{query}"
    return Respond({}, status=int(to.get("HttpRedirectCode") or code), headers=(("Location", location),))


VISIT = Operation("GetObject", _visit, ())
"""What is done for a request to a website: it is anonymous, and asks for its permissions itself."""

OPERATIONS: tuple[Operation, ...] = (put_bucket_website, get_bucket_website, delete_bucket_website)
