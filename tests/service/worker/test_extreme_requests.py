"""Requests with extreme numbers: each run finishes, and no response contains NaN."""

from typing import Any

import httpx2
import pytest

from service.schemas.responses.runs import Run
from service.schemas.responses.trajectories import Trajectory
from tests.service.helpers import WAIT, X, Y, check_answer, fit_body, strict_json

TINY, HUGE = 5e-324, 1.7e308
LABELS = [0, 1] * 4
AUTO = {"learning_rate": "auto"}
LOGISTIC = {"kind": "logistic"}


def scaled(rows: list[list[float]], factor: float) -> list[list[float]]:
    return [[value / 8 * factor for value in row] for row in rows]


# The changes of the request, and the final status.
EXTREMES: dict[str, tuple[dict[str, Any], str]] = {
    "tiny features": ({"dataset": {"x": scaled(X, 1e-300)}, "descent": AUTO}, "succeeded"),
    "huge features": ({"dataset": {"x": scaled(X, HUGE)}, "descent": AUTO}, "failed"),
    "huge features, a number as rate": ({"dataset": {"x": scaled(X, HUGE)}}, "diverged"),
    "large features standardised": (
        {"dataset": {"x": scaled(X, 1e150)}, "standardize": True, "descent": AUTO},
        "succeeded",
    ),
    "tiny target": ({"dataset": {"y": [TINY * v for v in Y]}, "descent": AUTO}, "succeeded"),
    "huge target": ({"dataset": {"y": [HUGE / 20 * v for v in Y]}, "descent": AUTO}, "diverged"),
    "tiny rate": ({"descent": {"learning_rate": TINY}}, "succeeded"),
    "huge rate": ({"descent": {"learning_rate": HUGE}}, "diverged"),
    "huge theta0": ({"descent": {"theta0": [HUGE, -HUGE]}}, "diverged"),
    "huge penalty": ({"objective": {"l2": HUGE}, "descent": AUTO}, "failed"),
    "huge theta0 of a logistic": (
        {"dataset": {"y": LABELS}, "model": LOGISTIC, "descent": {"theta0": [HUGE, 0.0]}},
        "diverged",
    ),
    "one class left for training": (
        {"dataset": {"y": LABELS}, "split": {"test_rows": [1, 3, 5, 7]}, "model": LOGISTIC, "descent": AUTO},
        "succeeded",
    ),
    "degree 30": ({"model": {"kind": "polynomial", "degree": 30}, "descent": AUTO}, "succeeded"),
    "degree 30 standardised": (
        {"model": {"kind": "polynomial", "degree": 30}, "standardize": True, "descent": AUTO},
        "succeeded",
    ),
    "nothing but zeros": (
        {"dataset": {"x": [[0.0]] * 8}, "model": {"intercept": False}, "descent": AUTO},
        "failed",
    ),
    "constant target": ({"dataset": {"y": [3.0] * 8}, "descent": AUTO}, "succeeded"),
    "constant in training": (
        {"dataset": {"x": [[1.0]] * 6 + [[2.0], [3.0]]}, "split": {"test_rows": [6, 7]}, "standardize": True},
        "succeeded",
    ),
    "one row for each": ({"dataset": {"x": [[1], [2]], "y": [1, 2]}, "split": {"test_rows": [0]}}, "succeeded"),
    "largest seed": ({"split": {"seed": 2**63 - 1}, "descent": {"seed": 2**63 - 1}}, "succeeded"),
    "one step": ({"descent": {"steps": 1}}, "succeeded"),
    "largest labels": ({"dataset": {"y": [2**53 - 1, 1 - 2**53] * 4}, "model": LOGISTIC}, "succeeded"),
}


@pytest.mark.parametrize("name", EXTREMES)
def test_an_extreme_request_finishes(name: str, client: httpx2.Client) -> None:
    changes, status = EXTREMES[name]
    answer = client.post("/fit", json=fit_body(**changes), headers=WAIT)
    assert answer.status_code == 200, answer.text
    run = strict_json(answer.content)
    check_answer(Run, run)
    assert run["status"] == status
    assert (run["error"] is not None) == (status == "failed")
    trajectory = strict_json(client.get(f"/runs/{run['id']}/trajectory").content)
    check_answer(Trajectory, trajectory)
    rows = {"succeeded": run["steps_total"] + 1, "diverged": run["diverged_at"], "failed": 0}[status]
    assert len(trajectory["step"]) == rows
    assert all(value is not None for row in trajectory["theta"] for value in row)


def test_a_failed_run_says_what_to_change(client: httpx2.Client) -> None:
    run = client.post("/fit", json=fit_body(objective={"l2": HUGE}, descent=AUTO), headers=WAIT).json()
    assert run["error"]["code"] == "no_learning_rate"
    assert "learning rate" in run["error"]["message"]
