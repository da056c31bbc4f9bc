"""S3 where there is much of it: a page of a bucket with a million keys, and an upload of five gigabytes in parts."""

from __future__ import annotations

import asyncio
import hashlib
import re
import time
from urllib.parse import quote

from benchmarks import processes
from benchmarks.load import Connection, Work, large, sending, spread
from benchmarks.peers import Running
from benchmarks.report import Figure, Results
from benchmarks.scenario import Measured, Scale, Scenario, rate, rate_figures
from benchmarks.scenarios_s3 import make_bucket

PAGE = 1000
FILL_S_MAX = 1500.0
"""How long Outfall may take to fill its bucket."""

OF_MANY, OF_FEW = "S3 list 1,000 keys, large bucket", "S3 list 1,000 keys, small bucket"
GROWTH = "S3 list, time in the large bucket : in the small one"
UPLOAD, PEAK, MORE = (
    "S3 multipart upload",
    "S3 multipart upload, memory at most",
    "S3 multipart upload, memory more than idle",
)


async def listing(server: Running, scale: Scale, results: Results) -> Measured:
    """ListObjectsV2 of one full page: from the middle of a bucket with many keys, and all of one that holds no more."""
    outfall = server.peer.name == "outfall"
    many, few = await make_bucket(server, "many"), await make_bucket(server, "few")
    for bucket, count, seconds in ((many, scale.keys, FILL_S_MAX if outfall else scale.fill_s), (few, PAGE, 60.0)):
        filled = await spread(server.port, 16, _putting(server, bucket), count=count, seconds=seconds)
        if bucket == many:
            results.notes.append(f"large bucket of {server.peer.name}: {filled.count:,} keys, {filled.seconds:.0f} s")
            middle = filled.count // 2
    measured: Measured = {}
    pages = (
        (OF_MANY, many, f"list-type=2&max-keys={PAGE}&start-after={max(middle - PAGE, 0):08}"),
        (OF_FEW, few, f"list-type=2&max-keys={PAGE}"),
    )
    for name, bucket, query in pages:
        work = sending([server.signer.s3("GET", f"/{bucket}", query=query)])
        measured |= await rate(server, name, 4, work, scale)
    return measured | {GROWTH: measured[OF_FEW] / measured[OF_MANY]}


def _putting(server: Running, bucket: str) -> Work:
    async def work(connection: Connection, n: int) -> None:
        (await connection.ask(server.signer.s3("PUT", f"/{bucket}/{n:08}"))).ok()

    return work


async def multipart(server: Running, scale: Scale, _: Results) -> Measured:
    """A multipart upload, one part after the other, and what it takes of memory meanwhile."""
    path, signer = f"/{await make_bucket(server, 'parts')}/large", server.signer
    part = bytes(range(256)) * (scale.part // 256)
    tag = hashlib.md5(part).hexdigest()
    began_with = processes.memory_mib(server.pid)
    began = time.perf_counter()
    async with processes.Watch(server.pid) as watch:
        answer = await server.ask(signer.s3("POST", path, query="uploads="))
        upload = re.search(rb"<UploadId>([^<]+)<", answer.body)
        assert upload is not None
        upload_id, tags = quote(upload[1].decode(), safe="-_.~"), []
        for number in range(1, scale.parts + 1):
            query = f"partNumber={number}&uploadId={upload_id}"
            request = signer.s3("PUT", path, part, query, unsigned_body=True)
            await asyncio.to_thread(large, server.port, request)
            tags.append(f"<Part><PartNumber>{number}</PartNumber><ETag>{tag}</ETag></Part>")
        whole = f"<CompleteMultipartUpload>{''.join(tags)}</CompleteMultipartUpload>".encode()
        await server.ask(signer.s3("POST", path, whole, f"uploadId={upload_id}"))
    return {
        UPLOAD: scale.part * scale.parts / 1e6 / (time.perf_counter() - began),
        PEAK: watch.memory_mib,
        MORE: watch.memory_mib - began_with,
    }


SCENARIOS = (
    Scenario(
        "s3-list",
        "s3",
        (*rate_figures(OF_MANY, "page"), *rate_figures(OF_FEW, "page"), Figure(GROWTH, "times", "less", 2)),
        listing,
        rounds=1,
        limit_s=FILL_S_MAX + 300,
    ),
    Scenario(
        "s3-multipart",
        "s3",
        (Figure(UPLOAD, "MB/s", "more"), Figure(PEAK, "MiB", "less"), Figure(MORE, "MiB", "less", 64)),
        multipart,
        rounds=1,
        limit_s=600.0,
    ),
)
