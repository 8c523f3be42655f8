"""SIGKILL to random workers at random moments: thousands of runs equal their undisturbed runs bit for bit."""

import os
import random
import signal
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import NamedTuple

import pytest

from service.core.run_status import HELD
from tests.acceptance.helpers import finished
from tests.torture.fragile_service import FragileService, LiveService
from tests.torture.invariants import STATUSES, broken
from tests.torture.report import Measured
from tests.torture.request_kinds import KINDS, differs, submit, undisturbed

# The supervisor backs off after early deaths: a small pool of workers would be empty at times.
WORKERS = 16
KILLS_A_SECOND = 0.7
IDLE_ONES = 0.1
STUCK_SECONDS = 120
HELD_RUNS = f"SELECT lease_owner, rows_done FROM runs WHERE status IN ({', '.join(map(repr, map(str, HELD)))})"
UNFINISHED = f"SELECT coalesce(sum(status NOT IN ({STATUSES})), 0), coalesce(sum(rows_done), 0) FROM runs"


class Kill(NamedTuple):
    """The state of a killed worker: idle (None), or the stored steps of its run."""

    steps: int | None


def kill_one(fragile: FragileService, live: LiveService) -> Kill | None:
    """Stops a worker, reads its lease, and kills it."""
    workers = live.workers()
    holders = dict(fragile.look(HELD_RUNS)).keys() & workers.keys()
    names = sorted(workers if random.random() < IDLE_ONES else holders)
    if not names:
        return None
    name = random.choice(names)
    os.kill(workers[name], signal.SIGSTOP)
    held = dict(fragile.look(HELD_RUNS))
    os.kill(workers[name], signal.SIGKILL)
    return Kill(held.get(name))


def kill_until_all_is_done(fragile: FragileService, live: LiveService, kills: list[Kill], all_queued: Event) -> None:
    """Kills workers, and adds each to `kills`, until all runs are queued and finished."""
    seen, moved_at = (0, 0), time.monotonic()
    while True:
        time.sleep(random.expovariate(KILLS_A_SECOND))
        if kill := kill_one(fragile, live):
            kills.append(kill)
        last = all_queued.is_set()
        [(unfinished, steps)] = fragile.look(UNFINISHED)
        if last and not unfinished:
            return
        if (unfinished, steps) != seen:
            seen, moved_at = (unfinished, steps), time.monotonic()
        assert time.monotonic() - moved_at < STUCK_SECONDS, f"{unfinished} runs are stuck; see {fragile.log}"


def queue_runs(live: LiveService, cases: int, kills: list[Kill], needed: int) -> list[str]:
    """Queues the cases at once, and then one run after the other until the kills hit `needed` runs. A fast machine is
    soon done with few cases."""
    run_ids = [submit(live.client, random.choice(list(KINDS))) for _ in range(cases)]
    deadline = time.monotonic() + STUCK_SECONDS
    while len(stored_steps(kills)) < needed and time.monotonic() < deadline:
        run_ids.append(submit(live.client, random.choice(list(KINDS))))
        finished(live.client, run_ids[-1])
    return run_ids


def stored_steps(kills: Sequence[Kill]) -> list[int]:
    """The stored steps of each run that a kill hit."""
    return [kill.steps for kill in kills if kill.steps is not None]


@pytest.mark.torture(2_000, least=80)
def test_no_run_is_lost_stuck_doubled_or_changed(tmp_path: Path, cases: int, measured: Measured) -> None:
    fragile = FragileService(tmp_path, heartbeat_seconds=0.5, lease_seconds=2, block_seconds=0.02, workers=WORKERS)
    with fragile.serving(workers=2) as live:
        reference = undisturbed(live.client)
    with fragile.serving() as live:
        kills: list[Kill] = []
        all_queued, needed = Event(), max(1, cases // 20)
        with ThreadPoolExecutor(1) as aside:
            killing = aside.submit(kill_until_all_is_done, fragile, live, kills, all_queued)
            try:
                run_ids = queue_runs(live, cases, kills, needed)
            finally:
                all_queued.set()
            killing.result()
        found = [live.client.get(f"/runs/{run_id}").json() for run_id in run_ids]
        lost = [run for run in found if "status" not in run]
        changed = [differs(live.client, run, reference) for run in found if "status" in run]
        stored = fragile.look("SELECT count(*) FROM runs")[0][0]
    holding = stored_steps(kills)
    measured("runs", len(run_ids))
    measured("workers killed", len(kills))
    measured("… which held a run", len(holding), at_least=needed)
    measured("… of which some steps were stored, and not all", sum(steps > 0 for steps in holding), at_least=1)
    measured("runs lost or doubled", len(lost) + abs(stored - len(run_ids) - len(KINDS)), at_most=0)
    measured("trajectories that differ in a bit", len([one for one in changed if one]), at_most=0)
    assert [one for one in changed if one] == []
    assert broken(fragile) == []
