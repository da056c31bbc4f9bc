"""Lambda: invocations, cold and warm, and uploads to handlers and to records."""

from __future__ import annotations

import asyncio
import time
from functools import partial
from statistics import median

from benchmarks import processes
from benchmarks.load import Failed, connect, sending, spread
from benchmarks.peers import Running
from benchmarks.report import Figure, Results
from benchmarks.road import FAILING, PLAIN, WITH_BOTO3, Listener, Road, make_function, make_role, telling
from benchmarks.scenario import Measured, Scale, Scenario, percentile

COLD_STARTS = 4
UPLOADERS = 16


async def _timed_invoke(server: Running, function: str, times: int) -> list[float]:
    request = server.signer.functions("POST", f"/2015-03-31/functions/{function}/invocations", {})
    connection, taken = await connect(server.port), []
    try:
        for _ in range(times):
            began = time.perf_counter()
            answer = (await connection.ask(request)).ok()
            taken.append((time.perf_counter() - began) * 1000)
            if answer.body.strip() != b"{}":
                raise Failed(f"a function answered {answer.body[:120]!r}")
    finally:
        connection.close()
    return taken


async def cold(server: Running, _: Scale, __: Results, *, source: str, name: str) -> Measured:
    """The first invocation of new functions."""
    role = await make_role(server)
    functions = [await make_function(server, role, source) for _ in range(COLD_STARTS)]
    return {name: median([(await _timed_invoke(server, function, 1))[0] for function in functions])}


async def warm(server: Running, scale: Scale, _: Results) -> Measured:
    """Invocations one after the other, after the first few."""
    function = await make_function(server, await make_role(server), PLAIN)
    await _timed_invoke(server, function, 5)
    before = processes.cpu_s(server.pid)
    taken = await _timed_invoke(server, function, scale.samples * 4)
    cpu_s = processes.cpu_s(server.pid) - before
    return {
        "warm invoke, p50": percentile(taken, 50),
        "warm invoke, p99": percentile(taken, 99),
        "warm invoke, CPU": cpu_s * 1e6 / len(taken),
    }


async def upload(server: Running, scale: Scale, results: Results) -> Measured:
    """One upload at a time: until its handler runs, and until its success record is received by who waits for it."""
    listener = await Listener.open()
    road = await Road(server, telling(listener.port)).build()
    to_handler, to_record, records = [], [], True
    for n, request in enumerate(road.uploads(scale.samples + 3)):
        waiting = asyncio.create_task(road.receive(road.success, 1, scale.patience_s if n == 0 else 5.0, 1))
        await asyncio.sleep(0.02)
        began = time.perf_counter()
        await server.ask(request)
        await listener.wait(n + 1, scale.patience_s)
        if records:
            received = await waiting
            records = bool(road.records)
        waiting.cancel()
        if n >= 3:
            to_handler.append((max(listener.heard.values()) - began) * 1000)
            if records:
                to_record.append((received - began) * 1000)
    listener.close()
    measured = {"upload to handler, p50": percentile(to_handler, 50)}
    if to_record:
        return measured | {"upload to success record, p50": percentile(to_record, 50)}
    results.lack("upload to success record, p50", server.peer.name, f"no record within {scale.patience_s:g} s")
    return measured


async def many(server: Running, scale: Scale, results: Results) -> Measured:
    """Uploads by 16 clients: until every handler has run, and until every success record is received."""
    listener = await Listener.open()
    road = await Road(server, telling(listener.port)).build()
    uploads = sending(road.uploads(scale.uploads))
    before, began = processes.cpu_s(server.pid), time.perf_counter()
    receiving = asyncio.create_task(road.receive(road.success, scale.uploads, scale.patience_s))
    await spread(server.port, UPLOADERS, uploads, count=scale.uploads)
    await listener.wait(scale.uploads, scale.patience_s)
    measured = {"500 uploads to handlers": scale.uploads / (max(listener.heard.values()) - began)}
    last = await receiving
    listener.close()
    if len(road.records) < scale.uploads:
        reason = f"{len(road.records)} records of {scale.uploads} within {scale.patience_s:g} s"
        results.lack("500 uploads to records", server.peer.name, reason)
        return measured
    cpu_us = (processes.cpu_s(server.pid) - before) * 1e6 / scale.uploads
    return measured | {"500 uploads to records": scale.uploads / (last - began), "500 uploads to records, CPU": cpu_us}


async def failing(server: Running, scale: Scale, results: Results) -> Measured:
    """Uploads whose handlers fail: records, the attempts they tell of, and what it took of the machine."""
    road = await Road(server, FAILING).build()
    began = time.perf_counter()
    async with processes.Watch(server.pid) as watch:
        receiving = asyncio.create_task(road.receive(road.failure, scale.uploads, scale.patience_s))
        await spread(server.port, UPLOADERS, sending(road.uploads(scale.uploads)), count=scale.uploads)
        last = await receiving
    attempts = [int(record["requestContext"]["approximateInvokeCount"]) for record in road.records]
    if len(road.records) < scale.uploads:
        results.notes.append(f"{server.peer.name}: failure records are those within {scale.patience_s:g} s")
    return {
        "500 failing uploads, records": len(road.records),
        "500 failing uploads, attempts": sum(attempts),
        "500 failing uploads, rate": len(road.records) / (last - began),
        "500 failing uploads, processes": watch.processes,
        "500 failing uploads, memory": watch.memory_mib,
    }


_COLD, _COLD_BOTO3 = "cold invoke, p50", "cold invoke with a boto3 client, p50"

SCENARIOS = (
    Scenario(
        "cold",
        "lambda",
        (Figure(_COLD, "ms", "less", 20),),
        partial(cold, source=PLAIN, name=_COLD),
    ),
    Scenario(
        "cold-boto3",
        "lambda",
        (Figure(_COLD_BOTO3, "ms", "less", 150),),
        partial(cold, source=WITH_BOTO3, name=_COLD_BOTO3),
    ),
    Scenario(
        "warm",
        "lambda",
        (
            Figure("warm invoke, p50", "ms", "less", 1),
            Figure("warm invoke, p99", "ms", "less", 5),
            Figure("warm invoke, CPU", "us/run", "less"),
        ),
        warm,
        rounds=2,
    ),
    Scenario(
        "upload",
        "lambda",
        (
            Figure("upload to handler, p50", "ms", "less", 2.5),
            Figure("upload to success record, p50", "ms", "less", 5),
        ),
        upload,
        rounds=1,
    ),
    Scenario(
        "uploads",
        "lambda",
        (
            Figure("500 uploads to handlers", "events/s"),
            Figure("500 uploads to records", "events/s", "more", 1_500),
            Figure("500 uploads to records, CPU", "us/event", "less"),
        ),
        many,
        rounds=2,
    ),
)

FAILING_SCENARIO = Scenario(
    "failing",
    "lambda",
    (
        Figure("500 failing uploads, records", "records", "more", 500),
        Figure("500 failing uploads, attempts", "attempts", "more", 1_500),
        Figure("500 failing uploads, rate", "events/s"),
        Figure("500 failing uploads, processes", "processes", "less"),
        Figure("500 failing uploads, memory", "MiB", "less"),
    ),
    failing,
    rounds=1,
)
"""To be measured on a server that skips the waits between attempts, where there is one."""
