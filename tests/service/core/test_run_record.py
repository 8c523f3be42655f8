"""The record of a run: its fields, its width, its status."""

from typing import get_type_hints

import pytest
from sqlalchemy import inspect

from service.core.dataset_record import Dataset
from service.core.run_record import Run, RunColumns
from service.core.run_status import RunStatus
from service.core.sweep_record import Sweep
from service.storage import fair_shares, run_list, runs, tables
from service.storage.database import Database
from service.storage.run_list import Asked
from tests.service.storage.helpers import queue_run

STORAGE_ONLY = {"checkpoint", "checkpoint_checksum", "checksum", "idempotency_key", "step_bytes", "stored_bytes"}
KEPT_BY_TRIGGERS = {"checksum"}
OBSOLETE = {"former_key"}


def test_a_record_has_every_column_except_those_of_the_storage_alone(database: Database) -> None:
    with database.reading() as connection:
        columns = {
            table: {each["name"] for each in inspect(connection).get_columns(table)} - OBSOLETE
            for table in ("runs", "datasets", "sweeps")
        }
    facts = {name for name in Run._fields if name not in tables.runs.c}
    assert {*Run._fields} - facts == columns["runs"] - STORAGE_ONLY
    assert {name.removeprefix("dataset_") for name in facts} < columns["datasets"]
    assert {*Dataset._fields} == columns["datasets"] - STORAGE_ONLY
    assert {*Sweep._fields} == columns["sweeps"] - KEPT_BY_TRIGGERS


def test_the_writable_columns_of_a_run_have_the_types_of_its_record() -> None:
    assert {*RunColumns.__annotations__} == {*tables.runs.c.keys()} - {"seq"} - OBSOLETE - KEPT_BY_TRIGGERS
    written, read = get_type_hints(RunColumns), get_type_hints(Run)
    assert {name: written[name] for name in {*written} - STORAGE_ONLY} == {
        name: read[name] for name in {*written} - STORAGE_ONLY
    }


def test_every_query_gives_the_same_record(database: Database) -> None:
    run_id = queue_run(database, tags={"a": "b"})
    with database.writing() as connection:
        found = runs.find(connection, run_id)
        assert found is not None
        assert runs.find_by_seq(connection, found.seq) == runs.find(connection, "latest") == found
        assert list(run_list.page(connection, Asked(tag=("a", "b")), limit=1)) == [found]
        claim = fair_shares.claim(connection, "w", 60.0)
        assert claim is not None
        assert claim.run == runs.find(connection, run_id)
    assert isinstance(found.status, RunStatus)
    assert (found.width, found.last_step, found.best_step, found.is_finished) == (3, 0, None, False)
    assert (found.dataset_features, found.dataset_target, found.dataset_rows) == (["x"], "y", 3)
    assert found.tags == {"a": "b"}


def test_a_record_is_immutable(database: Database) -> None:
    queue_run(database)
    with database.reading() as connection:
        run = runs.find(connection, "latest")
    with pytest.raises(AttributeError):
        run.rows_done = 3  # type: ignore[misc, union-attr]
