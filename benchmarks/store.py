"""Appending and reading 100,000 steps × 3 parameters, compared with a SQLite table with a row per step."""

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import orjson

from benchmarks.harness import Measure, Result, compared, interleaved, seconds
from benchmarks.stored import append_all
from service.core.settings import Settings
from service.jobs import submit
from service.jobs.quotas import Quotas
from service.storage import trajectories
from service.storage.connect import open_database
from service.storage.database import Database
from service.storage.sqlite.engine import sqlite_module
from service.storage.trajectories import Columns

ROUNDS, STEPS, PARAMETERS = 7, 100_000, 3
YARDSTICK = "a row a step, executemany"


def run() -> Iterator[Result]:
    """The same columns, θ and the five others, in one transaction each; and all of them read back as arrays."""
    with TemporaryDirectory() as home:
        settings = Settings(database_url=f"sqlite:///{home}/descent.db")
        database = open_database(settings.database_url, settings.busy_seconds)
        rows = _row_table(Path(home) / "rows.db")
        columns = np.random.default_rng(0).standard_normal((PARAMETERS + 5, STEPS))
        sequence = _Runs(database, settings)
        values = interleaved(
            ROUNDS,
            lambda: _append(database, sequence.new(), columns),
            lambda: _rate(lambda: _append_rows(rows, columns)),
            lambda: _rate(lambda: _check(_read(database, sequence.last), columns)),
            lambda: _rate(lambda: _check(_read_rows(rows), columns)),
        )
        rows.close()
        database.dispose()
    appended, rows_appended, read, rows_read = (Measure(each, "steps/s") for each in values)
    what = f"{STEPS:,} steps × {PARAMETERS}"
    yield compared(f"{what} appended", appended, rows_appended, YARDSTICK)
    yield compared(f"{what} read", read, rows_read, "SELECT of the same rows")


class _Runs:
    """Queued runs that own the trajectories."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        body = orjson.dumps({"dataset": {"x": [[1.0, 2.0], [2.0, 1.0], [0.5, 3.0]], "y": [1, 2, 3]}})
        self._quotas = Quotas(settings)
        self._submission = submit.read(body, database, settings)
        self.last = 0

    def new(self) -> int:
        run = submit.queue(self._database, self._submission, None, self._quotas)
        self.last = run.seq
        return self.last


def _rate(call: Callable[[], object]) -> float:
    return STEPS / seconds(call)


def _append(database: Database, run_seq: int, columns: Columns) -> float:
    def append() -> None:
        with database.writing() as connection:
            append_all(connection, run_seq, columns)

    return _rate(append)


def _read(database: Database, run_seq: int) -> Columns:
    chunks = trajectories.read(database, run_seq, PARAMETERS + 5, 0, STEPS - 1)
    return np.concatenate([rows for _, rows in chunks], axis=1)


def _row_table(path: Path) -> sqlite3.Connection:
    connection: sqlite3.Connection = sqlite_module().connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE steps (step INTEGER PRIMARY KEY, a, b, c, d, e, f, g, h)")
    return connection


def _append_rows(connection: sqlite3.Connection, columns: Columns) -> None:
    connection.execute("BEGIN IMMEDIATE")
    rows = zip(range(STEPS), *columns.tolist(), strict=True)
    connection.executemany("INSERT OR REPLACE INTO steps VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
    connection.execute("COMMIT")


def _read_rows(connection: sqlite3.Connection) -> Columns:
    found = connection.execute("SELECT a, b, c, d, e, f, g, h FROM steps ORDER BY step").fetchall()
    return np.array(found).T


def _check(read: Columns, columns: Columns) -> None:
    assert read.shape == columns.shape
    assert read[-1, -1] == columns[-1, -1]
