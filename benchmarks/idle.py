"""The CPU cost of idle workers."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory

from benchmarks.harness import Measure, Result, absolute, not_here, until
from benchmarks.processes import HAS_PROC, children, cpu_seconds

DESCENT = [sys.executable, "-m", "service.cli.main"]
SETTLE_SECONDS, ROUNDS, ROUND_SECONDS = 4, 3, 20
WHAT = "two idle workers and their supervisor"


def run() -> Iterator[Result]:
    """CPU time of `descent worker` and its children, as a share of one core; and of `descent serve`, API included."""
    if not HAS_PROC:
        yield not_here(WHAT, "only measured on Linux")
        return
    with _running("worker") as pids:
        yield absolute(WHAT, Measure(_shares(pids), "% of a core"))
    with _running("serve", "--port", "0") as pids:
        yield absolute("… and the idle API", Measure(_shares(pids), "% of a core"))


@contextmanager
def _running(*command: str) -> Iterator[list[int]]:
    """The processes of a `descent` command with two workers, after startup."""
    with TemporaryDirectory() as home:
        process = subprocess.Popen(
            [*DESCENT, *command, "--workers", "2", "--database", f"sqlite:///{home}/descent.db"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            until(lambda: len(children(process.pid)) == 2 or None, within=20, pause=0.1)
            time.sleep(SETTLE_SECONDS)
            yield [process.pid, *children(process.pid)]
        finally:
            process.terminate()
            process.wait()


def _shares(pids: list[int]) -> list[float]:
    shares = []
    for _ in range(ROUNDS):
        before = sum(map(cpu_seconds, pids))
        time.sleep(ROUND_SECONDS)
        shares.append(100 * (sum(map(cpu_seconds, pids)) - before) / ROUND_SECONDS)
    return shares
