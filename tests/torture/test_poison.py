"""Runs that kill their worker or exceed its memory: only they fail, with an error message."""

from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.torture.fragile_service import FragileService
from tests.torture.invariants import OPEN, broken
from tests.torture.large_table import digits, upload
from tests.torture.report import Measured
from tests.torture.request_kinds import differs, queue, submit, undisturbed
from tests.waiting import until

TRIES = 3
KINDS = ("batches, adam", "logistic", "formula", "perceptron, batches")
MEMORY_BYTES = 448 * 1024 * 1024
ROWS, FEATURES = 500_000, 20


def how_often_claimed(fragile: FragileService, run_ids: list[str]) -> set[tuple[int, int]]:
    """The numbers of claims and of lost workers of these runs."""
    rows = fragile.look("SELECT id, lease_token, losses FROM runs")
    return {(claims, losses) for run_id, claims, losses in rows if run_id in run_ids}


def ended(client: httpx2.Client, run_ids: list[str]) -> list[dict[str, Any]]:
    return [dict(client.get(f"/runs/{run_id}").json()) for run_id in run_ids]


@pytest.mark.torture(10, least=1)
def test_a_run_that_segfaults_its_worker(tmp_path: Path, cases: int, measured: Measured) -> None:
    fragile = FragileService(tmp_path, workers=4, max_losses=TRIES)
    with fragile.serving() as live:
        reference = undisturbed(live.client, KINDS)
    poison, neighbours = [], []
    with fragile.serving(failpoints="append.before[poison]=segfault") as live:
        for _ in range(cases):
            poison.append(submit(live.client, "logistic", name="poison"))
            neighbours += [submit(live.client, kind) for kind in KINDS]
        until(lambda: fragile.look(OPEN) == [(0,)], 60 + 20 * cases)
        wrong = [differs(live.client, run, reference) for run in ended(live.client, neighbours)]
        reasons = {(run["status"], run["error"]["code"]) for run in ended(live.client, poison)}
    measured("runs that segfault their worker", len(poison))
    measured("neighbours that are not as undisturbed ones", sum(one is not None for one in wrong), at_most=0)
    assert reasons == {("failed", "worker_lost")}
    assert how_often_claimed(fragile, poison) == {(TRIES + 1, TRIES)}, "tried so often, and once more to be ended"
    assert how_often_claimed(fragile, neighbours) == {(1, 0)}
    assert broken(fragile) == []


@pytest.mark.torture(10, least=1)
def test_a_run_that_exhausts_memory(tmp_path: Path, cases: int, measured: Measured) -> None:
    fragile = FragileService(tmp_path, workers=2, max_losses=TRIES, worker_memory_bytes=MEMORY_BYTES)
    hungry, neighbours = [], []
    with fragile.serving() as live:
        reference = undisturbed(live.client, KINDS)
        request = upload(live.client, digits(ROWS, FEATURES))
        for _ in range(cases):
            hungry.append(queue(live.client, request))
            neighbours += [submit(live.client, kind) for kind in KINDS]
        until(lambda: fragile.look(OPEN) == [(0,)], 60 + 60 * cases)
        wrong = [differs(live.client, run, reference) for run in ended(live.client, neighbours)]
        reasons = {(run["status"], (run["error"] or {}).get("code")) for run in ended(live.client, hungry)}
    measured("runs that want more memory than a worker has", len(hungry))
    measured("neighbours that are not as undisturbed ones", sum(one is not None for one in wrong), at_most=0)
    assert reasons == {("failed", "out_of_memory")}
    assert how_often_claimed(fragile, neighbours) == {(1, 0)}
    assert broken(fragile) == []
