"""Deletion of sweeps and purge in steps of few chunks."""

from collections.abc import Sequence

import numpy as np
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Connection, event, text

from service.storage import run_deletion, sweep_deletion, trajectories
from service.storage.database import Database
from service.storage.sqlite import purge
from service.storage.tables import runs
from service.storage.trajectories import CHUNK_ROWS, DELETED_AT_ONCE
from tests.service.helpers import NOTHING, counts, fit_body


@pytest.mark.parametrize("members", [1, 5, 16])
def test_a_sweep_is_deleted_in_slices_of_some_runs(
    members: int, api: TestClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.storage.sqlite.slices.SLICE_SECONDS", 0.0)
    monkeypatch.setattr(sweep_deletion, "MEMBERS_AT_ONCE", 5)
    made = api.post("/sweeps", json={"base": fit_body(), "grid": {"/split/seed": [*range(members)]}}).json()["id"]
    deletions = [0]

    @event.listens_for(database.engine, "before_cursor_execute")
    def _count(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement == "BEGIN IMMEDIATE":
            deletions.append(0)
        deletions[-1] += statement.startswith("DELETE FROM runs WHERE runs.seq")

    assert api.delete(f"/sweeps/{made}").status_code == 204
    assert (sum(deletions), max(deletions)) == (-(-members // 5), 1)
    assert api.get(f"/sweeps/{made}").status_code == 404
    assert counts(database) == NOTHING


def stored_with_chunks(api: TestClient, database: Database, chunks: Sequence[int]) -> str:
    """The id of a sweep whose members have these numbers of chunks."""
    grid = {"/split/seed": [*range(len(chunks))]}
    made: str = api.post("/sweeps", json={"base": fit_body(), "grid": grid}).json()["id"]
    with database.writing() as connection:
        seqs = connection.execute(text("SELECT seq FROM runs ORDER BY seq")).scalars().all()
        for seq, count in zip(seqs, chunks, strict=True):
            for first in range(0, count * CHUNK_ROWS, CHUNK_ROWS):
                trajectories.append(connection, seq, first, np.zeros((2, CHUNK_ROWS)))
    return made


def test_a_deleted_sweep_leaves_its_long_runs_to_the_purge(api: TestClient, database: Database) -> None:
    made = stored_with_chunks(api, database, [1, DELETED_AT_ONCE + 1, DELETED_AT_ONCE + 2])
    assert api.delete(f"/sweeps/{made}").status_code == 204
    assert api.get("/runs").json()["data"] == []
    left = {"runs": 2, "datasets": 1, "dataset_chunks": 1, "trajectory_chunks": 2 * DELETED_AT_ONCE + 3}
    assert counts(database) == NOTHING | left
    while counts(database) != NOTHING:
        with database.writing() as connection:
            purge.purge_slice(connection)


def test_a_step_of_the_deletion_of_a_sweep_frees_few_chunks(
    api: TestClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.storage.sqlite.slices.SLICE_SECONDS", 0.0)
    made = stored_with_chunks(api, database, [2, 2, 4, 3, 0, 1, 4, 1])
    left: list[int] = []

    @event.listens_for(database.engine, "commit")
    def _count(connection: Connection) -> None:
        left.append(connection.execute(text("SELECT count(*) FROM trajectory_chunks")).scalar_one())

    assert api.delete(f"/sweeps/{made}").status_code == 204
    assert list(dict.fromkeys(left)) == [17, 13, 9, 5, 1, 0]
    assert counts(database) == NOTHING


def test_a_step_of_the_purge_deletes_the_data_of_one_request(
    api: TestClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.storage.sqlite.slices.SLICE_SECONDS", 0.0)
    for label in range(3):
        made = api.post("/fit", json=fit_body(dataset={"x": [[1], [2], [label]], "y": [1, 2, 3]})).json()["id"]
        with database.writing() as connection:
            run_deletion.hide(connection, runs.c.id == made)
    for left in (2, 1, 0):
        with database.writing() as connection:
            purge.purge_slice(connection)
        assert counts(database)["datasets"] == left
