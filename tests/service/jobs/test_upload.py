"""A large upload is stored in short transactions. Nobody sees it before the last one, and a crash leaves nothing."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import event, text
from sqlalchemy.exc import OperationalError

from service.core.exceptions import ConflictError, UnavailableError
from service.core.settings import Settings
from service.datasets.column_statistics import Columns
from service.datasets.ingest import Head, Incoming, described
from service.jobs.quotas import Quotas
from service.jobs.upload import store_upload
from service.storage import dataset_uploads, datasets, usage
from service.storage.database import Database
from service.storage.integrity.fsck import check
from service.storage.sqlite import purge
from tests.service.helpers import NOTHING, counts

BLOCKS = [np.random.default_rng(number).standard_normal((150_000, 4)) for number in range(4)]
"""Four times 4.8 MB."""


def of_blocks(name: str, target: str) -> Incoming:
    features = ["a", "b", "c"]
    columns = Columns([*features, target], ["number"] * 4, [None] * 4, [0] * 4, [0] * 4)
    head = Head(columns, features, target, [], [])
    return described(name, head, lambda: BLOCKS)


LARGE = of_blocks("large", "y")


@pytest.fixture
def quotas(settings: Settings) -> Quotas:
    return Quotas(settings)


def used(database: Database) -> int:
    with database.reading() as connection:
        return usage.stored_bytes(connection, None)


def interrupted(between: Callable[[int], Any]) -> Incoming:
    """The large dataset; `between(number)` is called before the block of this number is read."""

    def blocks() -> Iterator[Any]:
        for number, block in enumerate(BLOCKS):
            between(number)
            yield block

    return replace(LARGE, blocks=blocks)


def purge_all(database: Database) -> None:
    with database.writing() as connection:
        while purge.has_deleted(connection):
            purge.purge_slice(connection)


def test_no_transaction_writes_more_than_a_few_megabytes(database: Database, quotas: Quotas) -> None:
    written = [0]

    @event.listens_for(database.engine, "before_cursor_execute")
    def _measure(_connection: object, _cursor: object, statement: str, given: Any, *_: object) -> None:
        if statement == "BEGIN IMMEDIATE":
            written.append(0)
        elif "INTO dataset_chunks" in statement:
            written[-1] += sum(len(value) for value in given if isinstance(value, bytes | memoryview))

    store_upload(LARGE, database, quotas)
    assert sum(written) == sum(block.nbytes for block in BLOCKS)
    assert max(written) <= 1.5 * datasets.CHUNK_BYTES


def test_nobody_sees_the_rows_before_the_last_ones(api: TestClient, database: Database, quotas: Quotas) -> None:
    def look(number: int) -> None:
        assert database._write_lock.acquire(blocking=False)  # other threads can write
        database._write_lock.release()
        assert counts(database)["dataset_chunks"] >= number
        assert api.get("/datasets").json()["data"] == []
        assert api.get(f"/datasets/{LARGE.described.id}").status_code == 404
        assert used(database) == LARGE.described.stored_bytes
        purge_all(database)

    made = store_upload(interrupted(look), database, quotas)
    assert [each["id"] for each in api.get("/datasets").json()["data"]] == [made.id] == [LARGE.described.id]
    with database.reading() as connection:
        found = np.concatenate(list(datasets.read(connection, made)))
    assert np.array_equal(found, np.concatenate(BLOCKS))
    assert used(database) == LARGE.described.stored_bytes


def test_simultaneous_uploads_of_the_same_content_are_one_dataset(
    database: Database, settings: Settings, quotas: Quotas
) -> None:
    others = []

    def upload_again(number: int) -> None:
        if number == 2:
            others.append(store_upload(LARGE, database, quotas))

    made = store_upload(interrupted(upload_again), database, quotas)
    assert others == [made]
    assert used(database) == LARGE.described.stored_bytes
    purge_all(database)
    assert counts(database)["datasets"] == 1
    assert settings.database_file is not None
    assert not list(check(settings.database_file, lambda *_: None))


def test_a_failed_upload_is_purged(database: Database, quotas: Quotas) -> None:
    def fail(number: int) -> None:
        if number == 2:
            raise MemoryError

    with pytest.raises(MemoryError):
        store_upload(interrupted(fail), database, quotas)
    assert used(database) == 0
    purge_all(database)
    assert counts(database) == NOTHING
    store_upload(LARGE, database, quotas)
    assert counts(database)["datasets"] == 1


def test_the_error_of_an_upload_is_told_though_its_rows_cannot_be_left_to_the_purge(
    database: Database, quotas: Quotas, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(number: int) -> None:
        if number == 2:
            monkeypatch.setattr(dataset_uploads, "discard", _fail)
            raise MemoryError

    def _fail(*_: object) -> None:
        raise OperationalError("UPDATE", {}, Exception("database or disk is full"))

    with pytest.raises(MemoryError):
        store_upload(interrupted(fail), database, quotas)


def test_an_upload_that_a_crash_ended_is_purged_once_it_is_old(database: Database, settings: Settings) -> None:
    with database.writing() as connection:
        seq = dataset_uploads.begin(connection, LARGE.described)
        dataset_uploads.append(connection, seq, next(datasets.batches(BLOCKS)))
    purge_all(database)
    assert counts(database)["datasets"] == 1
    assert settings.database_file is not None
    assert not list(check(settings.database_file, lambda *_: None))
    with database.writing() as connection:
        old = time.time() - 2 * dataset_uploads.STALE_SECONDS
        connection.execute(text("UPDATE datasets SET created_at = :old"), {"old": old})
    purge_all(database)
    assert counts(database) == NOTHING


def test_an_upload_that_was_purged_as_stale_is_refused(database: Database, quotas: Quotas) -> None:
    def purge_it(number: int) -> None:
        if number == 2:
            with database.writing() as connection:
                connection.execute(text("UPDATE datasets SET created_at = 0"))
            purge_all(database)

    with pytest.raises(UnavailableError):
        store_upload(interrupted(purge_it), database, quotas)
    assert counts(database) == NOTHING


def test_simultaneous_uploads_do_not_exceed_the_number_of_datasets(database: Database, settings: Settings) -> None:
    quotas = Quotas(settings.model_copy(update={"max_stored_datasets": 1}))
    other = of_blocks("other", "z")

    def upload_other(number: int) -> None:
        if number == 2:
            store_upload(other, database, quotas)

    with pytest.raises(ConflictError):
        store_upload(interrupted(upload_other), database, quotas)
    purge_all(database)
    assert counts(database)["datasets"] == 1
