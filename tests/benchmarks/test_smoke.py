"""The benchmarks run: a short scenario against Outfall alone comes out as figures and as a table. Nothing is timed."""

from __future__ import annotations

import asyncio

from benchmarks.__main__ import QUICK, measure
from benchmarks.peers import OUTFALL
from benchmarks.report import Figure, Results, markdown

from benchmarks import scenarios_growth, scenarios_lambda, scenarios_sqs


def test_a_short_run_gives_every_figure_of_its_scenarios() -> None:
    names = {"sqs-send", "warm", "s3-multipart"}
    results = asyncio.run(measure(names, [], QUICK))
    assert results.reasons == {}
    scenarios = (*scenarios_sqs.SCENARIOS, *scenarios_lambda.SCENARIOS, *scenarios_growth.SCENARIOS)
    figures = [figure for one in scenarios if one.name in names for figure in one.figures]
    for figure in figures:
        assert (results.value(figure.name, OUTFALL.name) or 0) > 0, figure.name
    table = markdown(results, figures, [OUTFALL.name])
    assert all(f"| {figure.name} |" in table for figure in figures)


def test_what_is_missing_is_told_with_its_reason() -> None:
    results = Results()
    results.add("send", "outfall", 200.0)
    results.add("send", "slow", 100.0)
    results.lack("send", "absent", "not installed: no network")
    table = markdown(results, [Figure("send", "message/s", "more", 400)], ["outfall", "slow", "absent"])
    assert "| send | message/s | 400 | 50% | 200 | 100 | - | 2x |" in table
    assert "- absent: not installed: no network (send)" in table
