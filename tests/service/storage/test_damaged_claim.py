"""A queued run whose row cannot be read fails alone; the runs behind it are claimed."""

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from service.core.settings import Settings
from service.storage.database import Database
from tests.service.helpers import fit_body, problem_of
from tests.service.worker.test_batching import train_all, worker_with


@pytest.mark.parametrize("column", ["request", "tags", "parameters", "timings"])
@pytest.mark.parametrize("stored", ["'{'", "x'ff00'", "5e300 || 'x'", "CAST(x'ff22' AS TEXT)"])
def test_claiming_passes_over_a_damaged_row(
    column: str, stored: str, api: TestClient, database: Database, settings: Settings
) -> None:
    damaged, sound = [api.post("/fit", json=fit_body()).json()["id"] for _ in range(2)]
    with database.writing() as connection:
        connection.execute(text(f"UPDATE runs SET {column} = {stored} WHERE id = '{damaged}'"))
    with worker_with(settings) as worker:
        train_all(worker)
    assert api.get(f"/runs/{sound}").json()["status"] == "succeeded"
    with database.reading() as connection:
        status, error = connection.execute(text(f"SELECT status, error FROM runs WHERE id = '{damaged}'")).one()
    assert status == "failed"
    assert "damaged_data" in error


@pytest.mark.parametrize("labels", [[2**53, 2**53 + 1], [-(2**53), 0], [0, 2**53]])
def test_labels_that_may_be_one_number_are_refused(labels: list[int], api: TestClient) -> None:
    answer = api.post("/fit", json=fit_body(dataset={"y": labels * 4}, model={"kind": "logistic"}))
    assert problem_of(answer, 422)["errors"][0]["pointer"] == "/dataset/y"
