"""Tags of functions.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-tags.html; texts [LS:TestLambdaTag]
"""

from __future__ import annotations

from dataclasses import replace

from outfall.core.errors import NotServed
from outfall.core.service import Call, Output, Permission, Request, operation
from outfall.services.lambda_.errors import InvalidParameterValueException, function_not_found
from outfall.services.lambda_.model import FUNCTIONS, FunctionRow
from outfall.services.lambda_.names import FunctionName, parse, unqualified_arn

TAGS_MAX = 50


def _tags_given(call: Call, request: Request) -> bool:
    return bool(request.get("Tags"))


TAG_IF_GIVEN = Permission("lambda:TagResource", unqualified_arn, when=_tags_given)
"""Creating with tags takes the permission to tag."""


def checked(tags: dict[str, str]) -> dict[str, str]:
    """The tags a function is to have; raises when they are too many."""
    if len(tags) > TAGS_MAX:
        raise InvalidParameterValueException("Number of tags exceeds resource tag limit.")
    return tags


def _resource(call: Call, request: Request) -> str:
    return str(request["Resource"])


def _function(call: Call, request: Request) -> tuple[FunctionName, FunctionRow]:
    if ":function:" not in request["Resource"]:
        raise NotServed(f"Tags of {request['Resource']} are not served: only functions have tags here.")
    name = parse(call, request["Resource"])
    if name.qualifier:
        raise InvalidParameterValueException(
            "Tags on function aliases and versions are not supported. Please specify a function ARN."
        )
    row = call.tx.get(FUNCTIONS, name.key)
    if row is None:
        raise function_not_found(name.unqualified)
    return name, row


@operation("TagResource", action="lambda:TagResource", resource=_resource)
def tag_resource(call: Call, request: Request) -> Output:
    """Adds tags, or changes their values."""
    if not request["Tags"]:
        raise InvalidParameterValueException("An error occurred and the request cannot be processed.")
    name, row = _function(call, request)
    tags = checked({**dict(row.tags), **request["Tags"]})
    call.tx.put(FUNCTIONS, name.key, replace(row, tags=tuple(tags.items())))
    return None


@operation("UntagResource", action="lambda:UntagResource", resource=_resource)
def untag_resource(call: Call, request: Request) -> Output:
    """Removes tags; those that are not there are removed already."""
    name, row = _function(call, request)
    kept = tuple(tag for tag in row.tags if tag[0] not in request["TagKeys"])
    call.tx.put(FUNCTIONS, name.key, replace(row, tags=kept))
    return None


@operation("ListTags", action="lambda:ListTags", resource=_resource)
def list_tags(call: Call, request: Request) -> Output:
    """All tags of a function."""
    _, row = _function(call, request)
    return {"Tags": dict(row.tags)}


OPERATIONS = (tag_resource, untag_resource, list_tags)
