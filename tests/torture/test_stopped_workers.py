"""SIGSTOP a worker past its lease; another takes over; after SIGCONT the stale worker writes nothing."""

import os
import re
import signal
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from service.storage.sqlite.engine import sqlite_module
from service.worker.lease import STALE
from tests.acceptance.helpers import finished
from tests.torture.fragile_service import FragileService, LiveService
from tests.torture.invariants import broken
from tests.torture.report import Measured, worst
from tests.torture.request_kinds import differs, submit, undisturbed
from tests.waiting import until

LEASE_SECONDS, BEAT_SECONDS = 1.5, 0.5
WORKERS = 3
KINDS = ("batches, adam", "logistic", "formula, clipped", "perceptron, batches")


def can_write(fragile: FragileService) -> bool:
    """True if the write lock is free."""
    with closing(sqlite_module().connect(fragile.file, timeout=0.3, isolation_level=None)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
        except sqlite_module().OperationalError:
            return False
        return True


def stored(fragile: FragileService, run_id: str) -> list[Any]:
    """All stored data of a run, and the end of its lease."""
    [run] = fragile.look("SELECT * FROM runs WHERE id = ?", run_id)
    chunks = fragile.look("SELECT first_step, rows, checksum FROM trajectory_chunks WHERE run_seq = ?", run[0])
    return [run, chunks]


def holder(fragile: FragileService, run_id: str) -> str | None:
    [(owner, steps)] = fragile.look("SELECT lease_owner, rows_done FROM runs WHERE id = ?", run_id)
    return owner if steps else None


def taken_over(fragile: FragileService, live: LiveService, run_id: str) -> tuple[int, int] | None:
    """Stops the run's worker until another claims the run; both processes, stopped. None without a takeover."""
    first = until(lambda: holder(fragile, run_id))
    stale = live.workers()[str(first)]
    os.kill(stale, signal.SIGSTOP)
    if not can_write(fragile) or holder(fragile, run_id) != first:
        os.kill(stale, signal.SIGCONT)  # stopped in a transaction, which blocks a takeover, or after the run's end
        return None
    until(lambda: holder(fragile, run_id) not in {None, first}, 30)
    while True:
        other = live.workers()[str(holder(fragile, run_id))]
        os.kill(other, signal.SIGSTOP)
        if can_write(fragile):
            return stale, other
        os.kill(other, signal.SIGCONT)
        time.sleep(0.01)


def exit_codes(fragile: FragileService) -> list[int]:
    """The exit codes of all dead workers, from the supervisor's log."""
    return [int(code) for code in re.findall(r"worker_died .* exit_code=(-?\d+)", fragile.log.read_text())]


def ended(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


@pytest.mark.torture(50, least=3)
def test_a_stale_worker_writes_nothing_and_exits_within_a_heartbeat(
    tmp_path: Path, cases: int, measured: Measured
) -> None:
    fragile = FragileService(
        tmp_path, heartbeat_seconds=BEAT_SECONDS, lease_seconds=LEASE_SECONDS, block_seconds=0.05, workers=WORKERS
    )
    exits: list[float] = []
    written = changed = 0
    with fragile.serving() as live:
        reference = undisturbed(live.client, KINDS)
        while len(exits) < cases:
            run_id = submit(live.client, KINDS[len(exits) % len(KINDS)])
            pair = taken_over(fragile, live, run_id)
            if pair is None:
                finished(live.client, run_id)
                continue
            stale, other = pair
            before = stored(fragile, run_id)
            begun = time.monotonic()
            os.kill(stale, signal.SIGCONT)
            until(lambda pid=stale: ended(pid), 10)  # type: ignore[misc]
            exits.append(time.monotonic() - begun)
            written += stored(fragile, run_id) != before
            os.kill(other, signal.SIGCONT)
            changed += differs(live.client, finished(live.client, run_id), reference) is not None
            until(lambda: len(live.workers()) == WORKERS, 30)
    codes = exit_codes(fragile)
    measured("workers stopped past their lease and woken", len(exits))
    measured("writes of theirs that were accepted", written, at_most=0)
    measured("… that ended as stale ones and were replaced", codes.count(STALE), at_least=cases)
    measured("until they were gone, p99", worst(exits), "s", at_most=BEAT_SECONDS)
    measured("trajectories that differ in a bit", changed, at_most=0)
    assert codes == [STALE] * len(exits), "only the stopped workers have died"
    assert broken(fragile) == []
