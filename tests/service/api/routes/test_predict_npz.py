"""Predictions for the rows of an NPZ body: those of the same numbers in JSON."""

from collections.abc import Iterator
from typing import Any

import httpx2
import numpy as np
import pytest
from fastapi.testclient import TestClient

from service.core.settings import Settings
from service.worker.process import Worker
from tests.service.analysis.test_bundle import THREE, X, finished
from tests.service.api.routes.test_npz_datasets import saved
from tests.service.api.routes.test_predict import DESCENT, LINE, predicted, table
from tests.service.worker.test_batching import worker_with


@pytest.fixture
def worker(settings: Settings) -> Iterator[Worker]:
    with worker_with(settings) as worker:
        yield worker


def sent(
    api: TestClient, run_id: str, content: bytes, accept: str = "application/json", **query: Any
) -> httpx2.Response:
    headers = {"Content-Type": "application/x-npz", "Accept": accept}
    return api.post(f"/runs/{run_id}/predict", content=content, headers=headers, params=query)


@pytest.mark.parametrize(
    "x",
    [X, np.asfortranarray(X), X.astype(">f8"), X.astype(np.longdouble)],
    ids=["C", "Fortran", "big-endian", "longer"],
)
@pytest.mark.parametrize("compressed", [False, True])
def test_the_rows_of_an_array(x: Any, compressed: bool, api: TestClient, worker: Worker) -> None:
    run_id = finished(LINE, api, worker)
    rows = predicted(api, run_id, {"x": X.tolist()})
    content = saved(x=x, compressed=compressed)
    assert sent(api, run_id, content).json() == rows.json()
    assert table(sent(api, run_id, content, "text/csv")) == table(predicted(api, run_id, {"x": X.tolist()}, "text/csv"))


def test_whole_numbers_and_truth_values(api: TestClient, worker: Worker) -> None:
    data = {"x": [[1], [2], [4]], "y": [1, 2, 3]}
    run_id = finished({"dataset": data, "descent": DESCENT}, api, worker)
    for x in (np.array([0, 1, 1]), np.array([[0], [1], [1]], np.uint8), np.array([False, True, True])):
        expected = predicted(api, run_id, {"x": [[0], [1], [1]]}).json()
        assert sent(api, run_id, saved(x=x)).json() == expected


def test_the_step_and_the_probabilities(api: TestClient, worker: Worker) -> None:
    run_id = finished({"dataset": THREE, "model": {"kind": "softmax"}, "descent": DESCENT}, api, worker)
    for step in (0, 7, "best", "last"):
        expected = predicted(api, run_id, {"x": X.tolist(), "step": step}).json()
        assert sent(api, run_id, saved(x=X), step=step).json() == expected
    assert errors(sent(api, run_id, saved(x=X), step=999))[0]["parameter"] == "step"
    assert errors(sent(api, run_id, saved(x=X), decimal=","))[0]["parameter"] == "decimal"


def errors(answer: httpx2.Response) -> list[dict[str, Any]]:
    assert answer.status_code == 422, answer.text
    found: list[dict[str, Any]] = answer.json()["errors"]
    return found


def with_value(value: float) -> Any:
    x = X.copy()
    x[3, 1] = value
    return x


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"x": X[:, :1]}, "The array x has 1 column; the run has 2 features."),
        ({"x": X[:, 0]}, "The array x has 1 column; the run has 2 features."),
        ({"x": X[:0]}, "The array x is empty."),
        ({"x": X[None]}, "The array x has 3 dimensions."),
        ({"x": np.array(3.0)}, "The array x has 0 dimensions."),
        ({"x": with_value(np.nan)}, "The array x has no finite number at [3, 1]."),
        ({"x": with_value(-np.inf)}, "The array x has no finite number at [3, 1]."),
        ({"x": X.astype(str)}, "The array x has the type <U32, not numbers."),
        ({"x": X.astype(complex)}, "The array x has the type complex128, not numbers or texts."),
        ({"x": X.astype(object)}, "The array x has the type object, not numbers or texts."),
        ({"rows": X}, "The file has no array x; it has rows."),
    ],
)
def test_a_file_without_usable_rows_is_refused(
    arrays: dict[str, Any], message: str, api: TestClient, worker: Worker
) -> None:
    run_id = finished(LINE, api, worker)
    [entry] = errors(sent(api, run_id, saved(**arrays)))
    assert entry["message"] == message
    assert entry["hint"]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", saved(x=X)[:-200], saved(x=X).replace(b"NUMPY", b"OTHER")])
def test_a_damaged_file_is_refused(content: bytes, api: TestClient, worker: Worker) -> None:
    run_id = finished(LINE, api, worker)
    [entry] = errors(sent(api, run_id, content))
    assert entry["message"] == "The file is no NPZ, or damaged."


def test_sizes_are_limited_before_anything_is_read(settings: Settings, api: TestClient, worker: Worker) -> None:
    """Compressed zeros: a few kB that claim 32 MB."""
    run_id = finished(LINE, api, worker)
    [entry] = errors(sent(api, run_id, saved(x=np.zeros((2_000_000, 2)), compressed=True)))
    assert entry["message"] == f"The array x has 32,000,000 bytes; the limit is {settings.max_body_bytes:,}."
    assert sent(api, run_id, saved(x=np.zeros((settings.max_body_bytes // 16, 2)))).status_code == 413
    [entry] = errors(sent(api, run_id, saved(x=np.zeros((1_000_001, 1)))))
    assert entry["message"] == "1000001 rows; the limit is 1000000."
