"""Every write of the program keeps the checksums of rows; a change past it makes them wrong for good."""

import pytest
from sqlalchemy import Connection, Table, select, update

from service.core.settings import Settings
from service.storage import job_queue, run_deletion, runs
from service.storage.database import Database
from service.storage.sqlite.row_checksums import CHECKED, is_damaged, is_sound
from service.storage.tables import runs as runs_table
from tests.api_keys import make_key
from tests.damage import damage
from tests.service.helpers import fit_body, stored_run
from tests.service.storage.helpers import queue_run

VALUES = {
    "a number that grew": ("runs", "steps_total", "steps_total + 1"),
    "a digit of a text": ("runs", "request", "replace(request, '5', '6')"),
    "the last bits of a double": ("runs", "created_at", "created_at + 1e-6"),
    "NULL": ("runs", "stop_reason", "NULL"),
    "another type": ("runs", "stop_reason", "CAST(stop_reason AS BLOB)"),
    "text in a number": ("runs", "created_at", "'then'"),
    "text that is no UTF-8": ("runs", "name", "CAST(x'ff' AS TEXT)"),
    "number that is no UTF-8": ("runs", "rows_done", "CAST(x'ff' AS TEXT)"),
    "an empty text": ("datasets", "target", "''"),
    "a key's scopes": ("api_keys", "scopes", """'["admin"]'"""),
    "no checksum": ("runs", "checksum", "NULL"),
}


def unsound(connection: Connection, table: Table) -> int:
    return len(connection.execute(select(table.c.checksum).where(is_damaged(table))).all())


def test_each_write_keeps_the_checksum(database: Database) -> None:
    make_key(database)
    stored_run(database, fit_body(name="a", tags={"b": "c"}), [[1.0, 2.0]] * 3, best=1)
    queue_run(database)
    with database.reading() as connection:
        for table in CHECKED:
            assert unsound(connection, table) == 0
        assert connection.execute(select(is_sound(runs_table)).select_from(runs_table)).scalars().all() == [1, 1]


@pytest.mark.parametrize("name", VALUES)
def test_a_change_past_the_program_is_found_also_after_later_writes(
    name: str, database: Database, settings: Settings
) -> None:
    make_key(database)
    run_id = stored_run(database, fit_body(), [[1.0, 2.0]] * 3)
    table, column, value = VALUES[name]
    damage(settings, table, column, value, "1")
    checked = next(each for each in CHECKED if each.name == table)
    with database.writing() as connection:
        assert unsound(connection, checked) == 1
        if table == "runs":
            connection.execute(update(checked).values(name="later", losses=3))
        assert unsound(connection, checked) == 1
        if table == "runs":
            assert run_deletion.remove(connection, run_id)


def test_a_damaged_lease_is_no_damage(database: Database, settings: Settings) -> None:
    run_id = stored_run(database, fit_body(), [[1.0, 2.0]], status=None, checkpoint=b"12345678")
    for column, value in (("lease_expires_at", "NULL"), ("lease_token", "'x'"), ("lease_owner", "x'ff'")):
        damage(settings, "runs", column, value, f"id = '{run_id}'")
    with database.writing() as connection:
        seq = connection.execute(select(runs_table.c.seq)).scalar_one()
        claim = job_queue.claim(connection, "other", 15.0, seq)
        assert claim is not None
        assert claim.run.id == run_id
        assert job_queue.renew(connection, claim, 15.0) == "running"


@pytest.mark.parametrize("value", ["NULL", "x'00'", "'text'", "zeroblob(8)"])
def test_a_run_with_a_damaged_checkpoint_fails(value: str, database: Database, settings: Settings) -> None:
    run_id = stored_run(database, fit_body(), [[1.0, 2.0]], status=None, checkpoint=b"12345678")
    damage(settings, "runs", "checkpoint", value, f"id = '{run_id}'")
    damage(settings, "runs", "lease_expires_at", "0.0", f"id = '{run_id}'")
    with database.writing() as connection:
        seq = connection.execute(select(runs_table.c.seq)).scalar_one()
        assert job_queue.claim(connection, "other", 15.0, seq) is None
        found = runs.find(connection, run_id)
    assert found is not None
    assert found.error is not None
    assert (found.status, found.error["code"]) == ("failed", "damaged_data")
