"""The junction: who may send to whom, and what is told of what did not arrive."""

from __future__ import annotations

import json

import pytest
from msgspec.structs import replace

from outfall.core.arn import Arn
from outfall.core.parcel import Parcel, Sender
from outfall.core.ports import NamedPolicy
from outfall.core.principal import role_session, service_principal
from outfall.flow.send import Receipt, Refusal, check, send
from outfall.store.memory import MemoryStore
from tests.support import ACCOUNT, OTHER_ACCOUNT, KnownIdentities, RecordingTarget, make_context

QUEUE = f"arn:aws:sqs:us-east-1:{ACCOUNT}:q"
TOPIC = f"arn:aws:sns:us-east-1:{ACCOUNT}:t"
OPEN = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "sns.amazonaws.com"},
                "Action": "sqs:SendMessage",
                "Resource": QUEUE,
                "Condition": {"ArnEquals": {"aws:SourceArn": TOPIC}},
            }
        ],
    }
)


def parcel(origin: str = "sns", account: str = ACCOUNT) -> Parcel:
    principal = service_principal(f"{origin}.amazonaws.com", account)
    return Parcel(b"hello", Sender(origin, principal, source_arn=TOPIC, source_account=account))  # type: ignore[arg-type]


def deliver(policy: str | None, given: Parcel, *, forgiving: bool = False, target: str = QUEUE) -> Receipt | Refusal:
    queue = RecordingTarget("sqs:SendMessage", {QUEUE: policy})

    def work(tx: object) -> Receipt | Refusal:
        ctx = make_context(tx, account=ACCOUNT, targets={"sqs": queue})  # type: ignore[arg-type]
        ctx.house = replace(ctx.house, forgiving=forgiving)
        looked_up = check(ctx, target, given.sender)
        result = send(ctx, target, given)
        assert (looked_up is None) == isinstance(result, Receipt), "check and send disagree"
        assert len(queue.arrived) == isinstance(result, Receipt)
        return result

    return MemoryStore().transact(work)


def test_a_queue_whose_policy_allows_it_receives() -> None:
    assert isinstance(deliver(OPEN, parcel()), Receipt)


def test_a_queue_without_a_policy_is_closed_as_on_aws() -> None:
    refused = deliver(None, parcel())
    assert isinstance(refused, Refusal)
    assert refused.kind == "denied"
    assert "not authorized to perform: sqs:SendMessage" in refused.explanation


@pytest.mark.parametrize("origin", ["sns", "events"])
def test_a_forgiving_house_delivers_to_a_queue_without_a_policy(origin: str) -> None:
    assert isinstance(deliver(None, parcel(origin), forgiving=True), Receipt)


@pytest.mark.parametrize(
    "policy, given",
    [
        (OPEN.replace(":t", ":another"), parcel()),
        (None, parcel(account=OTHER_ACCOUNT)),
        (None, parcel("s3")),
    ],
    ids=["a policy that says otherwise", "another account", "a bucket, which AWS checks at configuration"],
)
def test_and_forgives_nothing_else(policy: str | None, given: Parcel) -> None:
    refused = deliver(policy, given, forgiving=True)
    assert isinstance(refused, Refusal)
    assert refused.kind == "denied"


@pytest.mark.parametrize(
    "target, kind",
    [("nonsense", "unsupported"), (f"arn:aws:kinesis:us-east-1:{ACCOUNT}:stream/s", "unsupported")],
)
def test_what_cannot_be_a_target_is_told(target: str, kind: str) -> None:
    refused = deliver(OPEN, parcel(), target=target)
    assert isinstance(refused, Refusal)
    assert refused.kind == kind


def test_what_does_not_exist_is_told() -> None:
    refused = deliver(OPEN, parcel(), target=f"{QUEUE}-gone")
    assert isinstance(refused, Refusal)
    assert refused.kind == "missing"


def test_a_bucket_of_another_account_asks_for_both_policies() -> None:
    """An ARN of a bucket does not tell whose it is: its owner's policy has to let the role in as well."""
    bucket = "arn:aws:s3:::theirs"
    role = role_session(f"arn:aws:iam::{ACCOUNT}:role/r", "AROA", "fn")
    mine = NamedPolicy("p", json.dumps({"Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}))
    theirs = {
        "Effect": "Allow",
        "Principal": {"AWS": role.role_arn},
        "Action": "s3:PutObject",
        "Resource": f"{bucket}/*",
    }

    def result(policy: str | None) -> str:
        target = BucketTarget("s3:PutObject", {bucket: policy})
        identities = KnownIdentities(policies={role.role_arn: (mine,)})
        house = {"identities": identities, "owners": {"s3": lambda ctx, arn: OTHER_ACCOUNT}}

        def work(tx: object) -> Receipt | Refusal:
            ctx = make_context(tx, account=ACCOUNT, targets={"s3": target}, **house)  # type: ignore[arg-type]
            return send(ctx, bucket, Parcel(b"{}", Sender("destination", role), key="k"))

        return type(MemoryStore().transact(work)).__name__

    assert result(None) == "Refusal"
    assert result(json.dumps({"Statement": [theirs]})) == "Receipt"


class BucketTarget(RecordingTarget):
    """Asked for any object of the bucket."""

    def resource(self, arn: Arn) -> str:
        return f"{arn}/*"
