"""What a service costs that has nothing to do."""

import subprocess
import time
from collections.abc import Iterator
from tempfile import TemporaryDirectory

from benchmarks.harness import Measure, Result, absolute, not_here
from benchmarks.processes import HAS_PROC, children, cpu_seconds
from service.ephemeral import running_service

SETTLE_SECONDS, ROUNDS, ROUND_SECONDS = 4, 3, 20
WHAT = "two idle workers, their supervisor and the API"


def run() -> Iterator[Result]:
    """CPU time of all the processes, and of the workers alone, as a share of one core."""
    if not HAS_PROC:
        yield not_here(WHAT, "only measured on Linux")
        return
    workers, all_together = [], []
    with (
        TemporaryDirectory() as home,
        running_service(
            "--workers", "2", "--database", f"sqlite:///{home}/descent.db", log=subprocess.DEVNULL
        ) as service,
    ):
        time.sleep(SETTLE_SECONDS)
        pids = children(service.process.pid)
        assert len(pids) == 2, "the two workers are the service's only children"
        for _ in range(ROUNDS):
            before = [cpu_seconds(pid) for pid in (service.process.pid, *pids)]
            time.sleep(ROUND_SECONDS)
            after = [cpu_seconds(pid) for pid in (service.process.pid, *pids)]
            first, *rest = [100 * (b - a) / ROUND_SECONDS for a, b in zip(before, after, strict=True)]
            all_together.append(first + sum(rest))
            workers.append(sum(rest))
    yield absolute(WHAT, Measure(all_together, "% of a core"), at_most=1)
    yield absolute("… the workers alone", Measure(workers, "% of a core"))
