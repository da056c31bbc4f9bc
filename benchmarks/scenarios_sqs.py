"""SQS: sending, the whole cycle, batches, and receiving from a long backlog."""

from __future__ import annotations

import json

from benchmarks.load import Connection, sending, spread
from benchmarks.peers import Running
from benchmarks.report import Figure, Results
from benchmarks.scenario import Measured, Scale, Scenario, rate, rate_figures, unique

MESSAGE = "x" * 256
BATCH = [{"Id": str(n), "MessageBody": MESSAGE} for n in range(10)]
ON_LONG, ON_SHORT = "SQS receive(10), long backlog", "SQS receive(10), short queue"
GROWTH = "SQS receive, time on the backlog : on the short queue"
SHORT = 2000
"""Messages that are received from each queue in the backlog scenario."""


async def make_queue(server: Running, name: str) -> str:
    """The URL of a new queue whose messages stay hidden once received."""
    request = server.signer.sqs("CreateQueue", QueueName=unique(name), Attributes={"VisibilityTimeout": "3600"})
    return str(json.loads((await server.ask(request)).body)["QueueUrl"])


async def send(server: Running, scale: Scale, _: Results) -> Measured:
    """SendMessage."""
    queue = await make_queue(server, "send")
    work = sending([server.signer.sqs("SendMessage", QueueUrl=queue, MessageBody=MESSAGE)])
    one = await rate(server, "SQS send, 1 client", 1, work, scale)
    return one | await rate(server, "SQS send, 16 clients", 16, work, scale)


async def cycle(server: Running, scale: Scale, _: Results) -> Measured:
    """SendMessage, ReceiveMessage, DeleteMessage."""
    queue = await make_queue(server, "cycle")
    signer = server.signer
    sent = signer.sqs("SendMessage", QueueUrl=queue, MessageBody=MESSAGE)
    received = signer.sqs("ReceiveMessage", QueueUrl=queue)

    async def work(connection: Connection, n: int) -> None:
        (await connection.ask(sent)).ok()
        got = json.loads((await connection.ask(received)).ok().body)
        for message in got.get("Messages", ()):
            handle = message["ReceiptHandle"]
            (await connection.ask(signer.sqs("DeleteMessage", QueueUrl=queue, ReceiptHandle=handle))).ok()

    one = await rate(server, "SQS cycle, 1 client", 1, work, scale)
    return one | await rate(server, "SQS cycle, 16 clients", 16, work, scale)


async def batch(server: Running, scale: Scale, _: Results) -> Measured:
    """SendMessageBatch, ten messages each."""
    queue = await make_queue(server, "batch")
    work = sending([server.signer.sqs("SendMessageBatch", QueueUrl=queue, Entries=BATCH)])
    one = await rate(server, "SQS batch, 1 client", 1, work, scale, of=10)
    return one | await rate(server, "SQS batch, 16 clients", 16, work, scale, of=10)


async def backlog(server: Running, scale: Scale, results: Results) -> Measured:
    """ReceiveMessage of ten from a long queue, and from a short one beside it."""
    long, short = await make_queue(server, "long"), await make_queue(server, "short")
    for queue, length, seconds in (
        (long, scale.backlog, 600.0 if server.peer.name == "outfall" else scale.fill_s),
        (short, SHORT, scale.fill_s),
    ):
        work = sending([server.signer.sqs("SendMessageBatch", QueueUrl=queue, Entries=BATCH)])
        filled = await spread(server.port, 16, work, count=length // 10, seconds=seconds)
        if queue == long:
            results.notes.append(
                f"backlog of {server.peer.name}: {filled.count * 10:,} messages, {filled.seconds:.0f} s"
            )
    measured: Measured = {}
    for name, queue in ((ON_LONG, long), (ON_SHORT, short)):
        work = sending([server.signer.sqs("ReceiveMessage", QueueUrl=queue, MaxNumberOfMessages=10)])
        measured |= await rate(server, name, 16, work, scale, count=SHORT // 10, of=10)
    return measured | {GROWTH: measured[ON_SHORT] / measured[ON_LONG]}


SCENARIOS = (
    Scenario(
        "sqs-send",
        "sqs",
        (*rate_figures("SQS send, 1 client", "message"), *rate_figures("SQS send, 16 clients", "message", 12_000)),
        send,
    ),
    Scenario(
        "sqs-cycle",
        "sqs",
        (*rate_figures("SQS cycle, 1 client", "cycle"), *rate_figures("SQS cycle, 16 clients", "cycle", 4_000)),
        cycle,
    ),
    Scenario(
        "sqs-batch",
        "sqs",
        (*rate_figures("SQS batch, 1 client", "message"), *rate_figures("SQS batch, 16 clients", "message", 60_000)),
        batch,
    ),
    Scenario(
        "sqs-backlog",
        "sqs",
        (
            *rate_figures(ON_LONG, "message"),
            *rate_figures(ON_SHORT, "message"),
            Figure(GROWTH, "times", "less", 2),
        ),
        backlog,
        rounds=1,
        limit_s=900.0,
    ),
)
