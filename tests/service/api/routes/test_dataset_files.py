"""POST /datasets with files as Excel, R, pandas and numpy write them: values, report, errors."""

import gzip
import io
from typing import Any

import pytest
from fastapi.testclient import TestClient
from openpyxl import Workbook

from service.api.media_types import XLSX
from service.schemas.responses.datasets import Dataset
from service.storage.database import Database
from tests.service.helpers import CSV, NOTHING, check_answer, counts, problem_of

INDEX = '"","speed","dist"\n"1",4,2\n"2",4,10\n"3",7,4\n"4",7,22\n'
GAPS = (
    "mpg,cylinders,displacement,horsepower,weight\n25,4,113,95,2228\n25,4,98,?,2046\n19,6,232,100,2634\n"
    "16,6,225,105,3439\n21,4,120,NA,2979\n24,4,113,,2278\n14,8,307,130,4098\n"
)
IRIS = "5.1,3.5,1.4,0.2,Iris-setosa\n4.9,3.0,1.4,0.2,Iris-setosa\n7.0,3.2,4.7,1.4,Iris-versicolor\n"
MONEY = 'area,price\n50,"$150,000"\n60,"$180,000"\n70,"$210,000"\n80,"$240,000"\n'
EURO = "area;price\n50;1 299,99 €\n60;1 450,00 €\n70;2 010,50 €\n"
COMMENTS = "# year, mean: annual means\n# all rights\nyear,mean\n1959,315.98\n1960,316.91\n1961,317.64\n"
TICKETS = "Passenger,Ticket,Fare,Age\n1,A/5 21171,7.25,22\n2,PC 17599,71.28,38\n3,373450,8.05,35\n"
SEX = "Survived,Pclass,Sex\n0,3,male\n1,1,female\n1,3,female\n0,3,male\n"
DATES = "date,value\n2020-01-01,1.0\n2020-02-01,2.0\n2020-03-01,3.5\n2020-04-01,4.2\n"


def upload(api: TestClient, content: str | bytes, query: str = "", **headers: str) -> dict[str, Any]:
    answer = api.post(f"/datasets{query}", content=content, headers={"Content-Type": "text/csv", **headers})
    assert answer.status_code == 201, answer.text
    dataset: dict[str, Any] = answer.json()
    check_answer(Dataset, dataset)
    return dataset


def errors(api: TestClient, content: str, query: str = "") -> list[dict[str, Any]]:
    answer = api.post(f"/datasets{query}", content=content, headers={"Content-Type": "text/csv"})
    found: list[dict[str, Any]] = problem_of(answer, 422)["errors"]
    return found


@pytest.mark.parametrize(
    ("content", "query", "features", "x", "y", "codes"),
    [
        (INDEX, "", ["speed"], [[4], [4], [7], [7]], [2, 10, 4, 22], ["index_column"]),
        (",a,y\n0,4,2\n1,5,3\n", "", ["a"], [[4], [5]], [2, 3], ["index_column"]),
        ("a,y\n1,4,2\n2,5,3\n3,6,5\n", "", ["a"], [[4], [5], [6]], [2, 3, 5], ["index_column"]),
        (
            IRIS,
            "",
            ["x1", "x2", "x3", "x4"],
            [[5.1, 3.5, 1.4, 0.2], [4.9, 3.0, 1.4, 0.2], [7.0, 3.2, 4.7, 1.4]],
            ["Iris-setosa", "Iris-setosa", "Iris-versicolor"],
            ["no_header"],
        ),
        (
            MONEY,
            "",
            ["area"],
            [[50], [60], [70], [80]],
            [150000, 180000, 210000, 240000],
            ["currency", "thousands_comma"],
        ),
        (
            EURO,
            "",
            ["area"],
            [[50], [60], [70]],
            [1299.99, 1450, 2010.5],
            ["thousands_space", "currency", "decimal_comma"],
        ),
        ("x,rate\n1,5%\n2,6.5%\n3,7%\n", "", ["x"], [[1], [2], [3]], [0.05, 0.065, 0.07], ["percent"]),
        (COMMENTS, "", ["year"], [[1959], [1960], [1961]], [315.98, 316.91, 317.64], ["comments"]),
        ("#x,y\n1,2\n2,4\n3,6\n", "", ["x"], [[1], [2], [3]], [2, 4, 6], ["comments", "header_in_comment"]),
        (
            "sep=;\nHours;Score\n1,5;52\n2;61\n",
            "",
            ["Hours"],
            [[1.5], [2]],
            [52, 61],
            ["separator_line", "decimal_comma"],
        ),
        ("x,y\n1,2\n2,4\n3,6\n,\n,\n", "", ["x"], [[1], [2], [3]], [2, 4, 6], ["blank_rows"]),
        ("a|b\n10,20|4,5\n11,40|5,1\n", "", ["a"], [[10.2], [11.4]], [4.5, 5.1], ["separator", "decimal_comma"]),
        (
            "A,B,C,\n1,4,7,\n2,5,8,\n3,6,10,\n",
            "",
            ["A", "B"],
            [[1, 4], [2, 5], [3, 6]],
            [7, 8, 10],
            ["trailing_separators"],
        ),
        (TICKETS, "", ["Passenger", "Fare"], [[1, 7.25], [2, 71.28], [3, 8.05]], [22, 38, 35], ["mixed_column"]),
        (DATES, "?dates=days", ["date"], [[18262], [18293], [18322], [18353]], [1.0, 2.0, 3.5, 4.2], ["days"]),
        (
            SEX,
            "?target=Survived&features=Pclass,Sex",
            ["Pclass", "Sex=male"],
            [[3, 1], [1, 0], [3, 0], [3, 1]],
            [0, 1, 1, 0],
            ["categories"],
        ),
        (
            "x,grade\n1,pass\n2,NaN\n3,fail\n4,pass\n",
            "?missing=drop",
            ["x"],
            [[1], [3], [4]],
            ["pass", "fail", "pass"],
            ["missing_texts", "missing_dropped"],
        ),
    ],
)
def test_files_as_programs_write_them(
    content: str, query: str, features: list[str], x: Any, y: Any, codes: list[str], api: TestClient
) -> None:
    dataset = upload(api, content, query)
    assert dataset["features"] == features
    assert [entry["code"] for entry in dataset["report"]] == codes
    given = api.get(f"/datasets/{dataset['id']}/rows").json()
    assert (given["x"], given["y"]) == (x, y)


def test_a_plain_file_has_an_empty_report(api: TestClient) -> None:
    assert upload(api, CSV)["report"] == []


def test_an_index_column_is_named_in_ignored(api: TestClient) -> None:
    dataset = upload(api, INDEX)
    assert (dataset["ignored"], dataset["report"][0]["columns"]) == (["column 1"], ["column 1"])


def test_one_error_names_all_gaps_of_a_column(api: TestClient, database: Database) -> None:
    [error] = errors(api, GAPS, "?target=mpg")
    assert (error["row"], error["column"]) == (3, "horsepower")
    assert error["message"] == "3 values are missing (rows 3, 6, 7 of the file), such as '?'."
    assert "missing=drop" in error["hint"]
    assert counts(database) == NOTHING


def test_one_answer_names_the_gaps_and_faults_of_all_columns(api: TestClient) -> None:
    found = errors(api, "a,b,c,grade\n1,2,3,x\nNA,2,3,y\n,-,3,x\n4,NULL,1e999,#N/A\n5,6,7,y\n6,5,8,x\n7,1,2,y\n1,2\n")
    assert [(each["row"], each.get("column")) for each in found] == [
        (3, "a"),
        (4, "b"),
        (5, "c"),
        (5, "grade"),
        (9, None),
    ]
    assert "2 values are missing (rows 4, 5 of the file)" in found[1]["message"]


def test_rows_with_gaps_are_dropped_on_request(api: TestClient) -> None:
    dataset = upload(api, GAPS, "?target=mpg&missing=drop")
    assert dataset["rows"] == 4
    [texts, entry] = dataset["report"]
    assert texts["code"] == "missing_texts"
    assert entry["message"] == "3 of 7 rows are left out, because a value is missing."
    assert (entry["columns"], entry["rows"]) == (["horsepower"], [3, 6, 7])


def test_gaps_are_filled_with_the_mean_on_request(api: TestClient) -> None:
    dataset = upload(api, GAPS, "?target=mpg&missing=mean")
    assert dataset["rows"] == 7
    x = api.get(f"/datasets/{dataset['id']}/rows").json()["x"]
    assert [row[2] for row in x] == [95, 107.5, 100, 105, 107.5, 107.5, 130]
    entry = dataset["report"][-1]
    assert entry["message"] == "3 missing numbers are filled with the mean of their column: 3 of 'horsepower'."


@pytest.mark.parametrize(
    ("missing", "message"),
    [
        ("drop", "1 of 5 rows is left out, because a value is missing."),
        ("mean", "1 missing number is filled with the mean of its column: 1 of 'a'."),
    ],
)
def test_one_gap_has_a_sentence_in_the_singular(missing: str, message: str, api: TestClient) -> None:
    dataset = upload(api, "a,y\n1,2\nNA,3\n3,5\n4,6\n8,7\n", f"?missing={missing}")
    assert dataset["report"][-1]["message"] == message


def test_the_mean_fills_no_target_and_no_category(api: TestClient) -> None:
    dataset = upload(api, "a,kind,y\n1,u,2\nNA,v,3\n3,NA,4\n4,u,\n8,v,6\n", "?missing=mean")
    given = api.get(f"/datasets/{dataset['id']}/rows").json()
    assert (given["x"], given["y"]) == ([[1, 0], [4.5, 1], [8, 1]], [2, 3, 6])
    assert [entry["code"] for entry in dataset["report"]] == [
        "categories",
        "missing_texts",
        "missing_dropped",
        "missing_filled",
    ]
    assert dataset["report"][2]["columns"] == ["kind", "y"]


def test_a_file_of_dates_says_how_to_read_them(api: TestClient) -> None:
    error = errors(api, DATES)[0]
    assert (error["row"], error["column"]) == (2, "date")
    assert "'2020-01-01'" in error["message"]
    assert "dates=days" in error["hint"]


def test_dates_are_left_out_and_named(api: TestClient) -> None:
    dataset = upload(api, "date,x,y\n2020-01-01,1,2\n2020-01-02,2,5\n")
    assert (dataset["features"], dataset["ignored"]) == (["x"], ["date"])
    assert "dates=days" in dataset["report"][0]["message"]


def test_a_constant_column_is_left_out_and_named(api: TestClient) -> None:
    dataset = upload(api, "pixel,x,y\n0,1,2\n0,2,5\n")
    assert (dataset["features"], dataset["ignored"]) == (["x"], ["pixel"])
    assert dataset["report"] == [
        {
            "code": "constant_column",
            "message": "Column 'pixel' has the same value in every row and is left out.",
            "columns": ["pixel"],
        }
    ]


@pytest.mark.parametrize(("query", "y"), [("?decimal=,", [980, 1.25, 2.01]), ("?thousands=,", [980, 1250, 2010])])
def test_an_ambiguous_mark_is_asked_for(query: str, y: list[float], api: TestClient) -> None:
    content = "area;price\n80;980\n95;1,250\n120;2,010\n"
    [error] = errors(api, content)
    assert (error["row"], error["column"]) == (3, "price")
    assert error["message"] == "'1,250' may be 1.250 or 1250."
    assert "?decimal=," in error["hint"]
    assert "?thousands=," in error["hint"]
    dataset = upload(api, content, query)
    assert api.get(f"/datasets/{dataset['id']}/rows").json()["y"] == y


@pytest.mark.parametrize("headers", [{}, {"Content-Encoding": "gzip"}, {"Content-Type": "application/gzip"}])
def test_a_gzip_file(headers: dict[str, str], api: TestClient) -> None:
    dataset = upload(api, gzip.compress(CSV), **headers)
    assert [entry["code"] for entry in dataset["report"]] == ["compressed"]
    assert dataset["id"] == upload(api, CSV)["id"]


@pytest.mark.parametrize("kind", [XLSX, "text/csv"])
def test_an_excel_workbook(kind: str, api: TestClient) -> None:
    file, book = io.BytesIO(), Workbook()
    assert book.active is not None
    for row in (("age", "size", "height"), (1, 0.5, 2), (2, 1.5, 4), (4, 2.5, 7)):
        book.active.append(row)
    book.save(file)
    dataset = upload(api, file.getvalue(), "?sheet=Sheet", **{"Content-Type": kind})
    assert [entry["code"] for entry in dataset["report"]] == ["sheet"]
    assert dataset["id"] == upload(api, CSV)["id"]


@pytest.mark.parametrize(
    "query",
    ["missing=guess", "categories=all", "decimal=;", "thousands=.&decimal=.", "dates=weeks", "sheet="],
)
def test_bad_parameters_of_a_file(query: str, api: TestClient, database: Database) -> None:
    [error] = errors(api, CSV.decode(), f"?{query}")
    assert error["parameter"] == query.partition("=")[0]
    assert counts(database) == NOTHING


def test_a_file_without_a_sheet_has_no_sheet(api: TestClient) -> None:
    [error] = errors(api, CSV.decode(), "?sheet=Data")
    assert "no sheets" in error["message"]
