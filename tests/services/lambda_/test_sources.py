"""Code from S3: the host reads the object, and what it is then decides [LS:test_lambda_code_location_s3_errors]."""

from __future__ import annotations

from typing import Any

import pytest

from outfall.core.body import Segment
from outfall.core.context import Context
from outfall.core.effects import ReadBytes
from outfall.core.errors import AwsError
from outfall.core.ports import Tx
from outfall.services.lambda_.sources import GET_OBJECT
from tests.support import make_call

from .world import ROLE, World, archive, zipped


class NoSuchBucket(AwsError):
    """The specified bucket does not exist"""

    status = 404


class NoSuchKey(AwsError):
    """The specified key does not exist."""

    status = 404


class Objects:
    """The objects of one bucket, by key."""

    def __init__(self) -> None:
        self.held: dict[str, bytes] = {}

    def __call__(self, ctx: Context, bucket: str, key: str, version: str | None) -> tuple[Segment, ...]:
        if bucket != "b":
            raise NoSuchBucket
        if key not in self.held:
            raise NoSuchKey
        return (Segment(len(self.held[key]), data=self.held[key]),)


@pytest.fixture
def objects(world: World) -> Objects:
    held = Objects()
    world.house["objects"] = held
    return held


def created(world: World, key: str = "k", bucket: str = "b") -> Any:
    code = {"S3Bucket": bucket, "S3Key": key}
    return world.call("CreateFunction", FunctionName="fn", Runtime="python3.12", Handler="a.b", Role=ROLE, Code=code)


def read(world: World, effect: Any, *, gone: bool = False) -> Any:
    """Does what the host does with the effect."""
    assert isinstance(effect, ReadBytes)
    found = effect.look(None if gone else b"".join(segment.data for segment in effect.segments))

    def work(tx: Tx) -> Any:
        return effect.resume(make_call(tx, ids=world.ids, **world.house), found)

    return world.store.transact(work)


def test_code_of_an_object_is_read_and_used(world: World, objects: Objects) -> None:
    objects.held["k"] = zipped()
    made = read(world, created(world))
    assert (made["State"], made["CodeSize"]) == ("Pending", archive().size)
    world.settle()
    objects.held["k"] = zipped({"app.py": "new"})
    effect = world.call("UpdateFunctionCode", FunctionName="fn", S3Bucket="b", S3Key="k")
    assert read(world, effect)["CodeSha256"] != made["CodeSha256"]


def test_an_object_that_changed_while_it_was_read_is_read_again(world: World, objects: Objects) -> None:
    objects.held["k"] = zipped()
    effect = created(world)
    objects.held["k"] = zipped({"app.py": "a longer handler"})
    again = read(world, effect, gone=True)
    assert read(world, again)["CodeSize"] == len(objects.held["k"])


def test_an_object_whose_bytes_are_lost_is_an_error_and_not_a_loop(world: World, objects: Objects) -> None:
    objects.held["k"] = zipped()
    effect = created(world)
    with pytest.raises(AwsError, match="internal error"):
        read(world, effect, gone=True)


@pytest.mark.parametrize(
    ("bucket", "key", "said"),
    [
        ("none", "k", "NoSuchBucket. S3 Error Message: The specified bucket does not exist"),  # rec-148
        ("b", "none", "NoSuchKey. S3 Error Message: The specified key does not exist."),  # rec-149
    ],
)
def test_what_is_not_there_is_told_in_s3s_words(
    world: World, objects: Objects, bucket: str, key: str, said: str
) -> None:
    with pytest.raises(AwsError) as caught:
        created(world, key, bucket)
    assert (caught.value.status, caught.value.code) == (400, "InvalidParameterValueException")
    assert caught.value.message == f"Error occurred while GetObject. S3 Error Code: {said}"


def test_an_object_that_is_no_archive_is_refused(world: World, objects: Objects) -> None:
    objects.held["k"] = b"not a zip"
    effect = created(world)
    with pytest.raises(AwsError, match="Could not unzip uploaded file"):
        read(world, effect)
    assert world.call("ListFunctions") == {"Functions": []}


def test_without_s3_it_is_said(world: World) -> None:
    error = world.fails("UpdateFunctionCode", FunctionName="none", S3Bucket="b", S3Key="k")
    assert error.status == 404
    world.active()
    error = world.fails("UpdateFunctionCode", FunctionName="fn", S3Bucket="b", S3Key="k")
    assert (error.status, error.code) == (501, "NotImplemented")


def test_reading_the_object_takes_permission(world: World) -> None:
    def asked(tx: Tx, request: dict[str, Any]) -> list[tuple[str, str]]:
        call = make_call(tx)
        return [(one.action, one.resource(call, request)) for one in GET_OBJECT if one.when and one.when(call, request)]

    def of(request: dict[str, Any]) -> list[tuple[str, str]]:
        return world.store.transact(lambda tx: asked(tx, request))

    assert of({"Code": {"S3Bucket": "b", "S3Key": "a/k"}}) == [("s3:GetObject", "arn:aws:s3:::b/a/k")]
    version = {"FunctionName": "fn", "S3Bucket": "b", "S3Key": "k", "S3ObjectVersion": "v"}
    assert of(version) == [("s3:GetObjectVersion", "arn:aws:s3:::b/k")]
    assert of({"Code": {"ZipFile": archive()}}) == []
