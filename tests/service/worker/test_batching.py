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
from tests.service.storage.test_fair_shares import add

RATES = [0.001, 0.003, 0.01, 0.03, 0.1]
CLASSES = {"dataset": {"y": [0, 0, 1, 0, 1, 1, 0, 1]}, "model": {"kind": "logistic"}, "standardize": True}
CURVED = {"model": {"kind": "formula", "formula": "b1*(1 - exp(-b2*x1))"}}


@pytest.fixture
def worker(settings: Settings) -> Iterator[Worker]:
    with worker_with(settings) as worker:
        yield worker


@contextmanager
def worker_with(settings: Settings, **changes: Any) -> Iterator[Worker]:
    """A worker with these settings, by default the only one."""
    worker = Worker(settings.model_copy(update={"workers": 1, **changes}), "here")
    yield worker
    worker._database.dispose()


def train_all(worker: Worker) -> list[int]:
    """Trains all queued runs. Returns their `seq` in the order of the claims."""
    order = []
    while (claim := worker._claim()) is not None:
        order.append(claim.run.seq)
        worker._train(claim)
    return order


def train_one(worker: Worker) -> int:
    """Claims a run and trains it. Returns its `seq`."""
    claim = worker._claim()
    assert claim is not None
    worker._train(claim)
    return int(claim.run.seq)


def base_of(**changes: Any) -> dict[str, Any]:
    descent = {"steps": 300, **changes.pop("descent", {})}
    return fit_body(**{**CLASSES, **changes}) | {"descent": descent}


def is_identical(database: Database, worker: Worker, run_id: str) -> bool:
    with database.writing() as connection:
        finished = runs.find(connection, run_id)
        assert finished is not None
        runs.create_verification(connection, finished)
    train_all(worker)
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
def test_batched_runs_have_the_bits_of_single_runs(
    base: dict[str, Any],
    grid: dict[str, Any],
    api: TestClient,
    database: Database,
    worker: Worker,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sweep = submitted(api, base=base, grid=grid)
    train_all(worker)
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
def test_unsuitable_runs_are_not_batched(
    base: dict[str, Any], grid: dict[str, Any], api: TestClient, worker: Worker
) -> None:
    sweep = submitted(api, base=base, grid=grid)
    train_all(worker)
    assert all("batched" not in run_of(api, member)["timings"]["ways"] for member in sweep["ranking"])


def test_the_members_of_a_batch_are_claimed_before_older_runs(api: TestClient, settings: Settings) -> None:
    """In another order, another worker or this one would compute the steps of the members again."""
    submitted(api, base=base_of(), grid={RATE: [*RATES, *(10 * rate for rate in RATES)]})
    with worker_with(settings, workers=2) as worker:
        first = train_one(worker)
        members = worker._batch.members
        assert len(members) in {4, 5}
        assert len({seq % 2 for seq in members}) == 1
        others = [seq for seq in range(first + 1, first + 10) if seq not in members]
        assert train_all(worker) == [*members, *others]


def test_a_member_cancelled_during_the_batch_stays_cancelled(api: TestClient, worker: Worker) -> None:
    sweep = submitted(api, base=base_of(), grid={RATE: RATES})
    first, *others = sweep["ranking"]
    train_one(worker)
    for member in others[:2]:
        assert api.post(f"/runs/{member['run_id']}/cancel").status_code in {200, 202}
    assert api.delete(f"/runs/{others[2]['run_id']}").status_code == 204
    train_all(worker)
    assert [run_of(api, member)["status"] for member in (first, *others[:2])] == ["succeeded", "cancelled", "cancelled"]
    assert run_of(api, others[3])["status"] == "succeeded"


def test_a_member_claimed_by_another_worker_belongs_to_it(api: TestClient, settings: Settings, worker: Worker) -> None:
    sweep = submitted(api, base=base_of(), grid={RATE: RATES})
    train_one(worker)
    with worker_with(settings) as other:
        taken = other._claim()
        assert taken is not None
        train_all(worker)
        other._train(taken)
    assert [run_of(api, member)["status"] for member in sweep["ranking"]] == ["succeeded"] * 5


def test_a_paused_member_resumes_from_its_last_step(
    api: TestClient, database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that its worker loses leaves the batch."""
    sweep = submitted(api, base=base_of(), grid={RATE: RATES})
    first, *others = [member["run_id"] for member in sweep["ranking"]]
    write = job_queue.progress

    def then_pause(connection: Any, *given: Any) -> Any:
        status = write(connection, *given)
        if given[-1].get("rows_done") == 100:
            runs.pause(connection, first)
        return status

    monkeypatch.setattr(job_queue, "progress", then_pause)
    with worker_with(settings, block_seconds=1e-9) as worker:  # each block has one step
        train_all(worker)
        assert [status_of(api, run_id) for run_id in (first, *others)] == ["paused", *["succeeded"] * 4]
        monkeypatch.undo()
        assert api.post(f"/runs/{first}/resume").status_code in {200, 202}
        train_all(worker)
        assert is_identical(database, worker, first)


def test_a_run_leaves_the_batch_after_its_share_of_time(
    api: TestClient, database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a share of 0, each run leaves the batch after its first block, and its numbers do not change."""
    monkeypatch.setattr("service.worker.run_batch.BATCH_SHARE", 0.0)
    sweep = submitted(api, base=base_of(descent={"steps": 20}), grid={RATE: RATES})
    with worker_with(settings, block_seconds=1e-9) as worker:
        first = train_one(worker)
        assert len(worker._batch.members) == 4
        assert first not in worker._batch.members
        assert worker._batch._descent is not None
        assert worker._batch._descent._step == 1
        train_all(worker)
        for member in sweep["ranking"]:
            assert status_of(api, member["run_id"]) == "succeeded"
            assert is_identical(database, worker, member["run_id"])


def test_workers_divide_the_members(api: TestClient, settings: Settings) -> None:
    submitted(api, base=base_of(), grid={RATE: [0.001 * (1 + number) for number in range(14)]})
    with worker_with(settings, workers=2) as one, worker_with(settings, workers=2) as other:
        claims = [worker._claim() for worker in (one, other)]
        shares = []
        for worker, claim in zip((one, other), claims, strict=True):
            assert claim is not None
            worker._train(claim)
            shares.append(set(worker._batch.members))
    assert len(shares[0]) == len(shares[1]) == 6
    assert not shares[0] & shares[1]


def test_a_member_is_not_claimed_beyond_the_maximum_of_its_key(
    settings: Settings, api: TestClient, database: Database
) -> None:
    """Another worker may claim for the key after this one has looked for waiting runs."""
    submitted(api, base=base_of(), grid={RATE: RATES})
    add(database, "a", max_running=1)
    with database.writing() as connection:
        connection.exec_driver_sql("UPDATE runs SET owner = 'a'")
    with worker_with(settings) as worker:
        train_one(worker)
        assert worker._batch.members
        with database.writing() as connection:
            assert worker._claim_member(connection, "here", 60.0) is not None
            assert worker._claim_member(connection, "here", 60.0) is None
