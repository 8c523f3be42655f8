"""Predictions for the rows of a CSV body: every row is read as its author meant it, or the file is refused."""

import gzip
from collections.abc import Iterator
from typing import Any, NoReturn, cast

import httpx2
import numpy as np
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from service.api import prediction_rows
from service.api.app_state import state_of_app
from service.api.routes import predict
from service.core.exceptions import UnavailableError
from service.core.settings import Settings
from service.datasets.file_reader import FileTable
from service.worker.process import Worker
from tests.service.analysis.test_bundle import THREE, X, finished
from tests.service.api.routes.test_predict import DESCENT, LINE, people, predicted, table, turned
from tests.service.worker.test_batching import worker_with


@pytest.fixture
def worker(settings: Settings) -> Iterator[Worker]:
    with worker_with(settings) as worker:
        yield worker


def sent(
    api: TestClient, run_id: str, text: str | bytes, accept: str = "application/json", **query: str | int
) -> httpx2.Response:
    headers = {"Content-Type": "text/csv", "Accept": accept}
    return api.post(f"/runs/{run_id}/predict", content=text, headers=headers, params=query)


def faults(answer: httpx2.Response) -> list[dict[str, Any]]:
    assert answer.status_code == 422, answer.text
    found: list[dict[str, Any]] = answer.json()["errors"]
    return found


def test_columns_are_taken_by_name_and_others_are_named(api: TestClient, worker: Worker) -> None:
    run_id = finished(LINE, api, worker)
    rows = predicted(api, run_id, {"x": X.tolist()}).json()
    answer = sent(api, run_id, turned())
    assert answer.json() == rows
    assert answer.headers["Ignored-Columns"] == "more, y"
    alone = sent(api, run_id, "b,a\n2,1\n")
    assert alone.json()["y"] == predicted(api, run_id, {"x": [[1, 2]]}).json()["y"]
    assert "Ignored-Columns" not in alone.headers


def test_names_of_ignored_columns_are_encoded_and_bounded(api: TestClient, worker: Worker) -> None:
    run_id = finished(LINE, api, worker)
    answer = sent(api, run_id, 'b,a,"é, f"\n2,1,0\n'.encode())
    assert answer.headers["Ignored-Columns"] == "%C3%A9%2C f"
    more = [f"c{number}" for number in range(21)]
    answer = sent(api, run_id, f"b,a,{','.join(more)}\n2,1{',0' * 21}\n")
    assert answer.headers["Ignored-Columns"].split(", ") == [*more[:20], "..."]


def test_csv_answers_csv_however_many_blocks_it_takes(
    api: TestClient, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = finished(LINE, api, worker)
    rows = predicted(api, run_id, {"x": X.tolist()}).json()["y"]
    for values in (prediction_rows.BLOCK_VALUES, 12, 1):
        monkeypatch.setattr(prediction_rows, "BLOCK_VALUES", values)
        answer = sent(api, run_id, turned(), "text/csv")
        header, *lines = table(answer)
        assert (header, answer.headers["Ignored-Columns"]) == (["y"], "more, y")
        np.testing.assert_allclose([float(cell) for (cell,) in lines], rows, rtol=1e-14)


def test_a_file_of_several_pieces_is_read_whole(api: TestClient, worker: Worker) -> None:
    run_id = finished(LINE, api, worker)
    x = np.random.default_rng(0).standard_normal((20_000, 2))
    text = "b,a\n" + "".join(f"{b!r},{a!r}\n" for a, b in x.tolist())
    expected = [float(cell) for (cell,) in table(predicted(api, run_id, {"x": x.tolist()}, "text/csv"))[1:]]
    for body in (text, gzip.compress(text.encode())):
        found = [float(cell) for (cell,) in table(sent(api, run_id, body, "text/csv"))[1:]]
        assert found == expected


def test_classes_have_probabilities(api: TestClient, worker: Worker) -> None:
    run_id = finished({"dataset": THREE, "model": {"kind": "softmax"}, "descent": DESCENT}, api, worker)
    assert sent(api, run_id, turned()).json() == predicted(api, run_id, {"x": X.tolist()}).json()


def test_the_step_is_a_parameter(api: TestClient, worker: Worker) -> None:
    run_id = finished(LINE, api, worker)
    for step in (0, 7, "best", "last"):
        assert (
            sent(api, run_id, turned(), step=step).json()
            == predicted(api, run_id, {"x": X.tolist(), "step": step}).json()
        )
    assert faults(sent(api, run_id, turned(), step=999))[0]["parameter"] == "step"
    assert faults(sent(api, run_id, turned(), step="first"))[0]["parameter"] == "step"
    answer = api.post(f"/runs/{run_id}/predict", json={"x": [[1, 2]]}, params={"step": 1, "decimal": ","})
    assert [(each["parameter"], each["message"]) for each in faults(answer)] == [
        ("step", "This parameter is for CSV only."),
        ("decimal", "This parameter is for CSV only."),
    ]


def test_texts_of_a_category_are_those_of_the_run(api: TestClient, worker: Worker) -> None:
    run_id = people(api, worker)
    expected = predicted(api, run_id, {"x": [[0, 30], [0, 40], [1, 30]]}).json()["y"]
    assert sent(api, run_id, "age,sex\n30,female\n40,female\n30,male\n").json()["y"] == expected
    assert sent(api, run_id, "age,sex\n30, female \n").json()["y"] == expected[:1]
    [entry] = faults(sent(api, run_id, "age,sex\n30,female\n40,Male\n50,7\n"))
    assert entry["message"] == "The run has not seen '7', 'Male'; it has seen 'female', 'male'."
    assert (entry["row"], entry["column"]) == (4, "sex")


def test_a_comma_is_read_as_an_upload_reads_it(api: TestClient, worker: Worker) -> None:
    run_id = finished(LINE, api, worker)
    expected = predicted(api, run_id, {"x": [[1.5, 2.25], [1.25, 3]]}).json()["y"]
    assert sent(api, run_id, "a;b\n1,5;2,25\n1,25;3\n").json()["y"] == expected
    [entry] = faults(sent(api, run_id, "a\tb\n1.250\t2\n"))
    assert entry["message"] == "'1.250' may be 1.250 or 1250."
    for query, a in (({"decimal": "."}, 1.25), ({"thousands": "."}, 1250)):
        found = sent(api, run_id, "a\tb\n1.250\t2\n", **query).json()["y"]
        assert found == predicted(api, run_id, {"x": [[a, 2]]}).json()["y"]


def test_the_other_columns_are_evidence_for_the_decimal_mark(api: TestClient, worker: Worker) -> None:
    run_id = finished(LINE, api, worker)
    [entry] = faults(sent(api, run_id, 'a,b,price\n"1,250",2,"3,5"\n'))
    assert (entry["column"], entry["message"]) == ("a", "'1,250' may be 1.250 or 1250.")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,c\n1,2\n", "The file has no column 'b'; the columns are 'a', 'c'."),
        ("1,2\n3,4\n", "The file has no column 'a'; the columns are '1', '2'."),
        ("a,b,a\n1,2,3\n", "The header has a name twice: 'a_2' would be the name of the second column."),
        ("a,b\n1,2\n,3\n", "1 value is missing: empty cell in row 3 of the file."),
        ("a,b\n1,2\n5 kg,3\n", "'5 kg' is not a number, but row 2 has the number '1'."),
        ("a,b\n1,2\n2020-01-01,3\n", "'2020-01-01' is not a number, but row 2 has the number '1'."),
        ("a,b\n1,2\n,\n3,4\n", "The file has a row of empty cells."),
        ("a,b\n1,2\n# note\n3,4\n", "The file has a comment or a note between or below its rows."),
        ("a,b\n1,2\n3\n", "The row has 1 cell, the header or first row has 2."),
        ("a,b\n1,5,2\n", "The row has 3 cells, the header or first row has 2."),
        ("a,b\n1,5,2\n2,5,3\n", "The header has 2 names, the rows have 3 cells."),
        ("a,b\n", "The file has no rows of data below the header."),
        ("", "The file is empty."),
    ],
)
def test_a_file_whose_rows_are_unclear_is_refused(text: str, message: str, api: TestClient, worker: Worker) -> None:
    run_id = finished(LINE, api, worker)
    found = faults(sent(api, run_id, text))
    assert message in [each["message"] for each in found]
    assert not any("name the features" in each.get("hint", "") for each in found)


def test_an_empty_line_of_one_column_may_be_a_missing_value(api: TestClient, worker: Worker) -> None:
    data = {"x": [[1], [2], [4]], "y": [1, 2, 3], "feature_names": ["a"]}
    run_id = finished({"dataset": data, "descent": DESCENT}, api, worker)
    assert len(sent(api, run_id, "a\n1\n2\n").json()["y"]) == 2
    for text in ("a\n1\n\n2\n", 'a\n1\n""\n2\n', "a\n1\n\n"):
        [entry] = faults(sent(api, run_id, text))
        assert entry["message"] == "An empty line may be a row with a missing value."
    two = finished(LINE, api, worker)
    assert len(sent(api, two, "a,b\n1,2\n\n3,4\n\n").json()["y"]) == 2


def test_an_answer_too_large_for_json_is_streamed(
    api: TestClient, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(predict, "MOST_VALUES", 50)
    run_id = finished(LINE, api, worker)
    [entry] = faults(sent(api, run_id, turned()))
    assert (entry["header"], entry["hint"]) == ("Accept", "Send Accept: text/csv.")
    assert len(table(sent(api, run_id, turned(), "text/csv"))) == 1 + len(X)


def test_the_rows_on_disk_are_deleted_whatever_becomes_of_the_answer(
    api: TestClient, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = finished(LINE, api, worker)
    closed: list[FileTable] = []
    close = FileTable.close

    def noted(table: FileTable) -> None:
        closed.append(table)
        close(table)

    monkeypatch.setattr(FileTable, "close", noted)
    for accept, step, status in (
        ("application/json", "last", 200),
        ("text/csv", "last", 200),
        ("text/csv", "999", 422),
    ):
        assert sent(api, run_id, turned(), accept, step=step).status_code == status
    monkeypatch.setattr(state_of_app(cast("FastAPI", api.app)).streams, "taken", _taken)
    assert sent(api, run_id, turned(), "text/csv").status_code == 503
    assert len(closed) == 4


def _taken(_user: str) -> NoReturn:
    raise UnavailableError("All slots are taken.")


def test_an_error_has_french(api: TestClient, worker: Worker) -> None:
    run_id = people(api, worker)
    headers = {"Content-Type": "text/csv", "Accept-Language": "fr"}
    answer = api.post(f"/runs/{run_id}/predict", content="age,sex\n30,other\n", headers=headers)
    assert (
        faults(answer)[0]["message"] == "La descente n’a pas vu 'other'\N{NO-BREAK SPACE}; elle a vu 'female', 'male'."
    )
