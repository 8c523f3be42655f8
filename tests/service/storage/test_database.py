"""Configuration of SQLite: release, pragmas, locks, versions."""

import multiprocessing
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import event, text
from sqlalchemy.exc import IntegrityError, OperationalError

from gd_engine import state_from
from gd_engine.optim.early_stopping import StoppingState
from service.core.settings import Settings
from service.storage import migrations, runs
from service.storage.connect import open_database
from service.storage.database import Database
from service.storage.migrations import NewerDatabaseError
from service.storage.sqlite.engine import sqlite_module, wal_is_safe
from service.storage.tables import metadata
from tests.waiting import LONGEST, until


@pytest.mark.parametrize(
    ("version", "safe"),
    [
        ((3, 40, 1), False),
        ((3, 44, 5), False),
        ((3, 44, 6), True),
        ((3, 45, 0), False),
        ((3, 50, 6), False),
        ((3, 50, 7), True),
        ((3, 51, 0), False),
        ((3, 51, 2), False),
        ((3, 51, 3), True),
        ((3, 53, 0), True),
    ],
)
def test_wal_only_where_it_cannot_corrupt(version: tuple[int, ...], safe: bool) -> None:
    assert wal_is_safe(version) is safe


def test_pragmas_hold_on_every_connection(database: Database) -> None:
    journal = "wal" if wal_is_safe(sqlite_module().sqlite_version_info) else "delete"
    with database.reading() as first, database.reading() as second:
        for connection in (first, second):
            values = [
                connection.exec_driver_sql(f"PRAGMA {name}").scalar()
                for name in ("journal_mode", "foreign_keys", "synchronous", "busy_timeout", "auto_vacuum")
            ]
            assert values == [journal, 1, 2, 30_000, 2]


def test_an_unsafe_sqlite_gets_a_rollback_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.storage.database.sqlite_module", lambda: sqlite3)
    monkeypatch.setattr("service.storage.sqlite.engine.wal_is_safe", lambda _version: False)
    database = open_database(f"sqlite:///{tmp_path}/plain.db", 1.0)
    with database.reading() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "delete"
    database.dispose()


def test_foreign_keys_are_enforced(database: Database) -> None:
    with pytest.raises(IntegrityError), database.writing() as connection:
        connection.execute(text("INSERT INTO run_tags VALUES (42, 'a', 'b')"))


def test_a_failed_transaction_leaves_nothing(database: Database) -> None:
    def fail_late() -> None:
        with database.writing() as connection:
            connection.execute(text("CREATE TABLE t (a)"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_late()
    with database.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM sqlite_master WHERE name = 't'")).scalar() == 0


def test_a_writer_does_not_block_a_reader(database: Database) -> None:
    with database.writing() as writer:
        writer.execute(text("CREATE TABLE t (a)"))
        with database.reading() as reader:
            assert reader.execute(text("SELECT count(*) FROM sqlite_master WHERE name = 't'")).scalar() == 0


def test_a_writer_tries_often_for_the_lock_of_another_process(settings: Settings, database: Database) -> None:
    tries: list[str] = []
    written = threading.Event()

    def write() -> None:
        with database.writing() as connection:
            connection.execute(text("CREATE TABLE t (a)"))
        written.set()

    @event.listens_for(database.engine, "before_cursor_execute")
    def _count(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement == "BEGIN IMMEDIATE":
            tries.append(statement)

    with closing(sqlite_module().connect(settings.database_file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        thread = threading.Thread(target=write)
        thread.start()
        until(lambda: len(tries) > 100, 20.0)  # SQLite's own waiters try ten times a second
        other.execute("ROLLBACK")
    assert written.wait(LONGEST)
    thread.join()


def test_a_writer_gives_up_after_the_busy_time(settings: Settings, database: Database) -> None:
    brief = Database(settings.database_url, busy_seconds=0.05)
    with database.writing(), pytest.raises(OperationalError, match="locked"), brief.writing():
        pass
    brief.dispose()


def test_the_migrations_create_the_tables_of_the_code(database: Database) -> None:
    with database.reading() as connection:
        difference = compare_metadata(MigrationContext.configure(connection), metadata)
    assert difference == []


def test_head_is_the_newest_version() -> None:
    scripts = ScriptDirectory(str(Path(migrations.__file__).parent))
    assert scripts.get_current_head() == migrations.HEAD


def _open(url: str) -> None:
    open_database(url, 30.0).dispose()


def test_concurrent_starts_migrate_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/new.db"
    context = multiprocessing.get_context("spawn")
    starting = [context.Process(target=_open, args=(url,)) for _ in range(4)]
    for process in starting:
        process.start()
    for process in starting:
        process.join(LONGEST)
    assert [process.exitcode for process in starting] == [0, 0, 0, 0]


def test_a_newer_file_is_refused_with_a_reason(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/newer.db"
    database = open_database(url, 1.0)
    with database.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    database.dispose()
    with pytest.raises(NewerDatabaseError, match="version 9999"):
        open_database(url, 1.0)


def test_a_running_run_continues_after_the_upgrade(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/old.db"
    database = Database(url, busy_seconds=1.0)
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    with database.writing() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.execute(
            text(
                "INSERT INTO datasets"
                " (seq, id, sha256, rows, features, target, text_target, summary, uploaded, created_at)"
                """ VALUES (1, 'd', 'd', 2, '["x"]', 'y', 0, '[]', 0, 0.0)"""
            )
        )
        for seq, checkpoint in ((1, np.array([1.0, 2.0]).tobytes()), (2, None)):
            values = {"seq": seq, "id": f"run{seq}", "checkpoint": checkpoint}
            connection.execute(
                text(
                    "INSERT INTO runs (seq, id, dataset_seq, status, tags, request, request_digest, parameters,"
                    " columns, train_rows, test_rows, steps_total, rows_done, timings, created_at, lease_token,"
                    " losses, checkpoint)"
                    """ VALUES (:seq, :id, 1, 'running', '{}', '{}', '', '["a", "b"]', '[]',"""
                    " 2, 0, 9, 4, '{}', 0.0, 1, 0, :checkpoint)"
                ),
                values,
            )
    database.dispose()
    database = open_database(url, 1.0)
    with database.reading() as connection:
        under_way, waiting = (runs.find(connection, run_id) for run_id in ("run1", "run2"))
        kept = connection.execute(text("SELECT checkpoint FROM runs ORDER BY seq")).scalars().all()
    assert under_way is not None
    assert waiting is not None
    assert (under_way.validation_rows, under_way.optimum, under_way.diagnosis) == (0, None, [])
    state = state_from(np.frombuffer(kept[0]), under_way.rows_done, 2)
    assert (state.step, state.theta.tolist(), len(state.memory), state.watch) == (4, [1.0, 2.0], 0, StoppingState())
    assert kept[1] is None
    database.dispose()
