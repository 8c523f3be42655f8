"""Damage to the rows that the service keeps for itself: named by the check, corrected, never a wrong reason."""

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from service.core.settings import Settings
from service.storage import own_state
from service.storage.connect import open_database
from service.storage.database import Database
from service.storage.integrity.fsck import check
from service.storage.migrations import HEAD, NewerDatabaseError, revision_of
from service.storage.sqlite import row_numbers
from tests.damage import damage
from tests.service.helpers import fit_body, problem_of

LAST = str(2**63 - 1)


def found(settings: Settings) -> list[tuple[str, str]]:
    assert settings.database_file is not None
    return [(each.kind, each.where) for each in check(settings.database_file, lambda *_: None)]


@pytest.mark.parametrize("table", ["runs", "datasets"])
def test_a_counter_of_row_numbers_at_its_end_is_no_full_disk(table: str, api: TestClient, settings: Settings) -> None:
    api.post("/fit", json=fit_body())
    damage(settings, "sqlite_sequence", "seq", LAST, f"name = '{table}'")
    assert found(settings) == [("state", "sqlite_sequence")]
    other = fit_body(dataset={"y": [1, 2, 3, 4, 5, 6, 7, 9]})
    problem = problem_of(api.post("/fit", json=other), 500)
    assert problem["title"] == "Damaged data"
    assert "corrected; try again" in problem["detail"]
    damage(settings, "sqlite_sequence", "seq", LAST, f"name = '{table}'")
    french = api.post("/fit", json=other, headers={"Accept-Language": "fr"})
    assert "compteur" in problem_of(french, 500)["detail"]
    assert api.post("/fit", json=other).status_code == 202
    assert found(settings) == []


@pytest.mark.parametrize("value", [LAST, str(2**62), "-1", "'x'", "x'ff00'", "NULL", "0", "1.5"])
def test_a_start_corrects_the_counters(value: str, api: TestClient, settings: Settings, database: Database) -> None:
    api.post("/fit", json=fit_body())
    damage(settings, "sqlite_sequence", "seq", value, "name = 'runs'")
    assert found(settings) == [("state", "sqlite_sequence")]
    own_state.correct(database)
    assert found(settings) == []
    with database.reading() as connection:
        assert row_numbers.are_right(connection)
    assert api.post("/fit", json=fit_body()).status_code == 202


@pytest.mark.parametrize("name", ["'x'", "x'ff00'", "NULL"])
def test_a_start_corrects_the_names_of_counters(
    name: str, api: TestClient, settings: Settings, database: Database
) -> None:
    api.post("/fit", json=fit_body())
    damage(settings, "sqlite_sequence", "name", name, "name = 'runs'")
    assert found(settings) == [("state", "sqlite_sequence")]
    own_state.correct(database)
    assert found(settings) == []


@pytest.mark.parametrize("value", ["'x'", "x'ff00'", "CAST(x'ff00' AS TEXT)", "''", "'0003'"])
def test_a_start_corrects_a_damaged_version(value: str, tmp_path: Path) -> None:
    url, file = f"sqlite:///{tmp_path}/d.db", tmp_path / "d.db"
    open_database(url, 5.0).dispose()
    damage(file, "alembic_version", "version_num", value, "true")
    if value != "'0003'":
        assert [each.where for each in check(file, lambda *_: None)] == ["alembic_version"]
    database = open_database(url, 5.0)
    with database.reading() as connection:
        assert revision_of(connection) == HEAD
    database.dispose()


def test_a_damaged_version_of_other_tables_is_no_newer_one(tmp_path: Path) -> None:
    url, file = f"sqlite:///{tmp_path}/d.db", tmp_path / "d.db"
    database = open_database(url, 5.0)
    with database.writing() as connection:
        connection.exec_driver_sql("DROP INDEX ix_runs_owner")
    database.dispose()
    damage(file, "alembic_version", "version_num", "'x'", "true")
    with pytest.raises(NewerDatabaseError, match="damaged"):
        open_database(url, 5.0)


@pytest.mark.parametrize("value", ["'x'", "x'ff00'", "CAST(x'ff00' AS TEXT)", "'0003'"])
def test_a_damaged_version_does_not_stop_a_service(
    value: str, api: TestClient, settings: Settings, database: Database
) -> None:
    api.post("/fit", json=fit_body())
    damage(settings, "alembic_version", "version_num", value, "true")
    database.record_schema()
    assert database.fault() is None
    assert api.post("/fit", json=fit_body()).status_code == 202
