"""Trouble on request: seeded, within what AWS may do, and never a lost event."""

from __future__ import annotations

import json

import pytest
from tests.cli.test_findings import make
from tests.testing.test_inside import ALLOW

from outfall.host.chaos import Chaos
from outfall.host.trouble import BadChaos, Trouble
from outfall.testing import Inside, running


@pytest.mark.parametrize("text", ["sometimes", "delay", "delay=2", "delay=-1", "seed=x", "surprise=0.1"])
def test_what_is_mistyped_is_refused(text: str) -> None:
    with pytest.raises(BadChaos, match="written like"):
        Trouble.parse(text)


def test_the_same_seed_makes_the_same_trouble() -> None:
    def drawn() -> list[int]:
        chaos = Chaos(Trouble.parse("seed=7,delay=0.5"))
        return [chaos.delay_ms() for _ in range(50)]

    assert drawn() == drawn()
    assert 0 < drawn().count(0) < 50


def outcomes(outfall: Inside, events: int) -> dict[str, list[dict[str, object]]]:
    """What becomes of events for a function that never fails by itself, by request id."""
    make(outfall, "fn", ALLOW)
    sqs, client = outfall.client("sqs"), outfall.client("lambda")
    url = sqs.create_queue(QueueName="ends")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    both = {"OnSuccess": {"Destination": arn}, "OnFailure": {"Destination": arn}}
    client.put_function_event_invoke_config(FunctionName="fn", DestinationConfig=both)
    sent = {
        client.invoke(FunctionName="fn", InvocationType="Event", Payload=b"{}")["ResponseMetadata"]["RequestId"]
        for _ in range(events)
    }
    outfall.run_until_idle()
    ended: dict[str, list[dict[str, object]]] = {request_id: [] for request_id in sent}
    while got := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
        for message in got:
            context = json.loads(message["Body"])["requestContext"]
            ended[context["requestId"]].append(context)
    return ended


def test_every_event_has_one_end_whatever_goes_wrong() -> None:
    with running(chaos="seed=3,duplicate=0.3,delay=0.3,throttle=0.3,kill=0.4") as outfall:
        ended = outcomes(outfall, 12)
    assert [len(records) for records in ended.values()] == [1] * 12
    conditions = {records[0]["condition"] for records in ended.values()}
    assert conditions <= {"Success", "RetriesExhausted"}


def test_a_destination_that_takes_nothing_loses_the_record_and_not_the_event() -> None:
    with running(chaos="seed=3,undelivered=1") as outfall:
        ended = outcomes(outfall, 2)
    assert [len(records) for records in ended.values()] == [0, 0]
