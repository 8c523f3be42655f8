"""Datasets over HTTP: upload as JSON and CSV, list, rows, deletion."""

from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient

from service.api.app import create_app
from service.api.routes import dataset_rows
from service.core.settings import Settings
from service.schemas.responses.datasets import Dataset, DatasetRows, Datasets
from service.storage import datasets
from service.storage.database import Database
from service.storage.errors import GoneError
from tests.service.helpers import CSV, NOTHING, check_answer, counts, fit_body, problem_of

BODY = {"x": [[1.0, -0.5], [2.0, 1e-300], [4.0, 0.25]], "y": [2.0, 4.5, 6.0]}


def upload(api: Any, content: bytes | str, query: str = "") -> dict[str, Any]:
    answer = api.post(f"/datasets{query}", content=content, headers={"Content-Type": "text/csv"})
    assert answer.status_code == 201, answer.text
    dataset: dict[str, Any] = answer.json()
    check_answer(Dataset, dataset)
    assert answer.headers["Location"] == f"/datasets/{dataset['id']}"
    return dataset


def rows(api: TestClient, dataset: dict[str, Any], query: str = "") -> Any:
    given = api.get(f"/datasets/{dataset['id']}/rows{query}").json()
    check_answer(DatasetRows, given)
    return given


def test_a_json_upload(api: TestClient) -> None:
    answer = api.post("/datasets?name=Three", json=BODY | {"feature_names": ["age", "size"], "target_name": "height"})
    assert answer.status_code == 201
    dataset = answer.json()
    check_answer(Dataset, dataset)
    assert answer.headers["Location"] == f"/datasets/{dataset['id']}"
    assert (dataset["name"], dataset["rows"], dataset["features"]) == ("Three", 3, ["age", "size"])
    assert (dataset["target"], dataset["classes"], dataset["ignored"]) == ("height", None, [])
    assert len(dataset["sha256"]) == 64
    assert [column["name"] for column in dataset["columns"]] == ["age", "size", "height"]
    age = dataset["columns"][0]
    assert (age["min"], age["max"]) == (1.0, 4.0)
    assert age["mean"] == pytest.approx(7 / 3)
    assert age["standard_deviation"] == pytest.approx(np.std([1, 2, 4]))
    given = rows(api, dataset)
    assert (given["x"], given["y"]) == (BODY["x"], BODY["y"])
    assert (given["feature_names"], given["target_name"]) == (["age", "size"], "height")


@pytest.mark.parametrize(
    ("content", "query", "x", "y"),
    [
        (CSV, "", [[1, 0.5], [2, 1.5], [4, 2.5]], [2, 4, 7]),
        (b"\xef\xbb\xbf" + CSV, "", [[1, 0.5], [2, 1.5], [4, 2.5]], [2, 4, 7]),
        (CSV.replace(b"\n", b"\r\n"), "", [[1, 0.5], [2, 1.5], [4, 2.5]], [2, 4, 7]),
        (CSV, "?target=age", [[0.5, 2], [1.5, 4], [2.5, 7]], [1, 2, 4]),
        (CSV, "?features=size", [[0.5], [1.5], [2.5]], [2, 4, 7]),
        (CSV, "?features=height,%20age&target=size", [[2, 1], [4, 2], [7, 4]], [0.5, 1.5, 2.5]),
        ("a;b\n1,5;2\n-2,25;3e1\n", "", [[1.5], [-2.25]], [2, 30]),
        ('"a, really";"b"\n"1,5";"2"\n"2,5";"3"\n', "", [[1.5], [2.5]], [2, 3]),
        ("a\tb\n1\t2\n3\t4\n", "", [[1], [3]], [2, 4]),
        ("1,2\n3,5\n", "", [[1], [3]], [2, 5]),
        ("1,2\n3,5\n4,6\n", "?header=true", [[3], [4]], [5, 6]),
        ("1,2\n3,5\n", "?header=false", [[1], [3]], [2, 5]),
    ],
)
def test_csv_uploads(content: Any, query: str, x: Any, y: Any, api: TestClient) -> None:
    given = rows(api, upload(api, content, query))
    assert (given["x"], given["y"]) == (x, y)


def test_features_with_commas_in_their_names_can_be_chosen(api: TestClient) -> None:
    dataset = upload(api, '"a,b",c,"d ""e""",y\n1,2,3,4\n5,6,7,8\n', '?features="a,b","d%20""e"""')
    assert dataset["features"] == ["a,b", 'd "e"']
    assert rows(api, dataset)["x"] == [[1, 3], [5, 7]]


def test_names_of_columns_without_a_header(api: TestClient) -> None:
    dataset = upload(api, "1,2,3\n4,5,7\n", "?name=bare")
    assert (dataset["features"], dataset["target"], dataset["name"]) == (["x1", "x2"], "y", "bare")


def test_text_columns_are_ignored_and_listed(api: TestClient) -> None:
    dataset = upload(api, "who,age,height\nAnn,1,2\nBob,2,4\n")
    assert (dataset["features"], dataset["ignored"]) == (["age"], ["who"])


def test_a_text_target_becomes_classes(api: TestClient) -> None:
    dataset = upload(api, "size,sex\n3,male\n1,female\n4,male\n2,female\n")
    assert dataset["classes"] == ["female", "male"]
    assert rows(api, dataset)["y"] == ["male", "female", "male", "female"]
    run = api.post("/fit", json={"dataset": {"id": dataset["id"]}, "model": {"kind": "logistic"}}).json()
    assert run["classes"] == ["female", "male"]


def test_classes_of_a_json_upload_are_sorted(api: TestClient) -> None:
    labels = ["f", "b", "é", "a", "e", "c", "d", "B"]
    dataset = api.post("/datasets", json={"x": [[n] for n in range(8)], "y": labels}).json()
    assert dataset["classes"] == ["B", "a", "b", "c", "d", "e", "f", "é"]
    assert rows(api, dataset)["y"] == labels


def test_the_same_content_gives_the_same_id(api: TestClient, database: Database) -> None:
    first = upload(api, CSV, "?name=first")
    again = upload(api, CSV.replace(b",", b";"), "?name=second")
    as_json = {
        "x": [[1, 0.5], [2, 1.5], [4, 2.5]],
        "y": [2, 4, 7],
        "feature_names": ["age", "size"],
        "target_name": "height",
    }
    third = api.post("/datasets", json=as_json).json()
    assert first == again == third
    assert counts(database)["datasets"] == 1
    others = [
        upload(api, CSV.replace(b"7", b"8")),
        upload(api, CSV.replace(b"age", b"Age")),
        upload(api, CSV, "?target=size"),
    ]
    assert len({first["id"], *(other["id"] for other in others)}) == 4


def test_an_uploaded_dataset_is_found_again(api: TestClient) -> None:
    ids = [upload(api, CSV.replace(b"7", b"%d" % n))["id"] for n in range(5)]
    api.post("/fit", json=fit_body())  # inline data is not listed
    page = api.get("/datasets?limit=3").json()
    check_answer(Datasets, page)
    assert [dataset["id"] for dataset in page["data"]] == ids[:1:-1]
    upload(api, CSV)
    rest = api.get(f"/datasets?after={page['next']}").json()
    assert ([dataset["id"] for dataset in rest["data"]], rest["has_more"], rest["next"]) == (ids[1::-1], False, None)
    found = api.get(f"/datasets/{ids[0]}")
    assert found.json()["id"] == ids[0]
    same = api.get(f"/datasets/{ids[0]}", headers={"If-None-Match": found.headers["ETag"]})
    assert (same.status_code, same.content) == (304, b"")
    assert api.get("/datasets/latest").json()["rows"] == 3


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", range(25)),
        ("?from=0&to=0", range(1)),
        ("?from=3&to=5", range(3, 6)),
        ("?from=24", range(24, 25)),
        ("?from=20&to=99", range(20, 25)),
        ("?from=25", range(0)),
        ("?from=" + "9" * 30, range(0)),
        ("?from=9&to=3", range(0)),
    ],
)
def test_requested_rows(query: str, expected: range, api: TestClient) -> None:
    dataset = upload(api, "a,y\n" + "".join(f"{n},{n * n}\n" for n in range(25)))
    given = rows(api, dataset, query)
    assert given["x"] == [[n] for n in expected]
    assert given["y"] == [n * n for n in expected]
    assert len(given["x"]) == given["to"] - given["from"] + 1


def test_rows_are_read_a_few_at_a_time(api: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = upload(api, "a,b,y\n" + "".join(f"{n},{n / 7},{'odd' if n % 2 else 'even'}\n" for n in range(25)))
    whole = api.get(f"/datasets/{dataset['id']}/rows")
    monkeypatch.setattr(dataset_rows, "VALUES_AT_ONCE", 9)
    parts = api.get(f"/datasets/{dataset['id']}/rows")
    assert parts.json() == whole.json()
    assert parts.content == whole.content
    assert rows(api, dataset, "?from=2&to=11")["x"] == whole.json()["x"][2:12]


def test_a_dataset_that_is_deleted_while_it_is_read_ends_the_answer(
    api: TestClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dataset_rows, "VALUES_AT_ONCE", 2)
    dataset = upload(api, "a,y\n" + "".join(f"{n},{n * n}\n" for n in range(9)))["id"]
    with database.reading() as connection:
        found = datasets.find(connection, dataset)
        assert found is not None
    pieces = dataset_rows._written(database, found, range(9))
    assert [next(pieces), next(pieces)]
    assert api.delete(f"/datasets/{dataset}").status_code == 204
    with pytest.raises(GoneError):
        next(pieces)


def test_rows_come_in_pages(settings: Settings, database: Database) -> None:
    with TestClient(create_app(settings.model_copy(update={"max_row_page": 10}), database)) as api:
        dataset = upload(api, "a,y\n" + "".join(f"{n},{n * n}\n" for n in range(25)))
        assert len(rows(api, dataset)["x"]) == 10
        assert rows(api, dataset, "?from=20")["to"] == 24
        assert len(rows(api, dataset, "?from=5&to=14")["x"]) == 10
        [error] = problem_of(api.get(f"/datasets/{dataset['id']}/rows?from=5&to=15"), 422)["errors"]
        assert error["parameter"] == "to"


def test_a_dataset_that_runs_use_cannot_be_deleted(api: TestClient, database: Database) -> None:
    dataset = upload(api, CSV)["id"]
    runs = [api.post("/fit", json={"dataset": {"id": dataset}}).json()["id"] for _ in range(2)]
    problem = problem_of(api.delete(f"/datasets/{dataset}"), 409)
    assert problem["runs"] == 2
    for run in runs:
        api.delete(f"/runs/{run}")
    assert api.get(f"/datasets/{dataset}").status_code == 200
    answer = api.delete(f"/datasets/{dataset}")
    assert (answer.status_code, answer.content) == (204, b"")
    problem_of(api.get(f"/datasets/{dataset}"), 404)
    assert counts(database) == NOTHING
