"""Predictions for the rows of a dataset, as JSON or streamed as CSV, by the names of its columns."""

import csv
import io
from collections.abc import Iterator
from typing import Any

import httpx2
import numpy as np
import pytest
from fastapi.testclient import TestClient

from service.api import prediction_rows
from service.api.routes import predict
from service.core.settings import Settings
from service.worker.process import Worker
from tests.service.analysis.test_bundle import NUMBERS, THREE, TWO, X, finished
from tests.service.worker.test_batching import worker_with

DESCENT = {"learning_rate": 0.001, "steps": 20}
LINE = {"dataset": NUMBERS, "descent": DESCENT}
PEOPLE = "sex,age,weight\nmale,30,80\nfemale,40,60\nmale,50,90\nfemale,35,65\nmale,28,75\n"


@pytest.fixture
def worker(settings: Settings) -> Iterator[Worker]:
    with worker_with(settings) as worker:
        yield worker


def uploaded(api: TestClient, text: str, **query: str) -> str:
    answer = api.post("/datasets", content=text, headers={"Content-Type": "text/csv"}, params=query)
    assert answer.status_code == 201, answer.text
    dataset_id: str = answer.json()["id"]
    return dataset_id


def predicted(api: TestClient, run_id: str, body: dict[str, Any], accept: str = "application/json") -> httpx2.Response:
    return api.post(f"/runs/{run_id}/predict", json=body, headers={"Accept": accept})


def turned() -> str:
    """X as a file with another order of the columns, and one that the run does not know."""
    return "more,b,a,y\n" + "".join(f"{i},{row[1]!r},{row[0]!r},{i % 7}\n" for i, row in enumerate(X.tolist()))


def table(answer: httpx2.Response) -> list[list[str]]:
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"].startswith("text/csv")
    return list(csv.reader(io.StringIO(answer.text)))


def test_a_dataset_is_predicted_by_the_names_of_its_columns(api: TestClient, worker: Worker) -> None:
    run_id, dataset_id = finished(LINE, api, worker), uploaded(api, turned())
    rows = predicted(api, run_id, {"x": X.tolist()}).json()["y"]
    for named in (dataset_id, "latest"):
        assert predicted(api, run_id, {"dataset": {"id": named}}).json()["y"] == rows
    best = api.get(f"/runs/{run_id}").json()["best"]["step"]
    answer = predicted(api, run_id, {"dataset": {"id": dataset_id}, "step": "best"}).json()
    assert (answer["step"], answer["y"]) == (best, predicted(api, run_id, {"x": X.tolist(), "step": best}).json()["y"])


def test_csv_has_the_numbers_of_json_however_many_blocks_it_takes(
    api: TestClient, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id, dataset_id = finished(LINE, api, worker), uploaded(api, turned())
    rows = predicted(api, run_id, {"x": X.tolist()}).json()["y"]
    for values in (prediction_rows.BLOCK_VALUES, 12, 1):
        monkeypatch.setattr(prediction_rows, "BLOCK_VALUES", values)
        for body in ({"x": X.tolist()}, {"dataset": {"id": dataset_id}}):
            header, *lines = table(predicted(api, run_id, body, "text/csv"))
            assert header == ["y"]
            # The last bit of a product of matrices depends on how many rows there are.
            np.testing.assert_allclose([float(cell) for (cell,) in lines], rows, rtol=1e-14)


@pytest.mark.parametrize("data", [TWO, THREE], ids=["two", "three"])
def test_classes_have_a_column_of_probabilities_each(data: dict[str, Any], api: TestClient, worker: Worker) -> None:
    run_id = finished({"dataset": data, "model": {"kind": "softmax"}, "descent": DESCENT}, api, worker)
    answer = predicted(api, run_id, {"x": X.tolist()}).json()
    header, *lines = table(predicted(api, run_id, {"x": X.tolist()}, "text/csv"))
    classes = api.get(f"/runs/{run_id}").json()["classes"]
    assert header == ["y", *(f"P({label})" for label in classes)]
    assert [line[0] for line in lines] == [str(label) for label in answer["y"]]
    assert [[float(cell) for cell in line[1:]] for line in lines] == answer["probabilities"]


def people(api: TestClient, worker: Worker) -> str:
    dataset = {"id": uploaded(api, PEOPLE), "features": ["sex=male", "age"], "target": "weight"}
    return finished({"dataset": dataset, "standardize": True, "descent": DESCENT}, api, worker)


def test_texts_of_a_category_are_those_of_the_run(api: TestClient, worker: Worker) -> None:
    run_id = people(api, worker)
    expected = predicted(api, run_id, {"x": [[0, 30], [0, 40]]}).json()["y"]
    women = uploaded(api, "age,sex,n\n30,female,1\n40,female,2\n", features="age,sex")
    assert predicted(api, run_id, {"dataset": {"id": women}}).json()["y"] == expected
    others = uploaded(api, "age,sex,n\n30,female,1\n40,other,2\n50,female,3\n")
    answer = predicted(api, run_id, {"dataset": {"id": others}})
    assert answer.status_code == 422
    [entry] = answer.json()["errors"]
    assert entry["message"] == "The run has not seen other in sex; it has seen female, male."


def test_a_missing_column_is_named(api: TestClient, worker: Worker) -> None:
    run_id = people(api, worker)
    answer = predicted(api, run_id, {"dataset": {"id": uploaded(api, "sex,Age,n\nmale,1,2\nfemale,2,3\nmale,3,4\n")}})
    assert answer.status_code == 422
    [entry] = answer.json()["errors"]
    assert entry["pointer"] == "/dataset"
    assert entry["message"] == "The dataset has no column of numbers age; the columns are sex, Age, n."
    assert entry["hint"] == "Is it Age? Rename it."


@pytest.mark.parametrize("body", [{}, {"x": [[1, 2]], "dataset": {"id": "latest"}}, {"step": 1}])
def test_a_prediction_has_rows_or_a_dataset(body: dict[str, Any], api: TestClient, worker: Worker) -> None:
    answer = predicted(api, finished(LINE, api, worker), body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["hint"] == "Give either x or dataset."


def test_what_does_not_exist_is_not_found(api: TestClient, worker: Worker) -> None:
    run_id = finished(LINE, api, worker)
    assert predicted(api, run_id, {"dataset": {"id": "nothing"}}).status_code == 404
    assert predicted(api, run_id, {"x": [[1, 2]]}, "image/png").status_code == 406


def test_a_dataset_too_large_for_json_is_streamed(
    api: TestClient, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(predict, "MOST_VALUES", 50)
    run_id, dataset_id = finished(LINE, api, worker), uploaded(api, turned())
    for body in ({"dataset": {"id": dataset_id}}, {"x": X.tolist() * 2}):
        answer = predicted(api, run_id, body)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["hint"] == "Send Accept: text/csv."
    assert len(table(predicted(api, run_id, {"dataset": {"id": dataset_id}}, "text/csv"))) == 1 + len(X)


def test_rows_in_blocks_are_predicted_as_one_by_one(api: TestClient, worker: Worker) -> None:
    body = {"dataset": NUMBERS, "model": {"kind": "polynomial", "degree": 19}, "standardize": True}
    run_id = finished({**body, "descent": {"learning_rate": 1e-3, "steps": 2}}, api, worker)
    rows = np.random.default_rng(1).uniform(0.0, 1.0, (6_000, 2))  # three blocks of its 210 powers
    found = predicted(api, run_id, {"x": rows.tolist()}).json()["y"]
    alone = [predicted(api, run_id, {"x": [rows[i].tolist()]}).json()["y"][0] for i in (0, 4_993, 5_999)]
    np.testing.assert_allclose([found[i] for i in (0, 4_993, 5_999)], alone, rtol=1e-12)
    assert len(table(predicted(api, run_id, {"x": rows.tolist()}, "text/csv"))) == 6_001


def test_a_prediction_that_is_not_finite_is_an_empty_cell(api: TestClient, worker: Worker) -> None:
    body = {**LINE, "model": {"kind": "formula", "formula": "p * log(a + 100) + q * b"}}
    run_id = finished(body, api, worker)
    rows = [[-200.0, 1.0], [1.0, 1.0]]
    assert predicted(api, run_id, {"x": rows}).json()["y"][0] is None
    header, bad, good = table(predicted(api, run_id, {"x": rows}, "text/csv"))
    assert (header, bad) == (["y"], [""])
    assert np.isfinite(float(good[0]))
