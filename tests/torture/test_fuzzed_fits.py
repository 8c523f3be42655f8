"""Random fits: no run ends by a mistake of the service, each has its steps, and each answers every question."""

import logging
import warnings
from collections import Counter
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
from fastapi.testclient import TestClient

from service.core.settings import Settings
from service.worker.process import Worker
from tests.service.helpers import strict_json
from tests.service.worker.test_batching import train_all, worker_with
from tests.torture.random_fits import body_of
from tests.torture.report import Measured

QUESTIONS = (
    *("steps/0", "landscape?resolution=5", "landscape?resolution=5&kind=pca", "landscape?resolution=5&kind=pair"),
    *("predictions?points=5&max_steps=3", "landscape.svg?resolution=5", "landscape.png?resolution=5"),
    *("curves.svg", "curves.png", "trajectory?max_points=3", "trajectory?format=csv", "trajectory?fields=step"),
)
CHECKED = ("dataset", "split", "standardize", "model", "objective", "descent")
OWN_FAULTS = {"no_learning_rate"}
"""The errors of a run that its request causes."""


@pytest.fixture
def worker(settings: Settings) -> Iterator[Worker]:
    with worker_with(settings) as worker:
        yield worker


@pytest.mark.torture(5_000, least=150)
def test_fuzzed_fits(
    cases: int, api: TestClient, worker: Worker, measured: Measured, caplog: pytest.LogCaptureFixture
) -> None:
    """A numpy warning is an error here, as is any line in the log."""
    statuses: Counter[str] = Counter()
    wrong: list[str] = []
    with warnings.catch_warnings(), caplog.at_level(logging.WARNING):
        warnings.simplefilter("error")
        for seed in count():
            if statuses.total() - statuses["refused"] == cases:
                break
            answer = api.post("/fit", json=body_of(seed))
            status = "refused"
            if answer.status_code == 202:
                run = _trained(api, worker, answer.json()["id"])
                status = run["status"]
                wrong += [f"{seed}: {fault}" for fault in _faults(api, run)]
            elif answer.status_code != 422:
                wrong.append(f"{seed}: {answer.text}")
            statuses[status] += 1
            wrong += [f"{seed}: {record.getMessage()} {record.exc_info}" for record in caplog.records]
            caplog.clear()
    for status, number in sorted(statuses.items()):
        measured(status, number)
    measured("faults", len(wrong), at_most=0)
    assert not wrong, "\n".join(wrong[:20])


def _trained(api: TestClient, worker: Worker, run_id: str) -> dict[str, Any]:
    train_all(worker)
    run: dict[str, Any] = strict_json(api.get(f"/runs/{run_id}").content)
    return run


def _faults(api: TestClient, run: dict[str, Any]) -> Iterator[str]:
    """What is wrong with a finished run and its trajectory."""
    if run["status"] == "failed" and run["error"]["code"] in OWN_FAULTS:
        return
    if run["status"] not in ("succeeded", "diverged"):
        yield f"{run['status']} {run['error']}"
        return
    rows = run["diverged_at"] if run["status"] == "diverged" else run["steps_done"] + 1
    trajectory = strict_json(api.get(f"/runs/{run['id']}/trajectory").content)
    if len(trajectory["step"]) != rows:
        yield f"{len(trajectory['step'])} steps, not {rows}"
    if any(value is None for row in trajectory["theta"] for value in row):
        yield "a step that is not finite"


@pytest.mark.torture(500, least=15)
def test_fuzzed_fits_answer_every_question(
    cases: int, api: TestClient, worker: Worker, measured: Measured, caplog: pytest.LogCaptureFixture
) -> None:
    """A question about any finished run has an answer, or a problem of the client's kind; none is a 5xx."""
    answers: Counter[int] = Counter()
    wrong: list[str] = []
    for seed in range(cases):
        answer = api.post("/fit", json=body_of(seed))
        if answer.status_code != 202:
            continue
        run = _trained(api, worker, answer.json()["id"])
        for path, found in _answers(api, run):
            answers[found.status_code] += 1
            if found.status_code >= 500:
                wrong.append(f"{seed} {path}: {found.text}")
    for status, number in sorted(answers.items()):
        measured(f"answers of {status}", number)
    measured("answers of 5xx", len(wrong), at_most=0)
    assert not wrong, "\n".join(wrong[:20])


def _answers(api: TestClient, run: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """The answers to the questions about a run, by path."""
    last = run["steps_done"]
    for path in (*QUESTIONS, f"steps/{last}", f"predictions?step={last}"):
        yield path, api.get(f"/runs/{run['id']}/{path}")
    for step in ("last", "best"):
        yield "predict", api.post(f"/runs/{run['id']}/predict", json={"x": run_rows(api, run), "step": step})
    theta = api.get(f"/runs/{run['id']}/trajectory?to_step=5").json()["theta"]
    if len(theta) > 1:
        body = {name: run["request"][name] for name in CHECKED} | {"trajectory": {"theta": theta}}
        yield "/check", api.post("/check", json=body)


def run_rows(api: TestClient, run: dict[str, Any]) -> list[list[float]]:
    """Some rows of the data of the run."""
    rows: list[list[float]] = api.get(f"/datasets/{run['dataset']['id']}/rows?to=1").json()["x"]
    return rows
