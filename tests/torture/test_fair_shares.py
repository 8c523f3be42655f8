"""Thirty keys with one to thousands of runs share the workers, and a run that yields fifty times."""

import json
import random
import time
from collections import defaultdict
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest

from service.storage.connect import open_database
from tests.acceptance.helpers import finished, long_run, run_of, trajectory
from tests.api_keys import Key, make_key
from tests.torture.fragile_service import FragileService
from tests.torture.report import Measured

KEYS = 30
LONGEST_QUEUE, LONGEST_SWEEP = 5_000, 500
STARTS_WITHIN = 2.0
"""Seconds; the worker is asked after a block of 0.4 s at most."""
YIELDING_STEPS = 2_000_000
TIMES = "SELECT owner, timings, status FROM runs"
COMPUTES_LONG: dict[str, Any] = {
    "dataset": {"sample": "chwirut2"},
    "model": {"kind": "formula", "formula": "a*exp(-b*x) + c"},
    "descent": {"learning_rate": 1e-6},
}
"""A run of few parameters: 20,000 queued ones are promised 3 GB of the disk, and no more."""


def service_of(home: Path, count: int) -> tuple[FragileService, list[Key]]:
    """A service that requires keys, and that many keys."""
    fragile = FragileService(home, keys="required", workers=2)
    database = open_database(f"sqlite:///{fragile.file}", 30.0)
    keys = [make_key(database) for _ in range(count)]
    database.dispose()
    return fragile, keys


def queue_runs(client: httpx2.Client, count: int, steps: int) -> None:
    """Queues this many runs: a run alone, or sweeps."""
    base = COMPUTES_LONG | {"descent": {**COMPUTES_LONG["descent"], "steps": steps}}
    for first in range(0, count, LONGEST_SWEEP):
        seeds = list(range(first, min(first + LONGEST_SWEEP, count)))
        answer = client.post("/sweeps", json={"base": base, "grid": {"/descent/seed": seeds}})
        assert answer.status_code == 202, answer.text


@pytest.mark.torture(60, least=45)
def test_keys_share_the_workers(tmp_path: Path, cases: int, measured: Measured) -> None:
    """`cases` is the number of seconds. A key without waiting runs at the end had all that it asked for."""
    fragile, keys = service_of(tmp_path, KEYS)
    with fragile.serving(workers=0) as live:
        for number, key in enumerate(keys):
            with httpx2.Client(base_url=live.url, headers=key.headers, timeout=600) as client:
                count = round(LONGEST_QUEUE ** (number / (KEYS - 1)))
                queue_runs(client, count, steps=random.choice([1_000, 2_000, 3_000]))
    with fragile.serving():
        time.sleep(cases)
    seconds, waits = computing_times(fragile)
    measured("keys", KEYS)
    measured("queued runs, of the key with most", LONGEST_QUEUE)
    hungry = [seconds[owner] for owner in waits]
    share = sum(hungry) / len(hungry)
    measured("keys with waiting runs at the end", len(hungry), at_least=KEYS // 3)
    measured("computing time of such a key, mean", share, "s")
    measured("… least, of the mean", min(hungry) / share, at_least=0.8)
    measured("… most, of the mean", max(hungry) / share, at_most=1.2)
    others = [spent for owner, spent in seconds.items() if owner not in waits]
    measured("most of a key without waiting runs, of that mean", max(others, default=0.0) / share, at_most=1.2)


def computing_times(fragile: FragileService) -> tuple[dict[str, float], set[str]]:
    """The computing time of each owner, and the owners with waiting runs."""
    seconds: dict[str, float] = defaultdict(float)
    waits = set()
    for owner, timings, status in fragile.look(TIMES):
        seconds[owner] += sum(value for name, value in json.loads(timings).items() if name.endswith("_seconds"))
        if status == "queued":
            waits.add(owner)
    return seconds, waits


@pytest.mark.torture(50, least=5)
def test_a_run_that_yields_often_has_the_bits_of_one_that_never_did(
    tmp_path: Path, cases: int, measured: Measured
) -> None:
    fragile, keys = service_of(tmp_path, 2)
    delays = []
    with fragile.serving(workers=1) as live, ExitStack() as stack:
        a, b = (stack.enter_context(httpx2.Client(base_url=live.url, headers=key.headers, timeout=600)) for key in keys)
        disturbed = long_run(a, YIELDING_STEPS)
        while claims(fragile, disturbed) <= cases:
            delays.append(delay_of(finished(b, long_run(b, 20))))
        a.post(f"/runs/{disturbed}/cancel")
        steps = finished(a, disturbed)["steps_done"]
        undisturbed = long_run(a, steps)
        finished(a, undisturbed)
        measured("yields", claims(fragile, disturbed) - 1, at_least=cases)
        measured("steps", steps)
        same = rows_of(a, undisturbed) == rows_of(a, disturbed)
        measured("trajectories that differ in a bit", int(not same), at_most=0)
        measured("until the run of the other key starts, median", sorted(delays)[len(delays) // 2], "s")
        measured("claims of the undisturbed run", claims(fragile, undisturbed), at_most=1)
        assert run_of(a, undisturbed)["status"] == "succeeded"


def claims(fragile: FragileService, run_id: str) -> int:
    return int(fragile.look("SELECT lease_token FROM runs WHERE id = ?", run_id)[0][0])


def delay_of(run: dict[str, Any]) -> float:
    """Seconds between submission and start."""
    created, started = (datetime.fromisoformat(run[name]) for name in ("created_at", "started_at"))
    return (started - created).total_seconds()


def rows_of(client: httpx2.Client, run_id: str) -> list[bytes]:
    return trajectory(client, run_id).splitlines()


@pytest.mark.torture(20, least=3)
def test_a_run_starts_soon_whatever_another_key_queued(tmp_path: Path, cases: int, measured: Measured) -> None:
    """`cases` is the number of sweeps of 500 runs."""
    fragile, keys = service_of(tmp_path, 2)
    with fragile.serving() as live, ExitStack() as stack:
        a, b = (stack.enter_context(httpx2.Client(base_url=live.url, headers=key.headers, timeout=600)) for key in keys)
        queue_runs(a, cases * LONGEST_SWEEP, steps=3_000)
        found = sorted(delay_of(finished(b, long_run(b, 1_000))) for _ in range(10))
        measured("runs of the other key", cases * LONGEST_SWEEP)
        measured("until a run starts, median of 10", found[5], "s", at_most=STARTS_WITHIN)
