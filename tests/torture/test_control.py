"""Cancel, pause, resume and delete at every moment of a run's life, while other runs load the workers."""

import random
import secrets
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest

from tests.acceptance.helpers import long_run, run_of
from tests.torture.fragile_service import FragileService, LiveService
from tests.torture.invariants import OPEN, STORED, broken
from tests.torture.large_table import digits, upload
from tests.torture.report import Measured, worst
from tests.torture.request_kinds import Undisturbed, differs, queue, submit, undisturbed
from tests.waiting import until

KINDS = ("batches, adam", "logistic", "formula", "perceptron, batches", "affine")
QUEUED_SECONDS, RUNNING_SECONDS = 1.0, 2.0
CONFLICT = 409
ROWS, FEATURES = 1_000_000, 25


def cancelled_after(client: httpx2.Client, run_id: str) -> float:
    """Seconds from the cancel request to the end of the run."""
    begun = time.monotonic()
    answer = client.post(f"/runs/{run_id}/cancel")
    assert answer.status_code == 202, answer.text
    until(lambda: run_of(client, run_id)["status"] == "cancelled", 60)
    return time.monotonic() - begun


def is_at_work(client: httpx2.Client, run_id: str, steps: int = 1) -> Callable[[], bool]:
    def look() -> bool:
        run = run_of(client, run_id)
        return bool(run["status"] == "running" and run["steps_done"] >= steps)

    return look


@pytest.mark.torture(200, least=8)
def test_cancel(tmp_path: Path, cases: int, measured: Measured) -> None:
    queued, running = [], []
    fragile = FragileService(tmp_path, workers=3)
    with fragile.serving() as live:
        client = live.client
        load = [long_run(client, 10_000_000) for _ in range(2)]  # two of the three workers are busy with these
        for run_id in load:
            until(is_at_work(client, run_id))
        for _ in range(cases):
            at_work, waiting = long_run(client, 1_000_000), long_run(client)
            until(is_at_work(client, at_work, random.choice([0, 1])))
            time.sleep(random.uniform(0, 0.3))
            queued.append(cancelled_after(client, waiting))
            running.append(cancelled_after(client, at_work))
        for run_id in load:
            cancelled_after(client, run_id)
    measured("runs cancelled, of each kind", cases)
    measured("until a queued one was, p99", worst(queued), "s", at_most=QUEUED_SECONDS)
    measured("until a running one was, p99", worst(running), "s", at_most=RUNNING_SECONDS)
    assert broken(fragile) == []


@pytest.mark.torture(50, least=2)
def test_cancel_in_the_preparation(tmp_path: Path, cases: int, measured: Measured) -> None:
    """The dataset takes seconds to read; the cancellations are spread over the duration of the preparation."""
    fragile = FragileService(tmp_path, workers=2, max_upload_bytes=10**9)
    seconds = []
    in_preparation = 0
    with fragile.serving() as live:
        client = live.client
        request = upload(client, digits(ROWS, FEATURES))
        takes = None
        for number in range(cases + 1):
            run_id = queue(client, request)
            until(is_at_work(client, run_id, 0))
            if takes is None:  # the first run measures the duration
                begun = time.monotonic()
                until(is_at_work(client, run_id, 1), 120)
                takes = time.monotonic() - begun
            else:
                time.sleep(takes * (number - 1) / cases)  # the first one at once: a cache makes later ones shorter
                in_preparation += run_of(client, run_id)["steps_done"] == 0
                seconds.append(cancelled_after(client, run_id))
            client.delete(f"/runs/{run_id}")
    measured("runs on a large dataset", len(seconds))
    measured("… whose preparation takes", takes or 0.0, "s")
    measured("… and was not over yet", in_preparation, at_least=1)
    measured("until they were cancelled, p99", worst(seconds), "s", at_most=RUNNING_SECONDS)
    assert broken(fragile) == []


@pytest.fixture(scope="module")
def busy(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[FragileService, LiveService, dict[str, Undisturbed]]]:
    fragile = FragileService(tmp_path_factory.mktemp("busy"), workers=4, block_seconds=0.02)
    with fragile.serving() as live:
        yield fragile, live, undisturbed(live.client, KINDS)


def disturb(url: str, reference: dict[str, Undisturbed], *, delete: bool) -> tuple[str, int]:
    """Pauses and resumes a run at random moments, then deletes it or awaits its end; the errors and pauses."""
    pauses = 0
    with httpx2.Client(base_url=url, timeout=60) as client:
        run_id = submit(client, random.choice(KINDS), name=secrets.token_hex(4))
        for _ in range(3):
            time.sleep(random.expovariate(5))
            if client.post(f"/runs/{run_id}/pause").status_code == CONFLICT:
                break  # the run is finished
            pauses += 1
            paused = run_of(client, run_id)
            time.sleep(random.expovariate(5))
            still = run_of(client, run_id)
            if (still["status"], still["steps_done"]) != ("paused", paused["steps_done"]):
                return f"{run_id} went on while it was paused", pauses
            assert client.post(f"/runs/{run_id}/resume").status_code == 202
        if delete:
            time.sleep(random.expovariate(5))
            assert client.delete(f"/runs/{run_id}").status_code == 204
            gone = (
                client.get(f"/runs/{run_id}").status_code == client.get(f"/runs/{run_id}/trajectory").status_code == 404
            )
            return "" if gone else f"{run_id} was deleted and is there", pauses
        until(lambda: run_of(client, run_id)["status"] in {"succeeded", "diverged", "failed", "cancelled"}, 120)
        return differs(client, run_of(client, run_id), reference) or "", pauses


@pytest.mark.torture(500, least=40)
def test_pause_resume_and_delete_at_every_moment(
    busy: tuple[FragileService, LiveService, dict[str, Undisturbed]], cases: int, measured: Measured
) -> None:
    fragile, live, reference = busy
    with ThreadPoolExecutor(8) as clients:
        doing = [clients.submit(disturb, live.url, reference, delete=n % 3 == 0) for n in range(cases)]
        done = [future.result() for future in doing]
    wrong = [words for words, _ in done if words]
    deleted = len(range(0, cases, 3))
    until(lambda: fragile.look(OPEN) == [(0,)], 60)
    measured("runs disturbed", cases)
    measured("… deleted", deleted)
    measured("pauses", sum(pauses for _, pauses in done))
    measured("runs that are not what they should be", len(wrong), at_most=0)
    assert wrong == []
    left = cases - deleted + len(KINDS)
    until(lambda: fragile.look(STORED) == [(left,)], 60)  # a deleted long run is purged in slices
    assert broken(fragile) == []
