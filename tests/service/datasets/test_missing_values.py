"""null in a JSON upload: refused with all places, left out, or filled in with the mean; the report says so."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from service.datasets.missing_values import FROM_0
from service.schemas.responses.datasets import Dataset
from service.storage.database import Database
from tests.service.helpers import NOTHING, check_answer, counts, problem_of

GAPS: dict[str, Any] = {
    "x": [[1.0, 4.0], [None, 5.0], [3.0, None], [5.0, 9.0], [None, 3.0]],
    "y": [1.0, 2.0, 3.0, 4.0, 5.0],
    "feature_names": ["horsepower", "weight"],
    "target_name": "mpg",
}
LABELS = {"x": [[1], [2], [3], [4]], "y": [None, "pass", "fail", "pass"], "target_name": "grade"}


def uploaded(api: TestClient, body: dict[str, Any], how: str) -> dict[str, Any]:
    answer = api.post(f"/datasets?missing={how}", json=body)
    assert answer.status_code == 201, answer.text
    dataset: dict[str, Any] = answer.json()
    check_answer(Dataset, dataset)
    assert api.get(f"/datasets/{dataset['id']}").json()["report"] == dataset["report"]
    return dataset


def rows(api: TestClient, dataset: dict[str, Any]) -> tuple[Any, Any]:
    given = api.get(f"/datasets/{dataset['id']}/rows").json()
    return given["x"], given["y"]


@pytest.mark.parametrize("query", ["", "?missing=refuse"])
def test_one_error_names_all_places(query: str, api: TestClient, database: Database) -> None:
    [error] = problem_of(api.post(f"/datasets{query}", json=GAPS), 422)["errors"]
    assert error["pointer"] == "/x"
    assert error["message"] == "Values are missing: horsepower in rows 1, 4; weight in row 2. " + FROM_0
    assert "?missing=drop" in error["hint"]
    [error] = problem_of(api.post(f"/datasets{query}", json=LABELS), 422)["errors"]
    assert (error["pointer"], error["message"]) == ("/y", "Values are missing: grade in row 0. " + FROM_0)
    assert counts(database) == NOTHING


def test_rows_with_missing_values_are_left_out(api: TestClient) -> None:
    dataset = uploaded(api, GAPS, "drop")
    assert rows(api, dataset) == ([[1, 4], [5, 9]], [1, 4])
    assert [column["missing"] for column in dataset["columns"]] == [2, 1, 0]
    assert dataset["report"] == [
        {
            "code": "missing_dropped",
            "message": "3 rows of 5 with missing values left out. " + FROM_0,
            "columns": ["horsepower", "weight"],
            "rows": [1, 2, 4],
        }
    ]
    dataset = uploaded(api, LABELS, "drop")
    assert rows(api, dataset) == ([[2], [3], [4]], ["pass", "fail", "pass"])
    assert dataset["classes"] == ["fail", "pass"]


def test_the_mean_fills_features_and_never_a_target(api: TestClient) -> None:
    dataset = uploaded(api, GAPS, "mean")
    assert rows(api, dataset) == ([[1, 4], [3, 5], [3, 5.25], [5, 9], [3, 3]], GAPS["y"])
    assert [entry["code"] for entry in dataset["report"]] == ["missing_filled", "missing_filled"]
    assert dataset["report"][0] == {
        "code": "missing_filled",
        "message": "horsepower: 2 missing values filled with the mean, 3.0. " + FROM_0,
        "columns": ["horsepower"],
        "rows": [1, 4],
    }
    dataset = uploaded(api, GAPS | {"y": [1, None, 3, 4, 5]}, "mean")
    assert rows(api, dataset) == ([[1, 4], [3, 16 / 3], [5, 9], [3, 3]], [1, 3, 4, 5])
    assert [entry["code"] for entry in dataset["report"]] == ["missing_filled", "missing_filled", "missing_dropped"]
    assert dataset["report"][2]["rows"] == [1]


def test_a_filled_dataset_is_another_one_than_the_same_without_gaps(api: TestClient) -> None:
    filled = uploaded(api, {"x": [[1], [None], [3]], "y": [1, 2, 3]}, "mean")
    whole = uploaded(api, {"x": [[1], [2], [3]], "y": [1, 2, 3]}, "mean")
    assert rows(api, filled) == rows(api, whole)
    assert filled["id"] != whole["id"]
    assert uploaded(api, {"x": [[1], [None], [3]], "y": [1, 2, 3]}, "mean")["id"] == filled["id"]
    assert (whole["report"], filled["columns"][0]["missing"]) == ([], 1)


@pytest.mark.parametrize(
    ("x", "how", "message"),
    [
        ([[None], [2], [None]], "drop", "1 row without missing values."),
        ([[None], [None], [None]], "mean", "x1 has no value, so it has no mean."),
        ([[None], [1.5e308], [1.5e308]], "mean", "The mean of x1 is not finite."),
    ],
)
def test_what_cannot_be_mended_is_refused(x: Any, how: str, message: str, api: TestClient, database: Database) -> None:
    [error] = problem_of(api.post(f"/datasets?missing={how}", json={"x": x, "y": [1, 2, 3]}), 422)["errors"]
    assert (error["pointer"], error["message"]) == ("/x", message)
    assert counts(database) == NOTHING


def test_very_many_places_are_counted_and_some_are_named(api: TestClient) -> None:
    body = {"x": [[None] * 30 for _ in range(100)] + [[1] * 30] * 2, "y": [1] * 102}
    message = problem_of(api.post("/datasets", json=body), 422)["errors"][0]["message"]
    assert len(message) < 3000
    assert message.endswith(" …. " + FROM_0)
    [entry] = uploaded(api, body, "drop")["report"]
    assert (len(entry["rows"]), len(entry["columns"])) == (20, 20)
    assert entry["message"].startswith("100 rows of 102")


def test_inline_data_of_a_run_has_no_missing_values(api: TestClient, database: Database) -> None:
    [error] = problem_of(api.post("/fit", json={"dataset": {"x": [[1], [None]], "y": [1, 2]}}), 422)["errors"]
    assert error["pointer"] == "/dataset/x/1/0"
    [error] = problem_of(api.post("/datasets?missing=fill", json=GAPS), 422)["errors"]
    assert error["parameter"] == "missing"
    assert counts(database) == NOTHING


def test_the_mean_is_that_of_the_rows_with_a_target(api: TestClient) -> None:
    body = {"x": [[1.0], [3.0], [None], [100.0]], "y": [1.0, 2.0, 3.0, None]}
    dataset = api.post("/datasets?missing=mean", json=body).json()
    assert api.get(dataset["links"]["rows"]).json()["x"] == [[1.0], [3.0], [2.0]]
    file = "x,y\n1,1\n3,2\n,3\n100,\n"
    read = api.post("/datasets?missing=mean", content=file, headers={"Content-Type": "text/csv"}).json()
    assert api.get(read["links"]["rows"]).json()["x"] == [[1.0], [3.0], [2.0]]


@pytest.mark.parametrize("kind", ["json", "csv"])
def test_a_column_of_filled_gaps_is_no_target(kind: str, api: TestClient) -> None:
    if kind == "json":
        dataset = uploaded(api, GAPS, "mean")
    else:
        rows = "\n".join(f"{a or ''},{b or ''},{y}" for (a, b), y in zip(GAPS["x"], GAPS["y"], strict=True))
        content = f"horsepower,weight,mpg\n{rows}\n"
        dataset = api.post("/datasets?missing=mean", content=content, headers={"Content-Type": "text/csv"}).json()
        check_answer(Dataset, dataset)
    assert [column.get("filled") for column in dataset["columns"]] == [2, 1, None]
    body = {"dataset": {"id": dataset["id"], "target": "horsepower", "features": ["mpg"]}}
    [error] = problem_of(api.post("/fit?validate_only=true", json=body), 422)["errors"]
    assert error["pointer"] == "/dataset/target"
    assert "2 missing values of horsepower" in error["message"]
    assert "missing=drop" in error["hint"]
    body["dataset"] = {"id": dataset["id"], "target": "mpg", "features": ["horsepower"]}
    assert api.post("/fit?validate_only=true", json=body).status_code == 200


def test_long_integers_of_a_json_body_are_reported(api: TestClient) -> None:
    dataset = uploaded(api, {"x": [[2**53 + 1, 1e20], [2**53, 2e20], [5, 3e20]], "y": [1, 2, 3]}, "refuse")
    [entry] = dataset["report"]
    assert (entry["code"], entry["columns"]) == ("rounded_integers", ["x1"])
