"""The runs of a sweep: the bits of single runs, one load of the data, no run without its sweep."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from service.core.settings import Settings
from service.storage import runs, trajectories
from service.storage.database import Database
from service.worker.judgement import Judge
from service.worker.run_batch import RunBatch
from tests.service.api.routes.test_sweeps import RATE, submitted
from tests.service.helpers import LINE, fit_body

CURVED = {"model": {"kind": "formula", "formula": "b1*(1 - exp(-b2*x1))"}}


CLASSES = {"dataset": {"y": [0, 0, 1, 0, 1, 1, 0, 1]}, "model": {"kind": "logistic"}, "standardize": True}


@pytest.mark.parametrize(
    "base",
    [
        {},
        {"standardize": True, "model": {"kind": "polynomial", "degree": 3}, "objective": {"l2": 0.1}},
        CURVED,
        CLASSES,
        {"model": {"kind": "mlp", "hidden": [3], "task": "regression"}, "descent": {"batch_size": 2}},
    ],
    ids=["linear", "polynomial", "formula", "logistic", "perceptron"],
)
def test_every_member_has_the_bits_of_a_single_run(
    base: dict[str, Any],
    api: TestClient,
    database: Database,
    work: Callable[[], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Judge, "judged", lambda *_: None)  # most of the time; it follows the last step
    request = fit_body(**base)
    request["descent"] = {"steps": 1100, **base.get("descent", {})}
    optimizers = ["gd", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "adamw", "ista", "fista"]
    changes = [
        {"descent": {"optimizer": {"kind": kind}, "learning_rate": rate, "theta0": theta0}}
        for kind in optimizers
        for rate in (0.003, 0.02)
        for theta0 in ({"kind": "normal"},)
    ]
    sweep = submitted(api, base=request, grid=..., list=changes)
    work()
    for member in sweep["ranking"]:
        run = api.get(f"/runs/{member['run_id']}").json()
        alone = api.post("/fit", json=run["request"]).json()
        work()
        assert rows_of(database, run["id"]).tobytes() == rows_of(database, alone["id"]).tobytes()
        assert api.get(f"/runs/{alone['id']}").json()["trajectory_sha256"] == run["trajectory_sha256"]


def rows_of(database: Database, run_id: str) -> Any:
    with database.reading() as connection:
        run = runs.find(connection, run_id)
    assert run is not None
    parts = [rows for _, rows in trajectories.read(database, run.seq, run.width, 0, run.rows_done - 1)]
    return np.ascontiguousarray(np.concatenate(parts, axis=1))


def test_a_worker_reads_the_data_of_a_sweep_once(api: TestClient, database: Database, settings: Settings) -> None:
    sweep = submitted(api, grid={"/split/seed": [0, 1], RATE: [0.01, 0.02]})
    batch = RunBatch(database, settings)
    with database.reading() as connection:
        found_runs = [runs.find(connection, member["run_id"]) for member in sweep["ranking"]]
    members = [member for member in found_runs if member is not None]
    assert len(members) == 4
    found = [batch.problem(member, lambda: None) for member in members]
    assert [found[0] is found[1], found[1] is found[2], found[2] is found[3]] == [True, False, True]
    batch.clear()
    assert batch.problem(members[3], lambda: None) is not found[3]


def test_the_problem_of_a_single_run_is_not_cached(api: TestClient, database: Database, settings: Settings) -> None:
    api.post("/fit", json=LINE)
    with database.reading() as connection:
        run = runs.find(connection, "latest")
    assert run is not None
    batch = RunBatch(database, settings)
    first, second = (batch.problem(run, lambda: None) for _ in range(2))
    assert first is not second


def test_no_run_refers_to_a_missing_sweep(api: TestClient, database: Database) -> None:
    submitted(api)
    with database.reading() as connection:
        lost = connection.execute(
            text("SELECT count(*) FROM runs WHERE sweep_seq NOT IN (SELECT seq FROM sweeps)")
        ).scalar_one()
    assert lost == 0
