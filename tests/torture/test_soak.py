"""Half an hour of mixed load on one service: its memory, files, threads and log stay constant."""

import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from statistics import median
from typing import NamedTuple

import httpx2
import pytest

from service.storage.sqlite.readonly import wal_of
from tests.acceptance.helpers import finished, long_run, trajectory
from tests.torture.fragile_service import FragileService, LiveService
from tests.torture.invariants import OPEN, broken
from tests.torture.report import Measured
from tests.torture.request_kinds import KINDS, queue, submit
from tests.waiting import until

WARM_SECONDS = 600.0
"""The warm-up ends when each operator has done each deed: until then threads, connections and caches are being made."""
SAMPLE_SECONDS, KILL_SECONDS, SETTLE_SECONDS = 0.5, 15.0, 60.0
KILLS = 10
"""At least about so many, however short the time is."""
LONG_STEPS = 20_000
MIB = 1024 * 1024
MORE_MEMORY, MORE_FILES, MORE_THREADS, LONGEST_LOG = 5.0, 3, 2, 128
WORKERS = 2
OPERATORS, READERS = 6, 2
"""Clients that make, change and delete runs, and clients that only read."""
CONNECTIONS = OPERATORS + READERS + 6
"""To the database: those of the pool are kept, as many as were ever needed at once, and the service has some itself."""
CONFLICT = 409
DEEDS = ("read", "cancelled", "paused", "forked", "verified", "uploaded", "looks", "workers killed")


class Sample(NamedTuple):
    """The resources of the API's process at a moment, and the length of the write-ahead log in MiB."""

    memory: float
    connections: int
    files: int
    threads: int
    log: float


def sample(live: LiveService, fragile: FragileService) -> Sample:
    """Samples the process from outside."""
    home = Path(f"/proc/{live.service.process.pid}")
    said = dict(line.split(":", 1) for line in (home / "status").read_text().splitlines())
    log = wal_of(fragile.file)
    opened = [target for link in (home / "fd").iterdir() if (target := _target(link))]
    of_database = [target for target in opened if target.startswith(str(fragile.file))]
    return Sample(
        memory=int(said["VmRSS"].split()[0]) / 1024,
        connections=of_database.count(str(fragile.file)),
        files=len(opened) - len(of_database),
        threads=int(said["Threads"]),
        log=log.stat().st_size / MIB if log.exists() else 0.0,
    )


def _target(link: Path) -> str:
    with suppress(FileNotFoundError):  # the file descriptor was closed meanwhile
        return str(link.readlink())
    return ""


class Operator:
    """A client that works on one run after the other and deletes all but the last."""

    def __init__(self, url: str) -> None:
        self._client = httpx2.Client(base_url=url, timeout=120)
        self._made: list[str] = []
        self.done: Counter[str] = Counter()
        self.warm = threading.Event()

    def until(self, over: threading.Event) -> Counter[str]:
        """Does each deed once, then any of them until the end. Returns the actions with their counts."""
        deeds: Sequence[Callable[[], None]] = [self.read, self.cancel, self.pause, self.fork, self.verify, self.upload]
        with self._client:
            for deed in random.sample(deeds, len(deeds)):
                self._work(deed)
            self.warm.set()
            while not over.is_set():
                self._work(random.choice(deeds))
        return self.done

    def _work(self, deed: Callable[[], None]) -> None:
        """Does the deed, then deletes what the deed before made."""
        made, self._made = self._made, []
        deed()
        for place in made:
            self._expect(self._client.delete(place), 204)

    def read(self) -> None:
        """Submits a run and reads it until its end."""
        run_id = self._submit("read")
        self._client.get(f"/runs/{run_id}/trajectory?format=ndjson")
        finished(self._client, run_id)
        trajectory(self._client, run_id)

    def cancel(self) -> None:
        """Cancels the run at a random moment."""
        run_id = self._submit("cancelled")
        time.sleep(random.expovariate(5))
        self._change(run_id, "cancel")
        finished(self._client, run_id)

    def pause(self) -> None:
        """Pauses the run at a random moment and resumes it."""
        run_id = self._submit("paused")
        time.sleep(random.expovariate(5))
        if self._change(run_id, "pause"):
            time.sleep(random.expovariate(5))
            assert self._change(run_id, "resume")
        if random.random() < 0.3:
            return  # the run is deleted in its current status
        finished(self._client, run_id)

    def fork(self) -> None:
        """Forks a run from its middle."""
        run_id = self._submit("forked")
        step = random.randrange(finished(self._client, run_id)["steps_done"] + 1)
        body = {"from_step": step, "changes": {"descent": {"steps": 1_000}}}
        forked = self._expect(self._client.post(f"/runs/{run_id}/fork", json=body), 202)
        self._made.append(forked.headers["Location"])
        finished(self._client, forked.json()["id"])

    def verify(self) -> None:
        """Verifies a run bit for bit."""
        run_id = self._submit("verified")
        finished(self._client, run_id)
        while (answer := self._client.post(f"/runs/{run_id}/verify")).status_code == 202:
            time.sleep(0.1)
        assert self._expect(answer, 200).json()["identical"] is True, answer.text

    def upload(self) -> None:
        """Uploads a file and runs on it. Deletes the run first, since the file of an existing run cannot be deleted."""
        rows = "".join(f"{random.random()},{random.random()},{random.random()}\n" for _ in range(2_000))
        headers = {"Content-Type": "text/csv"}
        answer = self._expect(self._client.post("/datasets?name=soak", content=f"a,b,y\n{rows}", headers=headers), 201)
        run_id = queue(self._client, {"dataset": {"id": answer.json()["id"]}, "descent": {"steps": 500}})
        self._made += [f"/runs/{run_id}", answer.headers["Location"]]
        self.done["uploaded"] += 1
        finished(self._client, run_id)

    def _submit(self, what: str) -> str:
        run_id = submit(self._client, random.choice(list(KINDS)))
        self._made.append(f"/runs/{run_id}")
        self.done[what] += 1
        return run_id

    def _change(self, run_id: str, how: str) -> bool:
        """True if the change came before the end of the run."""
        answer = self._client.post(f"/runs/{run_id}/{how}")
        return answer.status_code != CONFLICT and bool(self._expect(answer, 202))

    def _expect(self, answer: httpx2.Response, status: int) -> httpx2.Response:
        assert answer.status_code == status, answer.text
        return answer


def read_on(url: str, long_id: str, over: threading.Event) -> Counter[str]:
    """Reads lists, runs and a long trajectory in all formats, one after the other."""
    kinds = [f"/runs/{long_id}/trajectory?format={kind}" for kind in ("json", "ndjson", "csv")]
    paths = [*kinds, f"{kinds[0]}&max_points=500", "/runs?limit=50", "/runs/latest", "/datasets", "/samples", "/readyz"]
    with httpx2.Client(base_url=url, timeout=120) as client:
        done: Counter[str] = Counter()
        while not over.is_set():
            answer = client.get(random.choice(paths))
            assert answer.status_code == 200, answer.text
            done["looks"] += 1
            time.sleep(random.expovariate(10))
    return done


def kill_on(live: LiveService, pause: float, over: threading.Event) -> Counter[str]:
    """Kills a worker after random pauses, never the last one, since a service without workers is rightly not ready."""
    done: Counter[str] = Counter()
    while not over.wait(random.expovariate(1 / pause)):
        if len(workers := list(live.workers().values())) == WORKERS:
            os.kill(random.choice(workers), signal.SIGKILL)
            done["workers killed"] += 1
    return done


def fifths(samples: Sequence[Sample]) -> tuple[Sample, Sample]:
    """The medians of the first fifth and of the last one."""
    size = max(1, len(samples) // 5)
    first, last = (Sample(*map(median, zip(*part, strict=True))) for part in (samples[:size], samples[-size:]))
    return first, last


def soak(fragile: FragileService, live: LiveService, seconds: float) -> tuple[list[Sample], Counter[str]]:
    """Runs all clients together, for so long after the warm-up. Returns the samples of that time."""
    long_id = long_run(live.client, LONG_STEPS)
    finished(live.client, long_id)
    over = threading.Event()
    operators = [Operator(live.url) for _ in range(OPERATORS)]
    with ThreadPoolExecutor(OPERATORS + READERS + 1) as clients:
        doing = [clients.submit(operator.until, over) for operator in operators]
        doing += [clients.submit(read_on, live.url, long_id, over) for _ in range(READERS)]
        doing += [clients.submit(kill_on, live, min(KILL_SECONDS, seconds / KILLS), over)]

        def failed() -> bool:
            return any(future.done() for future in doing)

        try:
            until(lambda: failed() or all(operator.warm.is_set() for operator in operators), WARM_SECONDS)
            samples = _samples(live, fragile, time.monotonic() + seconds, failed)
        finally:
            over.set()
        done: Counter[str] = sum((future.result() for future in doing), Counter())
    return samples, done


def _samples(live: LiveService, fragile: FragileService, end: float, failed: Callable[[], bool]) -> list[Sample]:
    samples = []
    while time.monotonic() < end and not failed():
        samples.append(sample(live, fragile))
        time.sleep(SAMPLE_SECONDS)
    return samples


@pytest.mark.torture(1_800, least=60)
def test_half_an_hour_of_everything_leaves_the_service_as_it_was(
    tmp_path: Path, cases: int, measured: Measured
) -> None:
    fragile = FragileService(tmp_path, workers=WORKERS, heartbeat_seconds=0.5, lease_seconds=3, block_seconds=0.05)
    with fragile.serving() as live:
        samples, done = soak(fragile, live, cases)
        until(lambda: fragile.look(OPEN) == [(0,)], SETTLE_SECONDS)
        until(lambda: sample(live, fragile).log < 1, SETTLE_SECONDS)
        kept = live.client.get("/runs?limit=200").json()["data"]
    first, last = fifths(samples)
    measured("seconds", cases)
    for what in DEEDS:
        measured(f"… {what}", done[what], at_least=1)
    measured("memory of the API, first fifth", first.memory, "MiB")
    measured("… last fifth, more by", 100 * (last.memory / first.memory - 1), "%", at_most=MORE_MEMORY)
    measured("most connections to the database", max(each.connections for each in samples), at_most=CONNECTIONS)
    measured("other open files, first fifth", first.files)
    measured("… last fifth, more by", last.files - first.files, at_most=MORE_FILES)
    measured("threads, first fifth", first.threads)
    measured("… last fifth, more by", last.threads - first.threads, at_most=MORE_THREADS)
    measured("longest log beside the file", max(each.log for each in samples), "MiB", at_most=LONGEST_LOG)
    measured("runs kept at the end", len(kept), at_most=2 * OPERATORS + 1)
    assert broken(fragile) == []
