"""POST /datasets refuses invalid files and parameters; the error names the row and the column."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from service.storage.database import Database
from tests.service.helpers import CSV, LINE, NOTHING, counts, problem_of


@pytest.mark.parametrize(
    ("content", "query", "row", "column"),
    [
        ("a,y\n1,2\nx,3\n", "", 3, "a"),
        ("a,y\n1,2\n3,\n", "", 3, "y"),
        ("a,y\n1,2\n3,4,5\n", "", 3, None),
        ("a,y\n1,2\n3\n", "", 3, None),
        ("a,y\n1,2\n\n1e999,3\n", "", 4, "a"),
        ("a,y\n1,2\nnan,3\n", "", 3, "a"),
        ("a,y\n1,2\n", "", 2, None),
        ("a,y\n", "", None, None),
        ("", "", None, None),
        ("y\n1\n2\n", "", None, None),
        ("a,y\n1,2\n3,4\n", "?target=z", None, None),
        ("a,y\n1,2\n3,4\n", "?features=z", None, None),
        ("a,y\n1,2\n3,4\n", "?features=y", None, "y"),
        ("a,y\n1,2\n3,4\n", "?features=a,a", None, "a"),
        ('a,y\n1,"2\n3,4\n', "", 2, None),
        ("é,y\n1,2\n".encode() + b"\xff,4\n", "", 3, None),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "", None, None),
        (b"PK\x03\x04" + bytes(100), "", None, None),
        (b"a,y\n1,\x002\n3,4\n", "", 2, None),
        (b"\xff\xfea\x00,\x00\x00\xd8b\x00", "", 1, None),
    ],
)
def test_the_error_of_a_bad_file_names_its_row_and_column(
    content: Any, query: str, row: int | None, column: str | None, api: TestClient, database: Database
) -> None:
    answer = api.post(f"/datasets{query}", content=content, headers={"Content-Type": "text/csv"})
    error = problem_of(answer, 422)["errors"][0]
    assert (error.get("row"), error.get("column")) == (row, column)
    assert error.get("hint") or "the columns are" in error["message"]
    for text in (error["message"], error.get("hint", ".")):
        assert text[-1] == "."
        assert not text[0].islower()
    assert counts(database) == NOTHING


@pytest.mark.parametrize(
    "query", ["name=" + "n" * 201, "target=", "header=perhaps", "missing=leave", "features=", 'features="a']
)
def test_bad_parameters_of_an_upload(query: str, api: TestClient, database: Database) -> None:
    answer = api.post(f"/datasets?{query}", content=CSV, headers={"Content-Type": "text/csv"})
    [error] = problem_of(answer, 422)["errors"]
    assert error["parameter"] == query.partition("=")[0]
    assert counts(database) == NOTHING


@pytest.mark.parametrize("query", ["target=age", "features=age", "header=true"])
def test_parameters_of_csv_are_refused_for_json(query: str, api: TestClient, database: Database) -> None:
    [error] = problem_of(api.post(f"/datasets?{query}", json=LINE["dataset"]), 422)["errors"]
    assert error["parameter"] == query.partition("=")[0]
    assert counts(database) == NOTHING


def test_a_question_in_a_hint_has_one_mark(api: TestClient) -> None:
    content = b"P (s),y\n1,2\n2,4\n3,7\n"
    answer = api.post("/datasets?target=p+(s)", content=content, headers={"Content-Type": "text/csv"})
    [error] = problem_of(answer, 422)["errors"]
    assert error["hint"] == "Did you mean 'P (s)'?"
