"""The advice where E is not finite at θ₀, so that there is no automatic learning rate."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

HUGE = {"dataset": {"x": [[1e200], [2e200], [3e200]], "y": [1.0, 2.0, 3.0]}}
ROWS = {"x": [[0.0], [1.0], [2.0], [3.0]], "y": [1.0, 2.0, 3.0, 4.0]}
OVERFLOWING = {
    "dataset": ROWS,
    "model": {"kind": "formula", "formula": "exp(a)*x1"},
    "descent": {"theta0": [700.0]},
}
STANDARDIZED = {
    "dataset": ROWS,
    "model": {"kind": "mlp", "hidden": [2], "activation": "relu"},
    "standardize": True,
    "descent": {"theta0": [1e200] * 7},
}
NEGATIVE = {
    "dataset": {"x": [[1.0], [-2.0], [3.0]], "y": [1.0, 2.0, 3.0]},
    "model": {"kind": "formula", "formula": "a*log(x1)"},
    "split": {"test_fraction": 0},
}


@pytest.mark.parametrize(
    ("body", "fault", "advice"),
    [
        (
            HUGE,
            'The learning rate "auto" follows from E and its derivatives at θ₀, which are not finite numbers there.',
            "Give another theta0, set standardize to true, or give the learning rate as a number.",
        ),
        (OVERFLOWING, "not finite numbers there.", "there. Give another theta0."),
        (STANDARDIZED, "not finite numbers there.", "there. Give another theta0."),
        (
            NEGATIVE,
            "log(x1)",
            "Give another theta0, leave the row out, or write the formula so that it has a value there.",
        ),
    ],
    ids=["data", "formula of all rows", "standardised data", "formula of a row"],
)
def test_the_advice_suits_the_request(
    body: dict[str, Any], fault: str, advice: str, api: TestClient, work: Callable[[], None]
) -> None:
    answer = api.post("/fit", json=body)
    assert answer.status_code == 202, answer.text
    work()
    error = api.get(answer.headers["Location"]).json()["error"]
    assert error["code"] == "no_learning_rate"
    assert fault in error["message"]
    assert error["message"].endswith(advice)
