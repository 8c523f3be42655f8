"""The recovery time of runs with default settings, after the death of one worker and of the whole service."""

import os
import signal
import time
from collections.abc import Iterable
from pathlib import Path

import httpx2
import pytest

from tests.acceptance.helpers import long_run
from tests.torture.fragile_service import Ground
from tests.torture.report import Measured, worst
from tests.waiting import until

BAR_SECONDS = 20.0
SIDE_BY_SIDE = 4
STEPS = 1_000_000


def steps_of(ground: Ground, run_ids: Iterable[str]) -> dict[str, int]:
    rows = dict(ground.look("SELECT id, rows_done FROM runs"))
    return {run_id: rows[run_id] for run_id in run_ids}


def goes_on(ground: Ground, since: dict[str, int], begun: float) -> dict[str, float]:
    """The seconds until each run has more steps than at its worker's death."""
    seconds: dict[str, float] = {}

    def all_go_on() -> bool:
        for run_id, steps in steps_of(ground, since).items():
            if steps > since[run_id]:
                seconds.setdefault(run_id, time.monotonic() - begun)
        return len(seconds) == len(since)

    until(all_go_on, 3 * BAR_SECONDS)
    return seconds


def begin(client: httpx2.Client, ground: Ground) -> list[str]:
    run_ids = [long_run(client, STEPS) for _ in range(SIDE_BY_SIDE)]
    until(lambda: all(steps_of(ground, run_ids).values()))
    return run_ids


@pytest.mark.torture(50, least=3)
def test_the_run_of_a_killed_worker_goes_on(tmp_path: Path, cases: int, measured: Measured) -> None:
    ground = Ground(tmp_path, workers=SIDE_BY_SIDE)
    seconds: list[float] = []
    with ground.serving() as standing:
        run_ids = begin(standing.client, ground)
        for number in range(cases):
            run_id = run_ids[number % len(run_ids)]
            until(lambda: len(standing.workers()) == SIDE_BY_SIDE, BAR_SECONDS)
            [(owner,)] = ground.look("SELECT lease_owner FROM runs WHERE id = ?", run_id)
            begun = time.monotonic()
            os.kill(standing.workers()[owner], signal.SIGKILL)
            seconds += goes_on(ground, steps_of(ground, [run_id]), begun).values()
        for run_id in run_ids:
            standing.client.delete(f"/runs/{run_id}")
    measured("workers killed", cases)
    measured("until the run went on, p99", worst(seconds), "s", at_most=BAR_SECONDS)


@pytest.mark.torture(50, least=4)
def test_the_runs_of_a_service_that_was_killed_go_on_when_it_is_started_again(
    tmp_path: Path, cases: int, measured: Measured
) -> None:
    ground = Ground(tmp_path, workers=SIDE_BY_SIDE)
    with ground.serving() as standing:
        run_ids = begin(standing.client, ground)
        standing.kill()
    begun = time.monotonic()
    seconds: list[float] = []
    while True:
        since = steps_of(ground, run_ids)
        with ground.serving() as standing:
            seconds += goes_on(ground, since, begun).values()
            if len(seconds) >= cases:
                for run_id in run_ids:
                    standing.client.delete(f"/runs/{run_id}")
                break
            standing.kill()
            begun = time.monotonic()
    measured("runs whose service was killed and started again", len(seconds), at_least=cases)
    measured("until they went on, p99", worst(seconds), "s", at_most=BAR_SECONDS)
