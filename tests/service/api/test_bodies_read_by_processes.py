"""JSON bodies with many values are read by another process, with the results and errors of a small body."""

import os
import pickle
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from service.api import request_body
from service.core.exceptions import ApiError, InvalidError, TooLargeError, invalid
from service.storage.database import Database
from tests.service.helpers import NOTHING, counts, fit_body, problem_of, stored_run

BODIES: dict[str, dict[str, Any]] = {
    "/fit": fit_body(),
    "/fit?validate_only=true": fit_body(),
    "/sweeps": {"base": fit_body(), "grid": {"/descent/learning_rate": [0.01, 0.02]}},
    "/datasets": fit_body()["dataset"],
    "/runs/latest/fork": {"from_step": 1, "changes": {"descent": {"steps": 3}}},
    "/runs/latest/predict": {"x": [[1.0], [2.0]]},
    "/check": fit_body() | {"trajectory": {"theta": [[0.0, 0.0], [1.0, 2.0]]}},
}


@pytest.fixture
def by_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every body is too large for a thread."""
    monkeypatch.setattr(request_body, "FEW_VALUES", -1)
    monkeypatch.setattr(request_body, "MOST_VALUES", -1)


def without_ids(value: Any) -> Any:
    """The answer without ids, times and places in the queue, which differ."""
    if isinstance(value, dict):
        ignored = {"id", "created_at", "links", "run_id", "forked_from", "queue"}
        return {name: without_ids(each) for name, each in value.items() if name not in ignored}
    return [without_ids(each) for each in value] if isinstance(value, list) else value


@pytest.mark.parametrize("path", BODIES)
def test_a_process_and_a_thread_give_the_same_answer(
    path: str, api: TestClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored_run(database, fit_body(), [[0.0, 0.0], [1.0, 2.0]])
    known = api.post(path, json=BODIES[path])
    before = counts(database)
    monkeypatch.setattr(request_body, "FEW_VALUES", -1)
    monkeypatch.setattr(request_body, "MOST_VALUES", -1)
    if path == "/runs/latest/fork":
        path = f"/runs/{known.json()['forked_from']['run_id']}/fork"
    found = api.post(path, json=BODIES[path] if path in BODIES else BODIES["/runs/latest/fork"])
    assert found.status_code == known.status_code < 300, found.text
    assert without_ids(found.json()) == without_ids(known.json())
    assert (counts(database)["runs"] > before["runs"]) == (known.status_code == 202)


CLASSES = {"x": [[float(row)] for row in range(8)], "y": [0, 1, 0, 1, 0, 1, 0, 1]}
MODELS: dict[str, dict[str, Any]] = {
    "polynomial": {"model": {"kind": "polynomial", "degree": 2}},
    "logistic": {"model": {"kind": "logistic"}, "dataset": CLASSES},
    "softmax": {"model": {"kind": "softmax"}, "dataset": CLASSES},
    "mlp": {"model": {"kind": "mlp", "hidden": [2]}},
    "formula": {"model": {"kind": "formula", "formula": "a + b*x1"}},
}


@pytest.mark.usefixtures("by_process")
@pytest.mark.parametrize("kind", MODELS)
def test_a_process_reads_requests_and_sweeps_of_each_model(kind: str, api: TestClient) -> None:
    body = fit_body(**MODELS[kind])
    fitted = api.post("/fit", json=body)
    assert fitted.status_code == 202, fitted.text
    swept = api.post("/sweeps", json={"base": body, "grid": {"/descent/learning_rate": [0.01, 0.02]}})
    assert swept.status_code == 202, swept.text


@pytest.mark.usefixtures("by_process")
def test_an_idempotency_key_gives_the_same_run(api: TestClient) -> None:
    first, second = (api.post("/fit", json=fit_body(), headers={"Idempotency-Key": "k"}).json() for _ in range(2))
    assert first["id"] == second["id"]
    other = api.post("/fit", json=fit_body(name="other"), headers={"Idempotency-Key": "k"})
    assert problem_of(other, 422)["errors"][0]["header"] == "Idempotency-Key"


@pytest.mark.usefixtures("by_process")
def test_the_errors_of_a_process_are_those_of_a_thread(api: TestClient, database: Database) -> None:
    problem_of(api.post("/fit", content=b"{", headers={"Content-Type": "application/json"}), 400)
    problem_of(api.post("/fit", json=fit_body(dataset={"id": "unknown", "x": ..., "y": ...})), 404)
    [error] = problem_of(api.post("/fit", json=fit_body(descent={"steps": "many"})), 422)["errors"]
    assert error["pointer"] == "/descent/steps"
    assert error["hint"]
    assert counts(database) == NOTHING


def test_a_body_of_many_values_is_read_by_another_process(
    api: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process notes its id for the test."""
    monkeypatch.setenv("NOTED", str(tmp_path / "pid"))
    monkeypatch.setattr("service.jobs.submit.read", note_process)
    few, many = ([[float(n)] for n in range(count)] for count in (4, request_body.MOST_VALUES))
    for rows, is_elsewhere in ((few, False), (many, True)):
        api.post("/fit?validate_only=true", json={"dataset": {"x": rows, "y": [0] * len(rows)}})
        assert ((tmp_path / "pid").read_text() != str(os.getpid())) is is_elsewhere


def note_process(_body: bytes, *_: Any) -> None:
    """Writes the id of the process to the file NOTED, and refuses."""
    Path(os.environ["NOTED"]).write_text(str(os.getpid()))
    raise invalid("/here", "Noted.")


@pytest.mark.parametrize(
    "error", [invalid("/x", "Wrong.", "Right."), TooLargeError("Too large.", headers={"A": "b"}, most=1)]
)
def test_an_error_can_be_sent_between_processes(error: ApiError) -> None:
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is type(error)
    assert str(copy) == str(error)
    assert copy.__dict__ == error.__dict__
    assert isinstance(copy, InvalidError) == bool(error.errors)
