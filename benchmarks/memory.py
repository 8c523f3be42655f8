"""The growth of the API's memory while five clients read 100,000 steps × 10 parameters concurrently."""

import subprocess
import threading
from collections.abc import Iterator
from tempfile import TemporaryDirectory

from benchmarks.harness import Measure, Result, absolute, not_here
from benchmarks.http_load import download
from benchmarks.processes import HAS_PROC, memory, reset_peak
from benchmarks.stored import PARAMETERS, STEPS, finished_run
from service.core.settings import Settings
from service.server.live_server import running_service
from service.storage.connect import open_database

ROUNDS, READERS = 3, 5


def run() -> Iterator[Result]:
    """The growth of the peak resident memory, with a fresh process each round."""
    what = f"memory that {READERS} readers of {STEPS:,} steps × {PARAMETERS} cost"
    if not HAS_PROC:
        yield not_here(what, "only measured on Linux")
        return
    with TemporaryDirectory() as home:
        settings = Settings(database_url=f"sqlite:///{home}/descent.db")
        database = open_database(settings.database_url, settings.busy_seconds)
        run_id = finished_run(database, settings).run_id
        database.dispose()
        growth = [_growth(settings.database_url, run_id) for _ in range(ROUNDS)]
    yield absolute(what, Measure(growth, "MB"))


def _growth(database_url: str, run_id: str) -> float:
    options = ("--workers", "0", "--database", database_url)
    with running_service(*options, log=subprocess.DEVNULL) as service:
        download(service.url, f"/runs/{run_id}")
        pid = service.process.pid
        before = memory(pid, "VmRSS")
        reset_peak(pid)
        path = f"/runs/{run_id}/trajectory"
        sizes: list[int] = []
        readers = [threading.Thread(target=lambda: sizes.append(download(service.url, path))) for _ in range(READERS)]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join()
        assert len(sizes) == READERS
        assert min(sizes) > 100 * STEPS
        return memory(pid, "VmHWM") - before
