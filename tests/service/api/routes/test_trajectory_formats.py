"""A trajectory as JSON, NDJSON, CSV, NPZ and Parquet: the stored bits, also with damage or deletion midway."""

import csv
import io
import tracemalloc
from typing import Any

import httpx2
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sqlalchemy import text

from service.api.app import create_app
from service.core.settings import Settings
from service.storage import trajectories
from service.storage.database import Database
from service.storage.sqlite import purge
from tests.service.helpers import NOTHING, counts, fit_body, problem_of, served, stored_run, strict_json
from tests.waiting import LONGEST

ACCEPT = {"json": "application/json", "ndjson": "application/x-ndjson", "csv": "text/csv", "npz": "application/x-npz"}
ACCEPT |= {"parquet": "application/vnd.apache.parquet"}
FIELDS = ["step", "theta", "train_loss", "train_mse", "test_mse", "gradient_norm", "learning_rate"]
BIG_ROWS = 60_000
LONG_ROWS = 3 * BIG_ROWS
"""More rows than server and sockets buffer: a purge interrupts the transfer."""


def random_rows(count: int) -> Any:
    return np.random.default_rng(0).normal(size=(count, 7))


def from_json(content: bytes, fields: list[str]) -> list[list[float | None]]:
    given = strict_json(content)
    columns = [given[field] for field in fields]
    return [flat(values) for values in zip(*columns, strict=True)]


def from_ndjson(content: bytes, fields: list[str]) -> list[list[float | None]]:
    lines = [strict_json(line) for line in content.splitlines()]
    assert all(list(line) == fields for line in lines)
    return [flat(line.values()) for line in lines]


def from_csv(content: bytes, fields: list[str]) -> list[list[float | None]]:
    header, *rows = csv.reader(io.StringIO(content.decode(), newline=""))
    names = {"theta": ["theta.intercept", "theta.x1"]}
    assert header == flat(names.get(field, [field]) for field in fields)
    return [[float(cell) if cell else None for cell in row] for row in rows]


def from_npz(content: bytes, fields: list[str]) -> list[list[float | None]]:
    with np.load(io.BytesIO(content)) as given:
        assert given.files == ["parameters", *fields]
        assert given["parameters"].tolist() == ["intercept", "x1"]
        columns = [given[field].tolist() for field in fields]
    return [[value if np.isfinite(value) else None for value in flat(values)] for values in zip(*columns, strict=True)]


def from_parquet(content: bytes, fields: list[str]) -> list[list[float | None]]:
    given = pq.read_table(io.BytesIO(content))
    names = {"theta": ["theta.intercept", "theta.x1"]}
    assert given.column_names == flat(names.get(field, [field]) for field in fields)
    rows = zip(*(column.to_pylist() for column in given.columns), strict=True)
    return [[value if value is not None and np.isfinite(value) else None for value in row] for row in rows]


READ = {"json": from_json, "ndjson": from_ndjson, "csv": from_csv, "npz": from_npz, "parquet": from_parquet}


def flat(values: Any) -> Any:
    return [part for value in values for part in (value if isinstance(value, list) else [value])]


def bits(rows: list[list[float | None]]) -> list[list[str | None]]:
    """The exact number of each cell, the sign of zero included."""
    return [[None if value is None else float(value).hex() for value in row] for row in rows]


def expected(rows: Any, steps: range, fields: list[str]) -> list[list[float | None]]:
    indices = {"theta": [0, 1]} | {name: [2 + index] for index, name in enumerate(FIELDS[2:])}
    table = [
        flat([step] if field == "step" else [rows[step][index] for index in indices[field]] for field in fields)
        for step in steps
    ]
    return [[value if np.isfinite(value) else None for value in row] for row in table]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_the_formats_agree_with_what_was_stored(data: st.DataObject, api: TestClient, database: Database) -> None:
    count = data.draw(st.integers(1, 30), label="rows")
    rows = data.draw(arrays(np.float64, (count, 7), elements=st.floats(width=64)), label="table")
    cuts = data.draw(st.lists(st.integers(1, count), max_size=4), label="chunks")
    first = data.draw(st.integers(0, count), label="from_step")
    last = data.draw(st.integers(first, count), label="to_step")
    every = data.draw(st.integers(1, count), label="every")
    fields = data.draw(st.lists(st.sampled_from(FIELDS), min_size=1, unique=True), label="fields")
    chunks = [cut for cut, end in zip(cuts, np.cumsum(cuts), strict=True) if end < count]
    run_id = stored_run(database, fit_body(descent={"steps": count}), rows, chunks=chunks or [count])
    query: dict[str, Any] = {"from_step": first, "to_step": last, "every": every, "fields": ",".join(fields)}
    wanted = bits(expected(rows, range(first, min(last, count - 1) + 1, every), fields))
    for kind, read in READ.items():
        by_accept = api.get(f"/runs/{run_id}/trajectory", params=query, headers={"Accept": ACCEPT[kind]})
        by_name = api.get(f"/runs/{run_id}/trajectory", params=query | {"format": kind})
        assert by_accept.content == by_name.content
        assert by_accept.headers["content-type"].startswith(ACCEPT[kind])
        assert bits(read(by_accept.content, fields)) == wanted


def test_an_array_has_the_bits_of_the_database(api: TestClient, database: Database) -> None:
    rows = random_rows(5)
    rows[1:4, 4] = np.nan, np.inf, -0.0
    run_id = stored_run(database, fit_body(), rows)
    contents = [api.get(f"/runs/{run_id}/trajectory?format=npz").content for _ in range(2)]
    assert contents[0] == contents[1]
    with np.load(io.BytesIO(contents[0])) as given:
        assert given["theta"].tobytes() == rows[:, :2].tobytes()
        assert given["test_mse"].tobytes() == rows[:, 4].tobytes()
        assert (given["step"].dtype, given["step"].tolist()) == (np.int64, [0, 1, 2, 3, 4])


def test_a_table_has_the_bits_of_the_database_and_null_for_what_does_not_apply(
    api: TestClient, database: Database
) -> None:
    rows = random_rows(40_000)
    rows[1:4, 4] = np.nan, np.inf, -0.0
    run_id = stored_run(database, fit_body(descent={"steps": len(rows)}), rows)
    contents = [api.get(f"/runs/{run_id}/trajectory?format=parquet").content for _ in range(2)]
    assert contents[0] == contents[1]
    file = pq.ParquetFile(io.BytesIO(contents[0]))
    assert file.metadata.num_row_groups > 1
    given = file.read()
    assert given.schema.field("step").type == "int64"
    assert [given["test_mse"][step].as_py() for step in range(1, 4)] == [None, np.inf, 0.0]
    assert given["test_mse"].to_numpy()[4:].tobytes() == rows[4:, 4].tobytes()
    assert np.signbit(given["test_mse"][3].as_py())
    assert given["theta.x1"].to_numpy().tobytes() == rows[:, 1].tobytes()
    frame = pd.read_parquet(io.BytesIO(contents[0]), columns=["step", "train_loss"])
    assert frame["train_loss"].to_numpy().tobytes() == rows[:, 2].tobytes()


def test_a_service_without_pyarrow_names_what_to_install(
    api: TestClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.api.routes.trajectory.HAS_PARQUET", False)
    run_id = stored_run(database, fit_body(), random_rows(3))
    problem = problem_of(api.get(f"/runs/{run_id}/trajectory?format=parquet"), 422)
    assert "descent-service[parquet]" in problem["errors"][0]["hint"]
    refused = api.get(f"/runs/{run_id}/trajectory", headers={"Accept": ACCEPT["parquet"]})
    assert "parquet" not in problem_of(refused, 406)["detail"].partition("available as")[2]


def test_a_column_alone_keeps_its_empty_cells(api: TestClient, database: Database) -> None:
    rows = random_rows(4)
    rows[1:3, 4] = np.nan
    run_id = stored_run(database, fit_body(), rows)
    content = api.get(f"/runs/{run_id}/trajectory?format=csv&fields=test_mse").content
    assert bits(from_csv(content, ["test_mse"])) == bits(expected(rows, range(4), ["test_mse"]))


@pytest.mark.parametrize("count", [1000, 1001, 20_001])
def test_the_formats_of_long_trajectories_agree(count: int, api: TestClient, database: Database) -> None:
    rows = random_rows(count)
    rows[count // 2, 4] = np.nan
    run_id = stored_run(database, fit_body(descent={"steps": count}), rows)
    queries: list[dict[str, int]] = [{}, {"every": 7, "from_step": 3}]
    for query in queries:
        steps = range(query.get("from_step", 0), count, query.get("every", 1))
        wanted = bits(expected(rows, steps, FIELDS))
        for kind, read in READ.items():
            content = api.get(f"/runs/{run_id}/trajectory", params={**query, "format": kind}).content
            assert bits(read(content, FIELDS)) == wanted


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("application/json", "json"),
        ("text/csv", "csv"),
        ("TEXT/CSV", "csv"),
        ("application/x-ndjson", "ndjson"),
        ("*/*", "json"),
        ("", "json"),
        ("application/*", "json"),
        ("text/*", "csv"),
        ("text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.8", "json"),
        ("application/json;q=0.5, text/csv", "csv"),
        ("application/json;q=0.5, text/csv;q=0.4, application/x-ndjson;q=0.6", "ndjson"),
        ("text/csv, application/json", "csv"),
        ("application/json, text/csv", "json"),
        ("*/*, application/json;q=0.1, application/x-ndjson;q=0.2", "csv"),
        ("application/json;q=0, */*", "ndjson"),
        ("text/csv;header=present;q=0.9, application/json;q=0.8", "csv"),
        ("image/png, text/csv;q=0.001", "csv"),
        ("application/x-npz", "npz"),
        ("application/vnd.apache.parquet", "parquet"),
        ("text/csv;q=nan, application/json;q=0.1", "json"),
    ],
)
def test_the_accept_header_selects_the_format(accept: str, kind: str, api: TestClient, database: Database) -> None:
    run_id = stored_run(database, fit_body(), random_rows(3))
    answer = api.get(f"/runs/{run_id}/trajectory", headers={"Accept": accept})
    assert answer.headers["content-type"].partition(";")[0] == ACCEPT[kind]


def test_names_of_features_survive_the_csv_header(api: TestClient, database: Database) -> None:
    names = ["a,b", 'c"d', "e\nf", "g\r\nh", "i\rj", "ü ☃", "'k'", " l ", "m;n", '"', "=1+1", "\t"]
    x = [[float((row + 2) ** column % 17 + row) for column in range(1, 13)] for row in range(20)]
    body = fit_body(dataset={"x": x, "y": [float(row) for row in range(20)], "feature_names": names})
    run_id = stored_run(database, body, np.arange(3.0 * 18).reshape(3, 18))
    answer = api.get(f"/runs/{run_id}/trajectory?format=csv&fields=step,theta")
    header, *rows = csv.reader(io.StringIO(answer.text, newline=""))
    assert header == ["step", "theta.intercept", *(f"theta.{name}" for name in names)]
    assert [[float(cell) for cell in row] for row in rows] == [
        [step, *(18.0 * step + place for place in range(13))] for step in range(3)
    ]
    assert api.get(f"/runs/{run_id}/trajectory").json()["parameters"] == ["intercept", *names]


def flip_a_byte(database: Database, run_id: str, first_step: int) -> None:
    with database.writing() as connection:
        where = "first_step = :first AND run_seq = (SELECT seq FROM runs WHERE id = :id)"
        place = {"first": first_step, "id": run_id}
        data = bytearray(
            connection.execute(text(f"SELECT data FROM trajectory_chunks WHERE {where}"), place).scalar_one()
        )
        data[100] ^= 1
        connection.execute(text(f"UPDATE trajectory_chunks SET data = :d WHERE {where}"), place | {"d": bytes(data)})


@pytest.mark.parametrize("kind", ACCEPT)
def test_damage_of_the_first_chunk_is_an_error(kind: str, api: TestClient, database: Database) -> None:
    run_id = stored_run(database, fit_body(), random_rows(50))
    flip_a_byte(database, run_id, 0)
    problem_of(api.get(f"/runs/{run_id}/trajectory?format={kind}"), 500)
    assert api.get(f"/runs/{run_id}").status_code == 200


def purge_all(database: Database) -> None:
    """Purges all deleted runs, without the pauses of retention."""
    while True:
        with database.writing() as connection:
            if not purge.has_deleted(connection):
                return
            purge.purge_slice(connection)


@pytest.mark.parametrize("kind", ACCEPT)
@pytest.mark.parametrize("harm", ["damaged", "deleted"])
def test_damage_or_purge_midway_breaks_the_connection(
    kind: str, harm: str, settings: Settings, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    rows = BIG_ROWS if harm == "damaged" else LONG_ROWS
    run_id = stored_run(database, fit_body(descent={"steps": rows}), random_rows(rows))
    with served(create_app(settings, database)) as url:
        path = f"{url}/runs/{run_id}/trajectory?format={kind}"
        if harm == "damaged":
            flip_a_byte(database, run_id, (rows - 1) // trajectories.chunk_rows(8) * trajectories.chunk_rows(8))
        with httpx2.stream("GET", path, timeout=LONGEST) as answer:
            assert answer.status_code == 200
            pieces = answer.iter_bytes()
            next(pieces)
            if harm == "deleted":
                assert httpx2.delete(f"{url}/runs/{run_id}", timeout=LONGEST).status_code == 204
                purge_all(database)
                assert counts(database) == NOTHING
            with pytest.raises(httpx2.RemoteProtocolError):
                for _ in pieces:
                    pass
    messages = [record.getMessage() for record in caplog.records if record.name == "descent.api"]
    assert ["failure=damaged" in line for line in messages] == ([True] if harm == "damaged" else [])
    assert not any(record.exc_info for record in caplog.records), "no traceback: the cause is not a bug"


@pytest.mark.parametrize("kind", ACCEPT)
def test_a_reader_of_a_deleted_long_run_continues_until_the_purge(
    kind: str, settings: Settings, database: Database
) -> None:
    run_id = stored_run(database, fit_body(descent={"steps": LONG_ROWS}), random_rows(LONG_ROWS))
    with served(create_app(settings, database)) as url:
        path = f"{url}/runs/{run_id}/trajectory?format={kind}"
        whole = httpx2.get(path, timeout=LONGEST).content
        with httpx2.stream("GET", path, timeout=LONGEST) as answer:
            pieces = answer.iter_bytes()
            beginning = next(pieces)
            assert httpx2.delete(f"{url}/runs/{run_id}", timeout=LONGEST).status_code == 204
            assert httpx2.get(path, timeout=LONGEST).status_code == 404
            assert beginning + b"".join(pieces) == whole


@pytest.mark.slow
@pytest.mark.parametrize("kind", ACCEPT)
def test_the_memory_of_a_reader_does_not_grow_with_the_trajectory(
    kind: str, settings: Settings, database: Database
) -> None:
    def peak(count: int) -> int:
        run_id = stored_run(database, fit_body(descent={"steps": count}), random_rows(count))
        tracemalloc.start()
        with httpx2.stream("GET", f"{url}/runs/{run_id}/trajectory?format={kind}", timeout=LONGEST) as answer:
            size = sum(len(piece) for piece in answer.iter_bytes())
        assert size > 56 * count, "seven numbers"
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    with served(create_app(settings, database)) as url:
        peak(1000)
        rows = 80_000 if kind in {"json", "npz", "parquet"} else 15_000  # these buffer columns up to some MiB
        assert peak(3 * rows) < 1.2 * peak(rows) + 1_000_000
