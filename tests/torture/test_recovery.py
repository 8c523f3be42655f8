"""The recovery time of runs with default settings, after the death of one worker and of the whole service."""

import os
import signal
import time
from collections.abc import Iterable
from pathlib import Path

import httpx2
import pytest

from tests.acceptance.helpers import long_run
from tests.torture.fragile_service import FragileService
from tests.torture.report import Measured, worst
from tests.waiting import until

BAR_SECONDS = 20.0
SIDE_BY_SIDE = 4
STEPS = 1_000_000


def steps_of(fragile: FragileService, run_ids: Iterable[str]) -> dict[str, int]:
    rows = dict(fragile.look("SELECT id, rows_done FROM runs"))
    return {run_id: rows[run_id] for run_id in run_ids}


def goes_on(fragile: FragileService, since: dict[str, int], begun: float) -> dict[str, float]:
    """The seconds until each run has more steps than at its worker's death."""
    seconds: dict[str, float] = {}

    def all_go_on() -> bool:
        for run_id, steps in steps_of(fragile, since).items():
            if steps > since[run_id]:
                seconds.setdefault(run_id, time.monotonic() - begun)
        return len(seconds) == len(since)

    until(all_go_on, 3 * BAR_SECONDS)
    return seconds


def begin(client: httpx2.Client, fragile: FragileService) -> list[str]:
    run_ids = [long_run(client, STEPS) for _ in range(SIDE_BY_SIDE)]
    until(lambda: all(steps_of(fragile, run_ids).values()))
    return run_ids


@pytest.mark.torture(50, least=3)
def test_the_run_of_a_killed_worker_goes_on(tmp_path: Path, cases: int, measured: Measured) -> None:
    fragile = FragileService(tmp_path, workers=SIDE_BY_SIDE)
    seconds: list[float] = []
    with fragile.serving() as live:
        run_ids = begin(live.client, fragile)
        for number in range(cases):
            run_id = run_ids[number % len(run_ids)]
            until(lambda: len(live.workers()) == SIDE_BY_SIDE, BAR_SECONDS)
            [(owner,)] = fragile.look("SELECT lease_owner FROM runs WHERE id = ?", run_id)
            begun = time.monotonic()
            os.kill(live.workers()[owner], signal.SIGKILL)
            seconds += goes_on(fragile, steps_of(fragile, [run_id]), begun).values()
        for run_id in run_ids:
            live.client.delete(f"/runs/{run_id}")
    measured("workers killed", cases)
    measured("until the run went on, p99", worst(seconds), "s", at_most=BAR_SECONDS)


@pytest.mark.torture(50, least=4)
def test_the_runs_of_a_service_that_was_killed_go_on_when_it_is_started_again(
    tmp_path: Path, cases: int, measured: Measured
) -> None:
    fragile = FragileService(tmp_path, workers=SIDE_BY_SIDE)
    with fragile.serving() as live:
        run_ids = begin(live.client, fragile)
        live.kill()
    begun = time.monotonic()
    seconds: list[float] = []
    while True:
        since = steps_of(fragile, run_ids)
        with fragile.serving() as live:
            seconds += goes_on(fragile, since, begun).values()
            if len(seconds) >= cases:
                for run_id in run_ids:
                    live.client.delete(f"/runs/{run_id}")
                break
            live.kill()
            begun = time.monotonic()
    measured("runs whose service was killed and started again", len(seconds), at_least=cases)
    measured("until they went on, p99", worst(seconds), "s", at_most=BAR_SECONDS)
