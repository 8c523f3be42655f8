"""Batched runs of a sweep: members, bitwise identical numbers, cancellation and loss."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from fastapi.testclient import TestClient

from service.core.settings import Settings
from service.storage import job_queue, runs
from service.storage.database import Database
from service.worker.process import Worker
from tests.service.api.routes.test_sweep_members import rows_of
from tests.service.api.routes.test_sweeps import MOMENTUM, RATE, submitted
from tests.service.helpers import fit_body

RATES = [0.001, 0.003, 0.01, 0.03, 0.1]
CLASSES = {"dataset": {"y": [0, 0, 1, 0, 1, 1, 0, 1]}, "model": {"kind": "logistic"}, "standardize": True}
CURVED = {"model": {"kind": "formula", "formula": "b1*(1 - exp(-b2*x1))"}}


@pytest.fixture
def worker(settings: Settings) -> Iterator[Worker]:
    with a_worker(settings) as worker:
        yield worker


@contextmanager
def a_worker(settings: Settings, **changes: Any) -> Iterator[Worker]:
    """One that leaves nothing to others, unless told otherwise."""
    worker = Worker(settings.model_copy(update={"workers": 1, **changes}), "here")
    yield worker
    worker._database.dispose()


def works_off(worker: Worker) -> list[int]:
    """The runs, by `seq`, in the order in which they were claimed."""
    order = []
    while (claim := worker._claim()) is not None:
        order.append(claim.run.seq)
        worker._train(claim)
    return order


def takes_one(worker: Worker) -> int:
    """Claims a run and trains it; its `seq`."""
    claim = worker._claim()
    assert claim is not None
    worker._train(claim)
    return int(claim.run.seq)


def base_of(**changes: Any) -> dict[str, Any]:
    descent = {"steps": 300, **changes.pop("descent", {})}
    return fit_body(**{**CLASSES, **changes}) | {"descent": descent}


def is_identical(database: Database, worker: Worker, run_id: str) -> bool:
    with database.writing() as connection:
        runs.verify(connection, run_id)
    works_off(worker)
    with database.reading() as connection:
        run = runs.find(connection, run_id)
    assert run is not None
    assert run.verification is not None
    return bool(run.verification["identical"])


def run_of(api: TestClient, member: dict[str, Any]) -> dict[str, Any]:
    run: dict[str, Any] = api.get(f"/runs/{member['run_id']}").json()
    return run


def status_of(api: TestClient, run_id: str) -> str:
    return str(api.get(f"/runs/{run_id}").json()["status"])


@pytest.mark.parametrize(
    ("base", "grid"),
    [
        (base_of(), {RATE: RATES}),
        (fit_body(**CURVED, descent={"steps": 300}), {RATE: [*RATES, 1.0, 30.0]}),
        (base_of(), {"/descent/theta0": [[0.0, 0.1 * number] for number in range(5)]}),
        (base_of(descent={"optimizer": {"kind": "nesterov"}}), {RATE: RATES[:2], MOMENTUM: [0.0, 0.5, 0.9]}),
        (fit_body(descent={"steps": 200, "optimizer": {"kind": "adam"}}), {RATE: RATES}),
    ],
    ids=["classes", "some that diverge", "theta0", "momentum", "adam"],
)
def test_they_have_the_bits_of_the_same_run_alone(
    base: dict[str, Any], grid: dict[str, Any], api: TestClient, database: Database, worker: Worker
) -> None:
    sweep = submitted(api, base=base, grid=grid)
    works_off(worker)
    for member in sweep["ranking"]:
        run = run_of(api, member)
        assert run["timings"]["ways"][-1] == "batched"
        alone = api.post("/fit", json=run["request"]).json()["id"]
        assert is_identical(database, worker, run["id"])
        found = api.get(f"/runs/{alone}").json()
        assert "batched" not in found["timings"]["ways"]
        assert rows_of(database, run["id"]).tobytes() == rows_of(database, alone).tobytes()
        for name in ("status", "stop_reason", "diverged_at", "final", "best", "diagnosis", "trajectory_sha256"):
            assert found.get(name) == run.get(name), name


@pytest.mark.parametrize(
    ("base", "grid"),
    [
        (base_of(), {RATE: RATES[:2]}),
        (base_of(), {"/split/seed": [1, 2, 3, 4, 5]}),
        (base_of(), {"/objective/l2": RATES}),
        (base_of(deadline_seconds=60), {RATE: RATES}),
        (base_of(descent={"batch_size": 2}), {RATE: RATES}),
        (base_of(descent={"stop": {"gradient_norm": 1e-9}}), {RATE: RATES}),
        (base_of(descent={"schedule": {"kind": "backtracking"}}), {RATE: RATES}),
        (fit_body(descent={"steps": 300}), {RATE: RATES}),
    ],
    ids=["two", "data", "penalty", "deadline", "batches", "stop", "line search", "leaps"],
)
def test_others_go_alone(base: dict[str, Any], grid: dict[str, Any], api: TestClient, worker: Worker) -> None:
    sweep = submitted(api, base=base, grid=grid)
    works_off(worker)
    assert all("batched" not in run_of(api, member)["timings"]["ways"] for member in sweep["ranking"])


def test_those_that_went_along_come_next_whoever_waits_longer(api: TestClient, settings: Settings) -> None:
    """Else another worker, or this one much later, would compute them again."""
    submitted(api, base=base_of(), grid={RATE: [*RATES, *(10 * rate for rate in RATES)]})
    with a_worker(settings, workers=2) as worker:
        first = takes_one(worker)
        mine = worker._batch.members
        assert len(mine) in {4, 5}
        assert len({seq % 2 for seq in mine}) == 1
        others = [seq for seq in range(first + 1, first + 10) if seq not in mine]
        assert works_off(worker) == [*mine, *others]


def test_one_that_is_cancelled_meanwhile_stays_so(api: TestClient, worker: Worker) -> None:
    sweep = submitted(api, base=base_of(), grid={RATE: RATES})
    first, *others = sweep["ranking"]
    takes_one(worker)
    for member in others[:2]:
        assert api.post(f"/runs/{member['run_id']}/cancel").status_code in {200, 202}
    assert api.delete(f"/runs/{others[2]['run_id']}").status_code == 204
    works_off(worker)
    assert [run_of(api, member)["status"] for member in (first, *others[:2])] == ["succeeded", "cancelled", "cancelled"]
    assert run_of(api, others[3])["status"] == "succeeded"


def test_one_that_another_worker_took_is_that_ones(api: TestClient, settings: Settings, worker: Worker) -> None:
    sweep = submitted(api, base=base_of(), grid={RATE: RATES})
    takes_one(worker)
    with a_worker(settings) as other:
        taken = other._claim()
        assert taken is not None
        works_off(worker)
        other._train(taken)
    assert [run_of(api, member)["status"] for member in sweep["ranking"]] == ["succeeded"] * 5


def test_a_paused_one_goes_on_from_its_own_step(
    api: TestClient, database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It leaves the company when it leaves the worker's hands."""
    sweep = submitted(api, base=base_of(), grid={RATE: RATES})
    first, *others = [member["run_id"] for member in sweep["ranking"]]
    write = job_queue.progress

    def then_pause(connection: Any, *given: Any) -> Any:
        status = write(connection, *given)
        if given[-1].get("rows_done") == 100:
            runs.pause(connection, first)
        return status

    monkeypatch.setattr(job_queue, "progress", then_pause)
    with a_worker(settings, block_seconds=1e-9) as worker:  # each step is a block of its own
        works_off(worker)
        assert [status_of(api, run_id) for run_id in (first, *others)] == ["paused", *["succeeded"] * 4]
        monkeypatch.undo()
        assert api.post(f"/runs/{first}/resume").status_code in {200, 202}
        works_off(worker)
        assert is_identical(database, worker, first)


def test_nobody_spends_more_than_a_share_of_its_time_on_others(
    api: TestClient, database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each goes alone after its first block, whatever the company has done; and is the same for it."""
    monkeypatch.setattr("service.worker.run_batch.BATCH_SHARE", 0.0)
    sweep = submitted(api, base=base_of(descent={"steps": 20}), grid={RATE: RATES})
    with a_worker(settings, block_seconds=1e-9) as worker:
        first = takes_one(worker)
        assert len(worker._batch.members) == 4
        assert first not in worker._batch.members
        assert worker._batch._descent is not None
        assert worker._batch._descent._step == 1
        works_off(worker)
        for member in sweep["ranking"]:
            assert status_of(api, member["run_id"]) == "succeeded"
            assert is_identical(database, worker, member["run_id"])


def test_workers_share_them_out(api: TestClient, settings: Settings) -> None:
    submitted(api, base=base_of(), grid={RATE: [0.001 * (1 + number) for number in range(14)]})
    with a_worker(settings, workers=2) as one, a_worker(settings, workers=2) as other:
        claims = [worker._claim() for worker in (one, other)]
        shares = []
        for worker, claim in zip((one, other), claims, strict=True):
            assert claim is not None
            worker._train(claim)
            shares.append(set(worker._batch.members))
    assert len(shares[0]) == len(shares[1]) == 6
    assert not shares[0] & shares[1]
