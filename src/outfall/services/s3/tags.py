"""Tags of objects and buckets: reading them from a request, and what they may be.

Rule: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from unicodedata import category
from urllib.parse import parse_qsl

from outfall.services.s3.errors import BadRequest, InvalidArgument, InvalidTag
from outfall.services.s3.model import Pairs

OBJECT_TAGS_MAX = 10
BUCKET_TAGS_MAX = 50
TAG_KEY_LENGTH_MAX = 128
TAG_VALUE_LENGTH_MAX = 256
SYSTEM_TAG = "System tags cannot be added/updated by requester"
SYSTEM_TAG_OF_OBJECT = "Your TagKey cannot be prefixed with aws:"
SYMBOLS = frozenset("_.:/=+-@")


def checked_tags(tags: Iterable[dict[str, Any]] | None, *, count_max: int = BUCKET_TAGS_MAX) -> Pairs:
    """The tags of a TagSet. Errors: BadRequest (too many), InvalidTag."""
    pairs = tuple((str(tag["Key"]), str(tag["Value"])) for tag in tags or ())
    if len(pairs) > count_max:
        what = (
            "Object tags cannot be greater than 10"
            if count_max == OBJECT_TAGS_MAX
            else "Bucket tags cannot be greater than 50"
        )
        raise BadRequest(what)
    seen: set[str] = set()
    for key, value in pairs:
        _check(key, value, SYSTEM_TAG_OF_OBJECT if count_max == OBJECT_TAGS_MAX else SYSTEM_TAG)
        if key in seen:
            raise InvalidTag("Cannot provide multiple Tags with the same key", TagKey=key)
        seen.add(key)
    return pairs


def _check(key: str, value: str, system_tag: str) -> None:
    if not 1 <= len(key) <= TAG_KEY_LENGTH_MAX or not all(map(_allowed, key)):
        raise InvalidTag("The TagKey you have provided is invalid", TagKey=key)
    if len(value) > TAG_VALUE_LENGTH_MAX or not all(map(_allowed, value)):
        raise InvalidTag("The TagValue you have provided is invalid", TagKey=key, TagValue=value)
    if key.lower().startswith("aws:"):
        raise InvalidTag(system_tag, TagKey=key)


def _allowed(character: str) -> bool:
    """Letters and digits of any script, white space, and some symbols.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/tagging.html"""
    return character in SYMBOLS or character.isalnum() or category(character)[0] in "ZNL"


def header_tags(header: str | None) -> Pairs:
    """The tags in `x-amz-tagging`, which is written like a query string. Errors: InvalidArgument, InvalidTag."""
    if not header:
        return ()
    try:
        single = all(part.count("=") <= 1 for part in header.split("&"))
        pairs = parse_qsl(header, keep_blank_values=True, errors="strict") if single else []
    except ValueError:
        pairs = []
    if not pairs or len({key for key, _ in pairs}) != len(pairs):
        raise InvalidArgument(
            "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag "
            "name duplicates.",
            ArgumentName="x-amz-tagging",
            ArgumentValue=header,
        )
    return checked_tags(({"Key": key, "Value": value} for key, value in pairs), count_max=OBJECT_TAGS_MAX)


def tag_set(tags: Pairs) -> list[dict[str, str]]:
    """Tags as the model has them."""
    return [{"Key": key, "Value": value} for key, value in tags]
