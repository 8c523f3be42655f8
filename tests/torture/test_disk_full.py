"""The disk fills up and empties at random moments of submissions and runs: errors are clear and no run is lost."""

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx2
import pytest

from service.storage.sqlite.disk_reserve import MIB
from tests.acceptance.helpers import finished
from tests.service.helpers import merged
from tests.torture.fragile_service import LiveService
from tests.torture.invariants import OPEN, broken
from tests.torture.report import Measured, worst
from tests.torture.request_kinds import KINDS, Undisturbed, differs, queue, submit, undisturbed
from tests.torture.small_disk import SmallDisk, small_disk
from tests.waiting import until

SIZE = "24m"
CYCLES_A_SERVICE = 10
CLIENTS = 2
USED = ["affine", "batches", "adam, cosine", "logistic", "perceptron", "formula"]
SHORT_SECONDS, LONG_SECONDS = (0.1, 2.0), (5.0, 25.0)
"""How long the disk is full: mostly shorter than a block is tried for, sometimes longer, and longer than a lease."""
BAR_SECONDS = 30.0
RUNS = 4


class Clients:
    """Clients that submit, read and delete, and their answers."""

    def __init__(self) -> None:
        self.acknowledged: list[str] = []
        self.deleted: set[str] = set()
        self.answers: Counter[str] = Counter()
        self.unclear: list[str] = []
        self.seconds: list[float] = []

    @contextmanager
    def at(self, url: str) -> Iterator[None]:
        """Runs the clients until the block ends."""
        stop = threading.Event()
        threads = [threading.Thread(target=self._work, args=(url, stop)) for _ in range(CLIENTS)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            stop.set()
            for thread in threads:
                thread.join()

    def _work(self, url: str, stop: threading.Event) -> None:
        with httpx2.Client(base_url=url, timeout=60) as client:
            while not stop.wait(random.uniform(0, 1)):
                kind = random.choice(USED)
                answer = self._ask(client, "POST", "/fit", json=KINDS[kind] | {"tags": {"kind": kind}})
                if answer.status_code == 202:
                    self.acknowledged.append(answer.json()["id"])
                self._ask(client, "GET", f"/runs/{random.choice([*self.acknowledged, 'latest'])}")
                if self.acknowledged and random.random() < 0.3:
                    gone = random.choice(self.acknowledged)
                    self.deleted.add(gone)
                    self._ask(client, "DELETE", f"/runs/{gone}")

    def _ask(self, client: httpx2.Client, method: str, path: str, **options: Any) -> httpx2.Response:
        begun = time.monotonic()
        try:
            answer = client.request(method, path, **options)
        except httpx2.TransportError as error:
            answer = httpx2.Response(599, text=repr(error))
        self.seconds.append(time.monotonic() - begun)
        self.answers[f"{method} {answer.status_code}"] += 1
        is_clear = answer.status_code == 507 or (answer.status_code == 503 and "Retry-After" in answer.headers)
        if answer.status_code >= 500 and not is_clear:
            self.unclear.append(f"{method} {path}: {answer.status_code} {answer.text[:300]}")
        return answer


def accepted(live: LiveService, request: dict[str, Any]) -> str:
    """Submits a run until it is accepted, and returns its id. A write that began on the full disk may delay it."""
    return str(until(lambda: live.client.post("/fit", json=request).json().get("id"), BAR_SECONDS))


def one_cycle(disk: SmallDisk, live: LiveService, clients: Clients) -> float:
    """Fills the disk for a while. Returns the seconds from the release to the end of a new run."""
    clients.acknowledged += [submit(live.client, random.choice(USED)) for _ in range(RUNS)]
    with clients.at(live.url):
        time.sleep(random.uniform(0, 1))
        with disk.full():
            time.sleep(random.uniform(*random.choices((SHORT_SECONDS, LONG_SECONDS), (9, 1))[0]))
        begun = time.monotonic()
    run = finished(live.client, accepted(live, KINDS["affine"]), BAR_SECONDS)
    assert run["status"] == "succeeded"
    assert live.client.delete(f"/runs/{run['id']}").status_code == 204
    return time.monotonic() - begun


def ends(live: LiveService, clients: Clients, reference: dict[str, Undisturbed]) -> Counter[str]:
    """The final statuses of the acknowledged runs. Deletes each run afterwards."""
    found: Counter[str] = Counter()
    for run_id in clients.acknowledged:
        answer = live.client.get(f"/runs/{run_id}")
        if answer.status_code == 404:
            found["deleted" if run_id in clients.deleted else "lost"] += 1
            continue
        run = answer.json()
        if run["status"] == "failed":
            found[f"failed: {run['error']['code']}"] += 1
        else:
            found[f"wrong: {wrong}" if (wrong := differs(live.client, run, reference)) else run["status"]] += 1
        assert live.client.delete(f"/runs/{run_id}").status_code == 204
    clients.acknowledged.clear()
    return found


def start(disk: SmallDisk, since: int) -> str:
    """The outcome of a start on a full disk, given the length of the earlier log. Reads may still succeed."""
    try:
        with disk.serving() as live:
            answer = live.client.get("/runs")
            return "serves" if answer.status_code in {200, 507} else answer.text
    except RuntimeError:
        told = disk.log.read_text()[since:]
        is_clear = "Cannot use the database" in told and "full" in told and "Traceback" not in told
        return "refused" if is_clear else told[-1000:]


@pytest.mark.torture(20, least=2)
def test_a_service_that_is_killed_on_a_full_disk_starts_again(cases: int, measured: Measured) -> None:
    starts: Counter[str] = Counter()
    found: Counter[str] = Counter()
    clients = Clients()
    settings = {"workers": 2, "block_seconds": 0.05, "heartbeat_seconds": 0.5, "lease_seconds": 2}
    with small_disk(SIZE, **settings) as disk:
        with disk.serving() as live:
            reference = undisturbed(live.client, USED)
        for _ in range(cases):
            with disk.serving() as live:
                clients.acknowledged += [submit(live.client, random.choice(USED)) for _ in range(RUNS)]
                time.sleep(random.uniform(0, 1))
                with disk.full():
                    time.sleep(random.uniform(*SHORT_SECONDS))
                    live.kill()
                    starts[start(disk, len(disk.log.read_text()))] += 1
            with disk.serving() as live:
                until(lambda: disk.look(OPEN) == [(0,)], BAR_SECONDS)
                assert broken(disk) == []
                found += ends(live, clients, reference)
    for name, count in sorted((starts + found).items()):
        measured(name, count)
    assert starts.keys() <= {"serves", "refused"}
    assert found.keys() <= {"succeeded", "failed: disk_full"}


OTHERS = 10 * MIB
"""What others take of the disk at most, so that the reserve has room once the runs are deleted."""
LARGE = merged(KINDS["perceptron"], {"descent": {"steps": 12_000}})
"""A run that alone fits on the disk. Those that together do not are refused at their submission."""


def is_half_full(live: LiveService) -> bool:
    """Whether a run has stored all its steps and another one some of them."""
    found = {(run["status"], run["steps_done"] > 0) for run in live.client.get("/runs").json()["data"]}
    return {("succeeded", True), ("running", True)} <= found


def filled_by_runs(disk: SmallDisk, live: LiveService) -> list[str]:
    """The ids of large runs. The disk has no byte for the steps of the last ones, since others took the rest of it."""
    runs = [queue(live.client, LARGE)]
    while (answer := live.client.post("/fit", json=LARGE)).status_code == 202:
        runs.append(answer.json()["id"])
    assert (answer.status_code, answer.json()["promised"] > 0) == (507, True)
    until(lambda: is_half_full(live))
    disk.take_the_rest(OTHERS)
    failed = until(lambda: live.client.get("/runs?status=failed").json()["data"])
    assert failed[0]["error"]["code"] == "disk_full"
    disk.take_the_rest(OTHERS)
    return runs


def emptied(live: LiveService, runs: list[str]) -> float:
    """Deletes the runs. Returns the seconds from the last deletion to the end of a new run."""
    for run_id in runs:
        assert live.client.delete(f"/runs/{run_id}").status_code == 204
    begun = time.monotonic()
    assert finished(live.client, accepted(live, KINDS["affine"]), BAR_SECONDS)["status"] == "succeeded"
    return time.monotonic() - begun


@pytest.mark.torture(20, least=2)
def test_each_run_of_a_full_disk_can_be_deleted(cases: int, measured: Measured) -> None:
    seconds: list[float] = []
    deleted = 0
    for case in range(cases):
        with small_disk(SIZE, workers=1, block_seconds=0.05, heartbeat_seconds=0.5, lease_seconds=2) as disk:
            with disk.serving() as live:
                runs = filled_by_runs(disk, live)
                if case % 2:
                    seconds.append(emptied(live, runs))
                live.kill()
            with disk.serving() as live:
                if case % 2 == 0:
                    seconds.append(emptied(live, runs))
                assert broken(disk) == []
            deleted += len(runs)
            assert "Traceback" not in disk.log.read_text()
    measured("runs deleted from a full disk", deleted)
    measured("from the last deletion on until a new run was finished, p99", worst(seconds), "s", at_most=BAR_SECONDS)


@pytest.mark.torture(100, least=4)
def test_a_full_disk_is_reported_and_runs_continue_afterwards(cases: int, measured: Measured) -> None:
    clients = Clients()
    found: Counter[str] = Counter()
    seconds: list[float] = []
    wrong: list[str] = []
    with small_disk(SIZE, workers=2, block_seconds=0.05, max_losses=3) as disk:
        with disk.serving() as live:
            reference = undisturbed(live.client, USED)
        while len(seconds) < cases:
            with disk.serving() as live:
                for _ in range(min(CYCLES_A_SERVICE, cases - len(seconds))):
                    seconds.append(one_cycle(disk, live, clients))
                    until(lambda: disk.look(OPEN) == [(0,)], BAR_SECONDS)
                    wrong += broken(disk)
                    found += ends(live, clients, reference)
        log = disk.log.read_text()
    for name, count in sorted(clients.answers.items()):
        measured(name, count)
    for name, count in sorted(found.items()):
        measured(f"acknowledged runs: {name}", count)
    died = log.count("supervisor.worker_died")
    measured("times that the disk was full", len(seconds), at_least=cases)
    measured("unclear answers", len(clients.unclear), at_most=0)
    measured("the slowest answer", max(clients.seconds), "s", at_most=BAR_SECONDS)
    measured("from the room on until a new run was finished, p99", worst(seconds), "s", at_most=BAR_SECONDS)
    measured("workers that died", died)
    assert not clients.unclear, clients.unclear[:5]
    assert found.keys() <= {"succeeded", "failed: disk_full", "deleted"}
    assert wrong == []
    assert "Traceback" not in log
