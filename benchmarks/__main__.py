"""All benchmarks, Outfall beside its peers in the same run, told as a table.

    python -m benchmarks [--only NAME]... [--peer NAME]... [--out FILE] [--quick]

Needs the network once, to install the peers.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import uvloop

from benchmarks import processes, report, scenarios_growth, scenarios_lambda, scenarios_s3, scenarios_sqs
from benchmarks.load import Failed
from benchmarks.peers import OUTFALL, OUTFALL_SKIPPING, PEERS, Peer, Running, install
from benchmarks.report import Figure, Results
from benchmarks.scenario import Scale, take_turns

START = (Figure("start to first answer", "s", "less", 0.25), Figure("idle memory, all processes", "MiB", "less", 60))
SCENARIOS = (
    *scenarios_lambda.SCENARIOS,
    *scenarios_sqs.SCENARIOS,
    *scenarios_s3.SCENARIOS,
    *scenarios_growth.SCENARIOS,
)
FAILING = scenarios_lambda.FAILING_SCENARIO
NAMES = ("start", *(scenario.name for scenario in SCENARIOS), FAILING.name)
QUICK = Scale(
    seconds=0.2,
    backlog=20_000,
    fill_s=2,
    uploads=50,
    patience_s=5,
    samples=5,
    big=8 * 1024 * 1024,
    keys=3000,
    part=8 * 1024 * 1024,
    parts=8,
)
STARTS = 3
SETTLED_S = 1.5
"""What a server does after its first answer is done by then."""


async def measure(
    only: set[str], peers: list[Peer], scale: Scale, keep: Callable[[Results], None] = lambda _: None
) -> Results:
    """Runs the scenarios of these names on Outfall and these peers; `keep` gets the results so far after each."""
    results, mine = Results(), asyncio.current_task()
    assert mine is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, mine.cancel)  # the servers end with us
    if "start" in only:
        await _starts([OUTFALL, *peers], results)
        keep(results)
    async with contextlib.AsyncExitStack() as stack:
        running = [one for peer in (OUTFALL, *peers) if (one := await _running(peer, stack, results))]
        for scenario in SCENARIOS:
            if scenario.name in only:
                print(f"  {scenario.name}", file=sys.stderr, flush=True)
                await take_turns(scenario, running, scale, results)
                keep(results)
                gc.collect()
        if FAILING.name in only:
            print(f"  {FAILING.name}", file=sys.stderr, flush=True)
            skipping = await _running(OUTFALL_SKIPPING, stack, results)
            servers = [*([skipping] if skipping else []), *(one for one in running if one.peer is not OUTFALL)]
            await take_turns(FAILING, servers, scale, results)
    return results


async def _running(peer: Peer, stack: contextlib.AsyncExitStack, results: Results) -> Running | None:
    try:
        running = await Running(peer).start()
    except Failed as error:
        results.lack("everything", peer.name, str(error))
        return None
    stack.push_async_callback(running.stop)
    return running


async def _starts(peers: list[Peer], results: Results) -> None:
    for _ in range(STARTS):
        for peer in peers:
            try:
                running = await Running(peer).start()
            except Failed as error:
                for figure in START:
                    results.lack(figure.name, peer.name, str(error))
                continue
            results.add(START[0].name, peer.name, running.start_s)
            await asyncio.sleep(SETTLED_S)
            results.add(START[1].name, peer.name, processes.memory_mib(running.pid))
            await running.stop()


def _figures() -> list[Figure]:
    return [*START, *(figure for scenario in (*SCENARIOS, FAILING) for figure in scenario.figures)]


def _installed(wanted: list[Peer], results_of: dict[str, str]) -> list[Peer]:
    for peer in wanted:
        print(f"  {peer.name}: {results_of.setdefault(peer.name, install(peer)) or 'installed'}", file=sys.stderr)
    return [peer for peer in wanted if not results_of[peer.name]]


def main() -> None:
    """Entry point."""
    options = argparse.ArgumentParser(prog="python -m benchmarks")
    options.add_argument("--only", action="append", choices=NAMES, help="a scenario; may be given again")
    options.add_argument("--peer", action="append", choices=[peer.name for peer in PEERS], help="may be given again")
    options.add_argument("--no-peers", action="store_true", help="Outfall alone")
    options.add_argument("--quick", action="store_true", help="little of everything")
    options.add_argument("--backlog", type=int, help="messages in the long queue")
    options.add_argument("--keys", type=int, help="keys in the large bucket")
    options.add_argument("--seconds", type=float, help="length of one slice of a rate")
    options.add_argument("--out", type=Path, help="the file for the table")
    given = options.parse_args()
    wanted = [] if given.no_peers else [peer for peer in PEERS if not given.peer or peer.name in given.peer]
    scale = QUICK if given.quick else Scale()
    if given.backlog:
        scale = replace(scale, backlog=given.backlog)
    if given.keys:
        scale = replace(scale, keys=given.keys)
    if given.seconds:
        scale = replace(scale, seconds=given.seconds)
    reasons: dict[str, str] = {}
    peers = _installed(wanted, reasons)
    out = given.out or Path(__file__).parent / "results" / f"{datetime.now(UTC):%Y-%m-%d-%H%M}.md"
    out.parent.mkdir(parents=True, exist_ok=True)

    def table(results: Results) -> str:
        for name, reason in reasons.items():
            if reason:
                results.lack("everything", name, reason)
        return report.markdown(results, _figures(), ["outfall", *(peer.name for peer in wanted)])

    def keep(results: Results) -> None:
        out.write_text(table(results))

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        results = runner.run(measure(set(given.only or NAMES), peers, scale, keep))
    keep(results)
    print(table(results))
    print(f"Written to {out}", file=sys.stderr)


if __name__ == "__main__":
    main()
