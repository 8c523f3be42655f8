"""Deletion between two queries of a request: the object is not found, and no damage is reported."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import numpy as np
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import event, text

from service.api.app import create_app
from service.core.settings import Settings
from service.storage import job_queue, run_deletion, runs, trajectories
from service.storage.connect import open_database
from service.storage.database import Database
from service.storage.errors import CorruptError, GoneError
from service.storage.sqlite import purge
from service.worker.process import Worker
from tests.service.helpers import fit_body, problem_of, served, stored_run
from tests.waiting import LONGEST

FINDS_RUN, READS_STEPS = "FROM runs LEFT OUTER JOIN datasets", "FROM trajectory_chunks"
ROWS = np.linspace(1.0, 2.0, 12).reshape(6, 2)


@pytest.fixture
def other(settings: Settings, database: Database) -> Iterator[Database]:
    """The database as another process opens it."""
    opened = open_database(settings.database_url, 5.0)
    yield opened
    opened.dispose()


def delete_at(database: Database, moment: str, words: str, count: int, delete: Callable[[], object]) -> None:
    """Deletes before or after the `count`th next statement with these words."""
    remaining = [count]

    def on_statement(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if words in statement:
            remaining[0] -= 1
            if remaining[0] == 0:
                delete()

    event.listen(database.engine, f"{moment}_cursor_execute", on_statement)


def deletion_of(database: Database, run_id: str) -> Callable[[], None]:
    def remove() -> None:
        with database.writing() as connection:
            assert run_deletion.remove(connection, run_id)

    return remove


@pytest.mark.parametrize(
    "path",
    [
        *("trajectory", "trajectory?format=ndjson", "trajectory?format=csv", "trajectory?max_points=3"),
        *("steps/1", "landscape", "predictions", "curves.svg", "landscape.svg"),
    ],
)
def test_a_run_deleted_after_its_lookup_is_not_found(
    path: str, api: TestClient, database: Database, other: Database
) -> None:
    run_id = stored_run(database, fit_body(), ROWS)
    delete_at(database, "after", FINDS_RUN, 1, deletion_of(other, run_id))
    assert "deleted" in problem_of(api.get(f"/runs/{run_id}/{path}"), 404)["detail"]


@pytest.mark.parametrize(("path", "body"), [("fork", {"from_step": 2}), ("predict", {"x": [[1.0]]})])
def test_a_post_to_a_run_deleted_after_its_lookup_is_not_found(
    path: str, body: dict[str, Any], api: TestClient, database: Database, other: Database
) -> None:
    run_id = stored_run(database, fit_body(), ROWS)
    delete_at(database, "after", FINDS_RUN, 1, deletion_of(other, run_id))
    problem_of(api.post(f"/runs/{run_id}/{path}", json=body), 404)


def test_a_long_run_deleted_during_its_verification_is_not_found(
    api: TestClient, database: Database, other: Database
) -> None:
    run_id = stored_run(database, fit_body(), ROWS)

    def hide() -> None:
        with other.writing() as connection:
            connection.execute(text("DELETE FROM runs WHERE verifies IS NOT NULL"))
            connection.execute(text("UPDATE runs SET deleted_at = 1.0"))

    delete_at(database, "before", FINDS_RUN, 3, hide)  # after those that find it and queue its verification
    problem_of(api.post(f"/runs/{run_id}/verify"), 404)


def test_the_events_of_a_deleted_run_end_without_a_log_entry(
    api: TestClient, database: Database, other: Database, caplog: pytest.LogCaptureFixture
) -> None:
    run_id = stored_run(database, fit_body(), ROWS)
    delete_at(database, "before", READS_STEPS, 1, deletion_of(other, run_id))
    answer = api.get(f"/runs/{run_id}/events")
    assert answer.status_code == 200
    assert "progress" not in answer.text
    assert "finished" not in answer.text
    assert not [record for record in caplog.records if record.name.startswith("descent")]


def test_a_trajectory_deleted_during_its_transfer_breaks_off_with_one_calm_line(
    settings: Settings, database: Database, other: Database, caplog: pytest.LogCaptureFixture
) -> None:
    run_id = stored_run(database, fit_body(descent={"steps": 20_000}), np.random.default_rng(0).random((20_001, 2)))
    caplog.set_level("INFO", "descent.api")
    app = create_app(settings, database)

    def delete_and_purge() -> None:
        with other.writing() as connection:
            assert run_deletion.remove(connection, run_id)
            purge.purge_slice(connection)

    delete_at(database, "before", READS_STEPS, 2, delete_and_purge)
    with served(app) as url, pytest.raises(httpx2.RemoteProtocolError):
        httpx2.get(f"{url}/runs/{run_id}/trajectory?format=ndjson", timeout=LONGEST)
    assert "damage" not in caplog.text.lower()
    [record] = [each for each in caplog.records if each.name == "descent.api" or each.levelname != "INFO"]
    assert (record.levelname, "deleted during its transfer" in record.message) == ("INFO", True)


def test_a_missing_step_of_an_existing_run_is_damage(database: Database) -> None:
    run_id = stored_run(database, fit_body(), ROWS)
    with database.writing() as connection:
        run = runs.find(connection, run_id)
        connection.execute(text("DELETE FROM trajectory_chunks"))
    assert run is not None
    with pytest.raises(CorruptError):
        list(trajectories.read(database, run.seq, run.width, 0, 5))


def test_a_long_run_being_purged_is_gone(database: Database) -> None:
    run_id = stored_run(database, fit_body(), ROWS, chunks=(2, 2))
    with database.writing() as connection:
        run = runs.find(connection, run_id)
        connection.execute(text("UPDATE runs SET deleted_at = 1.0"))
        connection.execute(text("DELETE FROM trajectory_chunks WHERE first_step = 2"))
    assert run is not None
    with pytest.raises(GoneError):
        list(trajectories.read(database, run.seq, run.width, 0, 5))


def test_a_worker_drops_a_run_deleted_while_it_reads_the_stored_steps(
    settings: Settings, database: Database, other: Database, caplog: pytest.LogCaptureFixture
) -> None:
    run_id = stored_run(database, fit_body(), ROWS, status=None, checkpoint=np.zeros(5).tobytes())
    with database.writing() as connection:
        job_queue.expire_leases(connection, "test", is_loss=True)
    worker = Worker(settings, "w")
    claim = worker._claim()
    assert claim is not None
    delete_at(worker._database, "before", READS_STEPS, 1, deletion_of(other, run_id))
    worker._train(claim)
    assert not [record for record in caplog.records if record.levelname == "ERROR"]
