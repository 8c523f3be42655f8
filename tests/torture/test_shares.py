"""One user harms no other: B's requests keep their times while A does each nuisance, and the API keeps its memory."""

import multiprocessing
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

import httpx2
import numpy as np
import pytest
from scipy.stats import binom

from service.datasets import ingest
from service.storage import datasets
from service.storage import runs as run_storage
from service.storage.connect import open_database
from tests.api_keys import Key, make_key
from tests.service.helpers import LINE, fit_body, stored_run
from tests.torture.fragile_service import FragileService, LiveService
from tests.torture.nuisances import NUISANCES, Target, annoy
from tests.torture.report import Measured, worst

LONGEST_STEPS, LONG_STEPS, MANY_RUNS = 8_000_000, 200_000, 400
ROUNDS, FULL = 3, 100
MANY_QUEUED = dict.fromkeys(("max_queued_runs", "max_stored_runs"), 10_000_000)
SLACK_SECONDS = {"finished run": 2.0}
"""Beside 2 × idle; a run may also wait for the end of a block of another key."""
OTHER_SLACK_SECONDS = 0.05
BEGUN_SECONDS = 3.0
"""Until all sockets of a nuisance have sent their first request."""
Times = dict[str, list[float]]


def ask(client: httpx2.Client, run: str, requests: int) -> Times:
    """The times of each kind of request in seconds. Each answer is a success."""
    numbers = iter(range(1_000_000))
    kinds: dict[str, Callable[[], httpx2.Response]] = {
        "run": lambda: client.get(f"/runs/{run}"),
        "list": lambda: client.get("/runs"),
        "trajectory": lambda: client.get(f"/runs/{run}/trajectory"),
        "events": lambda: client.get(f"/runs/{run}/events"),
        "step": lambda: client.get(f"/runs/{run}/steps/{(next(numbers) + time.time_ns()) % 1_900}"),
        "dry run": lambda: client.post("/fit?validate_only=true", json=LINE),
        "submission": lambda: client.post("/fit", json=LINE),
        "finished run": lambda: client.post("/fit", json=LINE, headers={"Prefer": "wait=60"}),
    }
    found: Times = {kind: [] for kind in kinds}
    for _ in range(requests):
        for kind, request in kinds.items():
            begun = time.perf_counter()
            answer = request()
            found[kind].append(time.perf_counter() - begun)
            assert answer.status_code == (202 if kind == "submission" else 200), (kind, answer.text)
    return found


def alternated(
    client: httpx2.Client, run: str, requests: int, nuisance: Callable[[], AbstractContextManager[None]]
) -> tuple[Times, Times]:
    """The times without and beside a nuisance, of rounds in alternation: other work of the machine slows both.

    Few requests raise a suspicion, the full number decides: if a kind has too many late ones, it is asked for.
    """
    idle, busy = Times(), Times()
    a_round = -(-requests // ROUNDS)
    for number in range(-(-max(requests, FULL) // a_round)):
        if number == ROUNDS and not has_too_many_late(idle, busy):
            break
        for found, beside in ((idle, nullcontext), (busy, nuisance)):
            with beside():
                for kind, seconds in ask(client, run, a_round).items():
                    found.setdefault(kind, []).extend(seconds)
    return idle, busy


def bar_of(kind: str, idle: list[float]) -> float:
    """The time in seconds that one in a hundred requests of this kind may exceed."""
    return 2 * worst(idle) + SLACK_SECONDS.get(kind, OTHER_SLACK_SECONDS)


def late_ones(kind: str, idle: Times, busy: Times) -> int:
    """The number of requests of this kind later than the bar."""
    return sum(each > bar_of(kind, idle[kind]) for each in busy[kind])


def has_too_many_late(idle: Times, busy: Times) -> bool:
    """Whether requests of any kind come late more often than chance explains."""
    return any(late_ones(kind, idle, busy) > most_late(len(seconds)) for kind, seconds in busy.items())


def most_late(requests: int) -> int:
    """So many requests may come later than the bar: if each does with a chance of 1 %, more do once in 200 times.

    The p99 of few requests is their maximum, which one pause of the machine decides.
    """
    return int(binom.ppf(0.995, requests, 0.01))


def resident_bytes(live: LiveService) -> int:
    """The memory of the API's process."""
    status = Path(f"/proc/{live.service.process.pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) * 1024


@contextmanager
def annoyed(name: str, target: Target) -> Iterator[None]:
    """A nuisance by a separate process, which does not slow the measuring client."""
    process = multiprocessing.get_context("spawn").Process(target=annoy, args=(name, target), daemon=True)
    process.start()
    time.sleep(BEGUN_SECONDS)
    try:
        yield
    finally:
        process.kill()
        process.join()


@pytest.fixture(scope="module")
def fragile(tmp_path_factory: pytest.TempPathFactory) -> FragileService:
    """A service with required keys and a worker, and without a limit of queued runs: a nuisance that writes goes on."""
    return FragileService(tmp_path_factory.mktemp("shares"), workers=1, keys="required", **MANY_QUEUED)


@pytest.fixture(scope="module")
def objects(fragile: FragileService) -> tuple[Key, str, Key, dict[str, str]]:
    """The key of B with a run, and the key of A with the runs of its nuisances."""
    database = open_database(f"sqlite:///{fragile.file}", 5)
    theirs, mine = make_key(database), make_key(database)
    random = np.random.default_rng(1)
    run = stored_run(database, fit_body(), random.standard_normal((2_000, 8)), owner=theirs.id)
    runs = {
        "longest": stored_run(database, fit_body(), random.standard_normal((LONGEST_STEPS, 8)), owner=mine.id),
        "long": stored_run(database, fit_body(), random.standard_normal((LONG_STEPS, 8)), owner=mine.id),
        "live": stored_run(database, fit_body(), random.standard_normal((20, 8)), owner=mine.id, status=None),
    }
    with database.writing() as connection:
        assert run_storage.pause(connection, runs["live"]), "else the worker takes it after its lease"
    for _ in range(MANY_RUNS):
        stored_run(database, fit_body(), np.ones((3, 8)), owner=mine.id)
    wide = ingest.from_body(random.standard_normal((10_000, 99)).tolist(), [0.5] * 10_000)
    new = wide.owned_by(mine.id)
    with database.writing() as connection:
        datasets.add(connection, new.described, new.blocks(), uploaded=True)
    database.dispose()
    return theirs, run, mine, runs | {"wide": new.described.id}


@pytest.mark.torture(FULL, least=12)
@pytest.mark.parametrize("name", NUISANCES)
def test_a_nuisance_harms_no_other_user(
    name: str, fragile: FragileService, objects: tuple[Key, str, Key, dict[str, str]], cases: int, measured: Measured
) -> None:
    theirs, run, mine, runs = objects
    with fragile.serving() as live, httpx2.Client(base_url=live.url, headers=theirs.headers, timeout=300) as client:
        ask(client, run, 5)  # warm-up
        idle_bytes = resident_bytes(live)
        busy_bytes: list[int] = []

        @contextmanager
        def nuisance() -> Iterator[None]:
            with annoyed(name, Target(live.url, mine.text, **runs)):
                yield
                busy_bytes.append(resident_bytes(live))

        idle, busy = alternated(client, run, cases, nuisance)
    for kind, seconds in busy.items():
        bar, late = bar_of(kind, idle[kind]), late_ones(kind, idle, busy)
        measured(f"{name}: p99 of B's {kind}", worst(seconds) * 1000, "ms")
        measured(f"… later than {bar * 1000:,.0f} ms, of {len(seconds)}", late, at_most=most_late(len(seconds)))
    measured(f"{name}: memory of the API", max(busy_bytes) / idle_bytes, "× idle", at_most=1.5)
