"""Tags of functions and of event source mappings.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-tags.html; texts [LS:TestLambdaTag]
"""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from outfall.core.errors import NotServed
from outfall.core.ports import Key, Table
from outfall.core.service import Call, Output, Permission, Request, operation
from outfall.core.tags import reserved
from outfall.services.lambda_.errors import (
    InvalidParameterValueException,
    ResourceNotFoundException,
    function_not_found,
)
from outfall.services.lambda_.mapping_model import MAPPINGS, MappingRow
from outfall.services.lambda_.model import FUNCTIONS, FunctionRow
from outfall.services.lambda_.names import parse, unqualified_arn

TAGS_MAX = 50


def tags_given(call: Call, request: Request) -> bool:
    """Whether a request that creates something tags it too."""
    return bool(request.get("Tags"))


TAG_IF_GIVEN = Permission("lambda:TagResource", unqualified_arn, when=tags_given)
"""Creating with tags takes the permission to tag."""


def checked(tags: dict[str, str]) -> dict[str, str]:
    """The tags something is to have; raises when they are too many."""
    if reserved(tags):
        # AWS's text is not known.
        raise InvalidParameterValueException("Tag keys with the prefix aws: are reserved.")
    if len(tags) > TAGS_MAX:
        raise InvalidParameterValueException("Number of tags exceeds resource tag limit.")
    return tags


def _resource(call: Call, request: Request) -> str:
    return str(request["Resource"])


def _tagged(call: Call, request: Request) -> tuple[Table[Any], Key, FunctionRow | MappingRow]:
    """The row whose tags are meant, and where it lies."""
    resource = request["Resource"]
    if ":event-source-mapping:" in resource:
        key = (call.account, call.region, resource.rsplit(":", 1)[-1])
        mapping = call.tx.get(MAPPINGS, key)
        if mapping is None or mapping.arn != resource:
            raise ResourceNotFoundException(f"Event source mapping not found: {resource}")
        return MAPPINGS, key, mapping
    if ":function:" not in resource:
        raise NotServed(f"Tags of {resource} are not served: functions and event source mappings have tags here.")
    name = parse(call, resource)
    if name.qualifier:
        raise InvalidParameterValueException(
            "Tags on function aliases and versions are not supported. Please specify a function ARN."
        )
    function = call.tx.get(FUNCTIONS, name.key)
    if function is None:
        raise function_not_found(name.unqualified)
    return FUNCTIONS, name.key, function


@operation("TagResource", action="lambda:TagResource", resource=_resource)
def tag_resource(call: Call, request: Request) -> Output:
    """Adds tags, or changes their values."""
    if not request["Tags"]:
        raise InvalidParameterValueException("An error occurred and the request cannot be processed.")
    table, key, row = _tagged(call, request)
    tags = checked({**dict(row.tags), **request["Tags"]})
    call.tx.put(table, key, replace(row, tags=tuple(tags.items())))
    return None


@operation("UntagResource", action="lambda:UntagResource", resource=_resource)
def untag_resource(call: Call, request: Request) -> Output:
    """Removes tags; those that are not there are removed already."""
    table, key, row = _tagged(call, request)
    kept = tuple(tag for tag in row.tags if tag[0] not in request["TagKeys"])
    call.tx.put(table, key, replace(row, tags=kept))
    return None


@operation("ListTags", action="lambda:ListTags", resource=_resource)
def list_tags(call: Call, request: Request) -> Output:
    """All tags."""
    _, _, row = _tagged(call, request)
    return {"Tags": dict(row.tags)}


OPERATIONS = (tag_resource, untag_resource, list_tags)
