"""S3: small objects at one and many clients, and one large object."""

from __future__ import annotations

import asyncio

from benchmarks.load import large, sending
from benchmarks.peers import Running
from benchmarks.report import Figure, Results
from benchmarks.scenario import Measured, Scale, Scenario, rate, rate_figures, unique

SMALL = b"x" * 1024
KEYS = 5000
PUT_BIG, GET_BIG = "S3 put 64 MiB", "S3 get 64 MiB"


async def make_bucket(server: Running, name: str) -> str:
    bucket = unique(name)
    await server.ask(server.signer.s3("PUT", f"/{bucket}"))
    return bucket


async def small(server: Running, scale: Scale, _: Results) -> Measured:
    """PutObject and GetObject of 1 KiB, five thousand keys in turns."""
    bucket = await make_bucket(server, "small")
    keys = [f"/{bucket}/{n:05}" for n in range(KEYS)]
    puts = sending([server.signer.s3("PUT", key, SMALL) for key in keys])
    first = [server.signer.s3("GET", key) for key in keys[:32]]  # so many are there however slow a server is
    measured: Measured = {}
    for clients, said in ((1, "1 client"), (16, "16 clients")):
        measured |= await rate(server, f"S3 put 1 KiB, {said}", clients, puts, scale)
    for clients, said in ((1, "1 client"), (16, "16 clients")):
        measured |= await rate(server, f"S3 get 1 KiB, {said}", clients, sending(first), scale)
    return measured


async def big(server: Running, scale: Scale, _: Results) -> Measured:
    """PutObject and GetObject of one large object; its body is not signed, so that no SHA-256 hides the rest."""
    bucket = await make_bucket(server, "big")
    path, body = f"/{bucket}/big", bytes(range(256)) * (scale.big // 256)
    measured: Measured = {}
    for name, request in (
        (PUT_BIG, server.signer.s3("PUT", path, body, unsigned_body=True)),
        (GET_BIG, server.signer.s3("GET", path)),
    ):
        answered = await asyncio.to_thread(large, server.port, request)
        measured[name] = scale.big / 1e6 / answered[1]
    return measured


SCENARIOS = (
    Scenario(
        "s3-small",
        "s3",
        (
            *rate_figures("S3 put 1 KiB, 1 client", "object"),
            *rate_figures("S3 put 1 KiB, 16 clients", "object", 8_000),
            *rate_figures("S3 get 1 KiB, 1 client", "object"),
            *rate_figures("S3 get 1 KiB, 16 clients", "object", 12_000),
        ),
        small,
    ),
    Scenario("s3-big", "s3", (Figure(PUT_BIG, "MB/s", "more", 500), Figure(GET_BIG, "MB/s", "more", 1200)), big),
)
