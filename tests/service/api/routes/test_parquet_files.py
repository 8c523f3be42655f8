"""POST /datasets with Parquet as pandas and pyarrow write it: the numbers and types of the file, or an error."""

import datetime
import io
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.api.app import create_app
from service.api.media_types import PARQUET
from service.core.settings import Settings
from service.datasets.file_reader.parquet import write_cells
from service.schemas.responses.datasets import Dataset
from service.storage.database import Database
from tests.service.helpers import NOTHING, check_answer, counts, problem_of, served
from tests.waiting import LONGEST

FRAME = pd.DataFrame(
    {
        "size": [1.125, 1e-300, -0.0, 2.0**53, 0.1],
        "count": pd.array([1, 2, 3, 4, 2**40], dtype="int64"),
        "red": [True, False, True, True, False],
        "sort": pd.Categorical(["a", "b", "a", "b", "a"]),
        "weight": np.array([0.1, 1.25, 3.375, 4.0, 5.5], dtype="float32"),
    }
)


def written(table: pa.Table | pd.DataFrame, **options: Any) -> bytes:
    target = io.BytesIO()
    if isinstance(table, pd.DataFrame):
        table.to_parquet(target, **options)
    else:
        pq.write_table(table, target, **options)
    return target.getvalue()


def upload(api: TestClient, content: bytes, query: str = "", kind: str = PARQUET) -> dict[str, Any]:
    answer = api.post(f"/datasets{query}", content=content, headers={"Content-Type": kind})
    assert answer.status_code == 201, answer.text
    dataset: dict[str, Any] = answer.json()
    check_answer(Dataset, dataset)
    return dataset


def errors(api: TestClient, content: bytes, query: str = "") -> list[dict[str, Any]]:
    answer = api.post(f"/datasets{query}", content=content, headers={"Content-Type": PARQUET})
    found: list[dict[str, Any]] = problem_of(answer, 422)["errors"]
    return found


def rows_of(api: TestClient, dataset: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = api.get(f"/datasets/{dataset['id']}/rows").json()
    return found


@pytest.mark.parametrize("kind", [PARQUET, "text/csv"])
def test_a_frame_has_its_numbers_and_types(kind: str, api: TestClient) -> None:
    dataset = upload(api, written(FRAME, index=False), kind=kind)
    assert dataset["features"] == ["size", "count", "red", "sort=b"]
    assert dataset["target"] == "weight"
    found = rows_of(api, dataset)
    wanted = [[size, count, red, sort == "b"] for size, count, red, sort, _ in FRAME.itertuples(index=False)]
    assert found["x"] == wanted
    assert found["y"] == [float(each) for each in FRAME["weight"]], "the numbers of float32, all digits"


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(numbers=st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=2, max_size=20))
def test_every_finite_number_keeps_its_bits(numbers: list[float], api: TestClient) -> None:
    frame = pd.DataFrame({"x": numbers, "y": range(len(numbers))})
    found = rows_of(api, upload(api, written(frame, index=False)))
    assert [row[0].hex() if isinstance(row[0], float) else float(row[0]).hex() for row in found["x"]] == [
        each.hex() for each in numbers
    ]


def test_the_index_of_pandas_is_left_out_and_named(api: TestClient) -> None:
    frame = pd.DataFrame({"a": [1.0, 2.0, 3.0], "y": [2.0, 4.0, 6.5]}, index=[5, 6, 7])
    dataset = upload(api, written(frame, index=True))
    assert (dataset["features"], dataset["target"]) == (["a"], "y")
    assert [entry["code"] for entry in dataset["report"]] == ["index_column"]


def test_a_named_index_is_left_out_too(api: TestClient) -> None:
    frame = pd.DataFrame({"id": [10, 20, 35], "a": [1.0, 2.0, 4.0], "y": [2.0, 4.0, 6.5]}).set_index("id")
    dataset = upload(api, written(frame))
    assert (dataset["features"], dataset["target"]) == (["a"], "y")
    assert [entry["code"] for entry in dataset["report"]] == ["index_column"]


@pytest.mark.parametrize("names", [["", ""], [" ", "  "], ["---", "==="], ["a", ""], ["Unnamed", ""]])
def test_names_without_letters_are_no_rows(names: list[str], api: TestClient) -> None:
    table = pa.table([[1.0, 2.0, 3.0, 4.0], [2.0, 3.0, 4.0, 5.5]], names=names)
    dataset = upload(api, written(table))
    assert (dataset["rows"], dataset["target"]) == (4, "column 2")


def test_no_row_of_data_is_a_note_or_blank(api: TestClient) -> None:
    table = pa.table({"a": ["1", "2", "3", "note: x"], "b": [1.0, 2.0, 3.0, 9.0], "y": [1.0, 2.0, 3.0, 4.0]})
    dataset = upload(api, written(table))
    assert (dataset["rows"], dataset["features"]) == (4, ["b"])
    empty = pa.table({"b": [1.0, None, 3.0, 9.0], "y": [1.0, None, 3.0, 4.0]})
    assert {error["column"] for error in errors(api, written(empty))} == {"b", "y"}


def test_gaps_dates_and_decimals_are_read_as_in_a_text_file(api: TestClient) -> None:
    days = [datetime.date(2020, 1, day) for day in (1, 2, 3, 4)]
    table = pa.table(
        {
            "price": pa.array([Decimal("1.250"), Decimal("2.500"), None, Decimal("1250.000")]),
            "time": pa.array([datetime.datetime(2020, 1, 1, 12, tzinfo=datetime.UTC)] * 4, pa.timestamp("ns", "UTC")),
            "day": days,
            "y": [1.0, 2.0, float("nan"), 4.0],
        }
    )
    found = errors(api, written(table))
    assert {(entry["column"], entry["message"].partition(":")[0]) for entry in found} == {
        ("price", "1 value is missing"),
        ("y", "1 value is missing"),
    }
    dataset = upload(api, written(table), "?missing=drop&dates=days&features=price,day")
    assert rows_of(api, dataset)["x"] == [[1.25, 18262], [2.5, 18263], [1250, 18265]]


def test_columns_that_are_no_numbers_are_left_out_and_named(api: TestClient) -> None:
    table = pa.table(
        {
            "list": [[1], [2, 3], []],
            "part": [{"a": 1}] * 3,
            "bytes": [b"\x00\xff", b"b", b"c"],
            "x": [1, 2, 3],
            "y": [3, 4, 6],
        }
    )
    dataset = upload(api, written(table))
    assert dataset["features"][-1] == "x"
    assert not {"list", "part"} & set(dataset["features"])
    named = {name for entry in dataset["report"] for name in entry.get("columns", ())}
    assert {"list", "part"} <= named


@pytest.mark.parametrize(
    "column",
    [
        pa.array([2**40, 1, 2], pa.timestamp("s")),
        pa.array([1, 2, 3], pa.duration("ns")),
        pa.array([1, 2, 3], pa.time64("ns")),
    ],
    ids=["year", "duration", "time"],
)
def test_values_that_python_lacks_are_an_error_or_left_out(column: pa.Array, api: TestClient) -> None:
    content = written(pa.table({"when": column, "x": [1, 2, 3], "y": [2, 4, 7]}))
    answer = api.post("/datasets", content=content, headers={"Content-Type": PARQUET})
    if answer.status_code == 201:
        assert answer.json()["features"] == ["x"]
    else:
        [error] = problem_of(answer, 422)["errors"]
        assert (error["column"], "cannot be read" in error["message"]) == ("when", True)


def test_a_text_that_a_file_has_once_counts_in_every_row(settings: Settings, database: Database) -> None:
    content = written(pa.table({"text": pa.array(["a" * 50_000] * 1_000).dictionary_encode(), "y": range(1_000)}))
    assert len(content) < 100_000
    with TestClient(create_app(settings.model_copy(update={"max_upload_bytes": 1_000_000}), database)) as api:
        assert "exceeds 1,000,000 bytes" in errors(api, content)[0]["message"]


@pytest.mark.parametrize(
    ("content", "query", "message"),
    [
        (b"", "", "damaged"),
        (b"PAR1", "", "damaged"),
        (b"PAR1\x15" + bytes(200) + b"PAR1", "", "damaged"),
        (written(FRAME)[:-30], "", "damaged"),
        (written(FRAME), "?sheet=a", "no sheets"),
        (written(FRAME), "?header=false", "names of its columns"),
        (written(FRAME[:0]), "", "no rows"),
        (written(pd.DataFrame({"x": [1.0, np.inf, 3.0], "y": [1, 2, 3]})), "?features=x", "inf"),
    ],
    ids=["empty", "mark", "zeros", "cut", "sheet", "header", "no rows", "infinity"],
)
def test_a_bad_file_is_refused_with_the_reason(
    content: bytes, query: str, message: str, api: TestClient, database: Database
) -> None:
    found = errors(api, content, query)
    assert message in f"{found[0]['message']} {found[0].get('hint')}"
    assert counts(database) == NOTHING


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 10_000), change=st.integers(1, 255))
def test_a_changed_byte_is_a_refusal_or_a_table(place: int, change: int, api: TestClient) -> None:
    content = bytearray(written(FRAME))
    content[place % len(content)] ^= change
    answer = api.post("/datasets", content=bytes(content), headers={"Content-Type": PARQUET})
    assert answer.status_code in {201, 413, 422, 503}, answer.text


def test_a_full_disk_is_no_fault_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "source").write_bytes(written(FRAME))
    with pytest.raises(OSError, match="No space left"):
        write_cells(tmp_path / "source", Path("/dev/full"), max_rows=10, max_columns=10, max_bytes=10_000)


def test_a_file_that_decompresses_to_much_is_refused(settings: Settings, database: Database) -> None:
    tight = settings.model_copy(update={"max_upload_bytes": 100_000})
    many = pa.table({"x": np.zeros(200_000), "y": np.zeros(200_000)})
    content = written(many, compression="zstd", use_dictionary=False)
    assert len(content) < 100_000
    with served(create_app(tight, database)) as url, httpx2.Client() as client:
        answer = client.post(f"{url}/datasets", content=content, headers={"Content-Type": PARQUET}, timeout=LONGEST)
    assert "exceeds 100,000 bytes" in problem_of(answer, 422)["errors"][0]["message"]
