"""The parser of Prometheus reads `/metrics`; its values are those of the database and of the answers."""

import time

import pytest
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import update
from sqlalchemy.exc import OperationalError

from service.api.app import create_app
from service.core.run_status import RunStatus
from service.core.settings import Settings
from service.storage import runs as run_storage
from service.storage.database import Database
from service.storage.tables import runs
from tests.api_keys import make_key
from tests.service.helpers import fit_body, problem_of, stored_run
from tests.service.storage.helpers import queue_run

ROWS = [[0.0, 0.0], [1.0, 2.0]]


def samples(text: str) -> dict[tuple[str, tuple[str, ...]], float]:
    """The values by the name and the labels of the samples, in the order of their names."""
    return {
        (sample.name, tuple(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def read(api: TestClient) -> dict[tuple[str, tuple[str, ...]], float]:
    answer = api.get("/metrics")
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    return samples(answer.text)


def test_runs_are_counted_by_status(api: TestClient, database: Database) -> None:
    """A verification and a deleted run do not count."""
    assert {read(api)["descent_runs", (status.value,)] for status in RunStatus} == {0.0}
    finished = [stored_run(database, fit_body(), ROWS) for _ in range(3)]
    stored_run(database, fit_body(), ROWS, status=RunStatus.FAILED)
    queued = [queue_run(database) for _ in range(2)]
    with database.writing() as connection:
        verified = run_storage.find(connection, finished[0])
        assert verified is not None
        run_storage.create_verification(connection, verified)
        connection.execute(update(runs).where(runs.c.id == finished[1]).values(deleted_at=time.time()))
        connection.execute(update(runs).where(runs.c.id == queued[0]).values(created_at=time.time() - 100))
    found = read(api)
    counts = {status.value: found["descent_runs", (status.value,)] for status in RunStatus}
    assert {status: count for status, count in counts.items() if count} == {"succeeded": 2, "failed": 1, "queued": 2}
    assert 100 <= found["descent_oldest_queued_run_age_seconds", ()] < 1000
    assert found["descent_ready", ()] == 1
    assert found["descent_database_size_bytes", ()] > 0
    assert found["process_resident_memory_bytes", ()] > 0


def test_an_empty_queue_has_no_age(api: TestClient, database: Database) -> None:
    stored_run(database, fit_body(), ROWS)
    assert read(api)["descent_oldest_queued_run_age_seconds", ()] == 0


def test_answers_are_counted_by_route_and_status(api: TestClient) -> None:
    for path in ("/runs", "/runs?limit=0", "/runs/a", "/runs/b", "/nothing", "/elsewhere"):
        api.get(path)
    api.request("BREW", "/runs")
    found = read(api)
    answers = {labels: value for (name, labels), value in found.items() if name == "descent_http_requests_total"}
    assert answers == {
        ("200", "GET", "/runs"): 1,
        ("422", "GET", "/runs"): 1,
        ("404", "GET", "/runs/{run_id}"): 2,
        ("404", "GET", "none"): 2,
        ("501", "other", "/runs"): 1,
    }
    for bound, count in (("+Inf", 2), ("60.0", 2)):
        assert found["descent_http_request_duration_seconds_bucket", (bound, "GET", "/runs/{run_id}")] == count
    assert found["descent_http_request_duration_seconds_count", ("GET", "/runs/{run_id}")] == 2
    assert 0 < found["descent_http_request_duration_seconds_sum", ("GET", "/runs/{run_id}")] < 60


def test_a_database_that_cannot_be_read_leaves_the_other_metrics(
    api: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise OperationalError("SELECT", {}, Exception("disk I/O error"))

    monkeypatch.setattr("service.storage.run_counts.by_status", fails)
    api.get("/livez")
    found = read(api)
    assert found["descent_ready", ()] == 0
    assert found["descent_http_requests_total", ("200", "GET", "/livez")] == 1
    assert not any(name in {"descent_runs", "descent_database_size_bytes"} for name, _ in found)


def test_a_damaged_status_and_a_damaged_time_do_no_harm(api: TestClient, database: Database) -> None:
    ids = [queue_run(database) for _ in range(2)]
    with database.writing() as connection:
        for changed in ("status = x'ff'", "created_at = 'x'"):
            connection.exec_driver_sql(f"UPDATE runs SET {changed} WHERE id = '{ids.pop()}'")
    found = read(api)
    assert (found["descent_runs", ("queued",)], found["descent_runs", ("\N{REPLACEMENT CHARACTER}",)]) == (1, 1)
    assert found["descent_oldest_queued_run_age_seconds", ()] == 0


def test_a_service_that_cannot_work_says_so(api: TestClient) -> None:
    api.app.state.descent.workers_fault = lambda: "No worker process is alive."  # type: ignore[attr-defined]
    assert read(api)["descent_ready", ()] == 0


@pytest.mark.parametrize(
    ("scope", "sees", "status"),
    [("admin", None, 200), ("read", "all", 200), ("read", None, 403), ("write", "all", 403)],
)
def test_a_key_sees_the_metrics_if_it_sees_all_runs(
    scope: str, sees: str | None, status: int, settings: Settings, database: Database
) -> None:
    api = TestClient(create_app(settings.model_copy(update={"keys": "required"}), database))
    key = make_key(database, scope, sees=sees)
    answer = api.get("/metrics", headers=key.headers)
    assert answer.status_code == status
    if status == 403:
        assert "scope admin" in problem_of(answer, 403)["detail"]
    problem_of(api.get("/metrics"), 401)
