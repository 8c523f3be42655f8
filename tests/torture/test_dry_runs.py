"""Dry runs of the costliest requests of a few kilobytes: each takes milliseconds of the processor, and no memory."""

import os
import time
from pathlib import Path

import httpx2
import orjson
import pytest

from service.server.live_server import running_service
from tests.service.jobs.costly_requests import COSTLY
from tests.torture.report import Measured, worst

PLAIN, MOST_TIMES = "fit: polynomial, degree 30", 40.0
"""A cheap request, and the bar as a multiple of it: 20 ms where it takes half a millisecond. The speed of the machine
cancels out.
"""
WARM_SHARE = 0.1
"""The share of the requests after which the memory counts: the allocator has its arenas."""


def processor_seconds(pid: int) -> float:
    """The processor time of all threads of a process, in nanoseconds by Linux's scheduler."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9


def resident_mebibytes(pid: int) -> float:
    """The memory of a process."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


@pytest.mark.skipif(not Path("/proc/self/schedstat").exists(), reason="needs Linux's times of threads")
@pytest.mark.torture(10_000, least=2_000)
def test_the_costliest_dry_runs_are_cheap(tmp_path: Path, cases: int, measured: Measured) -> None:
    requests = [(each, orjson.dumps(each.body)) for each in COSTLY.values()]
    json = {"Content-Type": "application/json"}
    seconds: list[float] = []
    with (
        (tmp_path / "log").open("w") as log,
        running_service("--workers", "0", "--database", f"sqlite:///{tmp_path}/descent.db", log=log) as service,
        httpx2.Client(base_url=service.url, timeout=60) as client,
    ):
        pid = service.process.pid
        warm = resident_mebibytes(pid)
        for number in range(cases):
            costly, content = requests[number % len(requests)]
            before = processor_seconds(pid)
            answer = client.post(f"{costly.path}?validate_only=true", content=content, headers=json)
            time.sleep(0)
            seconds.append(processor_seconds(pid) - before)
            assert answer.status_code == costly.status, answer.text
            if number == int(WARM_SHARE * cases):
                warm = resident_mebibytes(pid)
        grown = resident_mebibytes(pid) - warm
    measured("dry runs", cases)
    measured("the largest body", max(len(content) for _, content in requests), "bytes")
    measured("processor, p99", 1000 * worst(seconds), "ms")
    plain = sorted(seconds[list(COSTLY).index(PLAIN) :: len(requests)])
    measured("… by that of the median plain one", worst(seconds) / plain[len(plain) // 2], "×", at_most=MOST_TIMES)
    measured("processor, the longest", 1000 * max(seconds), "ms")
    measured("memory grown since the first tenth", grown, "MiB", at_most=16.0)
