"""Lambda as a target of what others send, and as the road sees functions."""

from __future__ import annotations

import pytest

from outfall.core.arn import Arn
from outfall.core.errors import AwsError
from outfall.core.parcel import Parcel, Sender
from outfall.core.ports import Tx
from outfall.core.principal import role_session, service_principal
from outfall.flow.accept import QUEUES, unpack
from outfall.services.lambda_.functions import LambdaFunctions
from outfall.services.lambda_.target import LambdaTarget
from tests.support import ACCOUNT, REGION

from .world import ROLE, World, function

S3 = Sender("s3", service_principal("s3.amazonaws.com", ACCOUNT), "arn:aws:s3:::b", ACCOUNT)


def sent(world: World, arn: str, parcel: Parcel) -> str:
    return world.store.transact(lambda tx: LambdaTarget().accept(world.context(tx), Arn.parse(arn), parcel))


def test_what_arrives_is_a_new_event_with_its_own_id(world: World) -> None:
    world.active()
    first = sent(world, function("fn"), Parcel(b'{"Records":[]}', S3))
    second = sent(world, function("fn"), Parcel(b"{}", Sender("destination", role_session(ROLE, "AROA", "sender"))))
    queue = f"{QUEUES}{ACCOUNT}/{REGION}/fn"
    events = world.store.transact(lambda tx: [unpack(item.payload) for item in tx.peek(queue)])
    assert [event.id for event in events] == [first, second]
    assert first != second
    assert events[0].payload == b'{"Records":[]}'


def test_what_is_not_there_takes_nothing(world: World) -> None:
    world.active()
    with pytest.raises(AwsError, match=r"Function not found: .*:gone:\$LATEST"):
        sent(world, function("gone"), Parcel(b"{}", S3))
    with pytest.raises(AwsError, match="too large for the Event invocation type"):
        sent(world, function("fn"), Parcel(b" " * 1_048_577, S3))


@pytest.mark.parametrize(
    ("arn", "there"),
    [
        (function("fn"), True),
        (function("fn", "$LATEST"), True),
        (function("fn", "1"), True),
        (function("fn", "2"), False),
        (function("fn", "live"), True),
        (function("fn", "dead"), False),
        (function("nope"), False),
        (f"arn:aws:lambda:{REGION}:222222222222:function:fn", False),
        (f"arn:aws:lambda:{REGION}:{ACCOUNT}:layer:fn", False),
    ],
)
def test_what_exists_can_be_resolved_and_nothing_else(world: World, arn: str, there: bool) -> None:
    world.active()
    world.call("PublishVersion", FunctionName="fn")
    world.call("CreateAlias", FunctionName="fn", Name="live", FunctionVersion="1")

    def work(tx: Tx) -> tuple[bool, bool]:
        ctx = world.context(tx)
        parsed = Arn.parse(arn)
        return LambdaTarget().exists(ctx, parsed), LambdaFunctions().resolve(ctx, parsed) is not None

    assert world.store.transact(work) == (there, there)


def test_environments_are_shared_until_code_or_configuration_changes(world: World) -> None:
    world.active()

    def spec() -> object:
        arn = Arn.parse(function("fn"))
        target = world.store.transact(lambda tx: LambdaFunctions().resolve(world.context(tx), arn))
        assert target is not None
        return target.environment

    before = spec()
    world.call("PutFunctionConcurrency", FunctionName="fn", ReservedConcurrentExecutions=1)
    world.call("TagResource", Resource=function("fn"), Tags={"a": "b"})
    assert spec() == before
    world.call("UpdateFunctionConfiguration", FunctionName="fn", Timeout=9)
    changed = spec()
    assert changed != before
    world.settle()
    assert spec() == changed
