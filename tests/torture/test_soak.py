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
from typing import Any, NamedTuple

import httpx2
import pytest

from service.storage.sqlite.readonly import wal_of
from tests.acceptance.helpers import finished, long_run, trajectory
from tests.torture.fragile_service import FragileService, LiveService
from tests.torture.invariants import OPEN, broken
from tests.torture.report import Measured
from tests.torture.request_kinds import KINDS, queue, submit
from tests.waiting import until

WARM_SHARE, WARM_SECONDS = 0.2, 120.0
"""Until then threads, connections and caches are still being made: at most this share of the time, or so long."""
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

    def until(self, end: float) -> Counter[str]:
        """Works until the deadline. Returns the actions with their counts."""
        deeds: Sequence[Callable[[], None]] = [self.read, self.cancel, self.pause, self.fork, self.verify, self.upload]
        with self._client:
            while time.monotonic() < end:
                made, self._made = self._made, []
                random.choice(deeds)()
                for place in made:
                    self._expect(self._client.delete(place), 204)
        return self.done

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


def read_on(url: str, long_id: str, end: float) -> Counter[str]:
    """Reads lists, runs and a long trajectory in all formats, one after the other."""
    kinds = [f"/runs/{long_id}/trajectory?format={kind}" for kind in ("json", "ndjson", "csv")]
    paths = [*kinds, f"{kinds[0]}&max_points=500", "/runs?limit=50", "/runs/latest", "/datasets", "/samples", "/readyz"]
    with httpx2.Client(base_url=url, timeout=120) as client:
        done: Counter[str] = Counter()
        while time.monotonic() < end:
            answer = client.get(random.choice(paths))
            assert answer.status_code == 200, answer.text
            done["looks"] += 1
            time.sleep(random.expovariate(10))
    return done


def kill_on(live: LiveService, end: float, over: threading.Event) -> Counter[str]:
    """Kills a worker at intervals, never the last one, since a service without workers is rightly not ready."""
    done: Counter[str] = Counter()
    pause = min(KILL_SECONDS, (end - time.monotonic()) / KILLS)
    while time.monotonic() < end and not over.wait(random.expovariate(1 / pause)):
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
    """Runs all clients together. Returns the samples after the warm-up."""
    long_id = long_run(live.client, LONG_STEPS)
    finished(live.client, long_id)
    begun = time.monotonic()
    end, warm = begun + seconds, begun + min(WARM_SHARE * seconds, WARM_SECONDS)
    over = threading.Event()
    samples = []
    with ThreadPoolExecutor(OPERATORS + READERS + 1) as clients:
        doing: list[Any] = [clients.submit(Operator(live.url).until, end) for _ in range(OPERATORS)]
        doing += [clients.submit(read_on, live.url, long_id, end) for _ in range(READERS)]
        doing += [clients.submit(kill_on, live, end, over)]
        while (now := time.monotonic()) < end and all(not future.done() for future in doing):
            if now >= warm:
                samples.append(sample(live, fragile))
            time.sleep(SAMPLE_SECONDS)
        over.set()
        done: Counter[str] = sum((future.result() for future in doing), Counter())
    return samples, done


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
