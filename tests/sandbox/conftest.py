"""One sandbox for each driver that works here, shared by all tests of a worker."""

from __future__ import annotations

import asyncio
import hashlib
import io
import time
import zipfile
from collections.abc import Coroutine, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pytest
from msgspec.structs import replace

from outfall.core.body import Segment
from outfall.core.invocation import EnvironmentSpec, Logging, Outcome, Package, Run
from outfall.sandbox import Beginning, CannotLaunch, EnvironmentCredentials, LocalSandbox, open_sandbox

T = TypeVar("T")
ARN = "arn:aws:lambda:us-east-1:111111111111:function:fn"


def package(files: Mapping[str, str | bytes]) -> Package:
    """A zip archive of these files; all may be executed."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = 0o755 << 16
            archive.writestr(entry, text)
    return stored(buffer.getvalue())


def stored(data: bytes) -> Package:
    """A package of these bytes."""
    return Package(hashlib.sha256(data).hexdigest(), (Segment(len(data), data=data),))


def function(source: str, **changes: Any) -> EnvironmentSpec:
    """A Python function `app.handler` with this source."""
    spec = EnvironmentSpec(
        function_arn=ARN,
        version="$LATEST",
        revision=hashlib.sha256(source.encode()).hexdigest(),
        runtime="python3.12",
        handler="app.handler",
        code=package({"app.py": source}),
        layers=(),
        variables=(),
        role_arn="arn:aws:iam::111111111111:role/r",
        memory_mb=128,
        ephemeral_mb=512,
        timeout_s=10,
        logging=Logging("/aws/lambda/fn"),
    )
    return replace(spec, **changes)


@dataclass
class Bench:
    """A sandbox with the event loop that it lives in."""

    runner: asyncio.Runner
    sandbox: LocalSandbox
    said: list[str] = field(default_factory=list)

    def __call__(self, awaited: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(awaited)

    def invoke(self, spec: EnvironmentSpec, payload: bytes = b"{}", request_id: str = "R", **changes: Any) -> Outcome:
        """Runs one invocation."""
        return self(self.sandbox.run(Run(spec, request_id, changes.pop("invoked_arn", ARN), payload, **changes)))


async def _credentials(spec: EnvironmentSpec) -> EnvironmentCredentials:
    return EnvironmentCredentials("ASIAKEY", "SECRET", f"TOKEN-OF-{spec.role_arn}", 10**15)


async def _read(segments: tuple[Segment, ...]) -> bytes:
    return b"".join(segment.data for segment in segments)


def open_bench(directory: Path, driver: str, **options: Any) -> Bench:
    """Opens a sandbox; raises `CannotLaunch` where the driver does not work."""
    runner = asyncio.Runner()
    said: list[str] = []
    given: dict[str, Any] = {"environments_max": 8, "idle_s": 60.0, **options}
    opening = open_sandbox(
        Beginning(directory, driver, said.append),
        credentials=_credentials,
        read_segments=_read,
        endpoint_url=lambda: "http://127.0.0.1:4566",
        clock=lambda: time.time_ns() // 1_000_000,
        **given,
    )
    return Bench(runner, runner.run(opening), said)


def _works(driver: str, directory: Path) -> bool:
    try:
        bench = open_bench(directory, driver)
    except CannotLaunch:
        return False
    bench(bench.sandbox.close())
    bench.runner.close()
    return True


@pytest.fixture(scope="session", params=["process", "bubblewrap"])
def bench(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """The driver asked for; where the machine refuses namespaces, `auto` must have settled for plain processes."""
    directory = tmp_path_factory.mktemp(request.param)
    if request.param == "bubblewrap" and not _works("bubblewrap", directory / "trial"):
        opened = open_bench(directory / "work", "auto")
        assert opened.sandbox.kind == "process"
        assert any("bubblewrap does not work here" in line for line in opened.said)
    else:
        opened = open_bench(directory / "work", request.param)
        assert opened.sandbox.kind == request.param
    yield opened
    opened(opened.sandbox.close())
    opened.runner.close()
