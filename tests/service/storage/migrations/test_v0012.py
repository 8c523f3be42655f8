"""Migration 0012: runs without a dataset, whatever the version of SQLite."""

import io
import sqlite3
from contextlib import closing
from pathlib import Path
from types import ModuleType

import pytest
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import IntegrityError

from service.storage import database as database_module
from service.storage import migrations, runs
from service.storage.connect import open_database
from service.storage.database import Database
from service.storage.migrations.versions import v0012_runs_without_data
from service.storage.sqlite.engine import sqlite_module
from tests.service.storage.helpers import new_run
from tests.service.storage.migrations.old_versions import make_version, upgrade

MODULES = list(dict.fromkeys((sqlite_module(), sqlite3)))
"""That of the wheel, and that of the machine, which may be years older."""


def _schema(connection: Connection) -> dict[str, str]:
    found = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")).all()
    return {row.name: row.sql for row in found}


@pytest.mark.parametrize("module", MODULES, ids=lambda module: str(module.sqlite_version))
def test_only_the_constraint_is_dropped(module: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_module, "sqlite_module", lambda: module)
    file = tmp_path / "descent.db"
    make_version(file, "0011")
    with closing(module.connect(file)) as beside:  # a connection that knows the schema of before
        old = dict(beside.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall())
        before = beside.execute("SELECT id, dataset_seq, checkpoint FROM runs ORDER BY seq").fetchall()
        database = Database(f"sqlite:///{file}", busy_seconds=5.0)
        with database.writing() as connection:
            upgrade(connection, "0012")
        assert beside.execute("SELECT id, dataset_seq, checkpoint FROM runs ORDER BY seq").fetchall() == before
        with database.reading() as connection:
            new = _schema(connection)
            assert {name for name in old if old[name] != new[name]} == {"runs"}
            assert new["runs"] == old["runs"].replace("dataset_seq INTEGER NOT NULL", "dataset_seq INTEGER")
            columns = {each["name"]: each["nullable"] for each in inspect(connection).get_columns("runs")}
            assert columns["dataset_seq"]
        database.dispose()
        database = open_database(f"sqlite:///{file}", 5.0)
        with database.writing() as connection:
            run = runs.create(connection, new_run(connection, "other") | {"dataset_seq": None}, {})
            assert runs.find(connection, run.id) == run
            assert (run.dataset_seq, run.dataset_id, run.dataset_features) == (None, None, [])
        assert beside.execute("SELECT count(*) FROM runs WHERE dataset_seq IS NULL").fetchone() == (1,)
        with database.writing() as connection, pytest.raises(IntegrityError):
            runs.create(connection, new_run(connection, "other") | {"dataset_seq": 99}, {})  # still a reference
        with database.reading() as connection:
            assert connection.execute(text("PRAGMA integrity_check")).scalars().all() == ["ok"]
            assert migrations.revision_of(connection) == migrations.HEAD
        database.dispose()


def test_postgresql_drops_the_constraint() -> None:
    ddl = io.StringIO()
    context = MigrationContext.configure(dialect_name="postgresql", opts={"as_sql": True, "output_buffer": ddl})
    with Operations.context(context):
        v0012_runs_without_data.upgrade()
    assert ddl.getvalue().split(";")[0] == "ALTER TABLE runs ALTER COLUMN dataset_seq DROP NOT NULL"
