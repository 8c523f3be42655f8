"""Group commit: no write is lost, harmed by another write, or acknowledged before its commit."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Connection, event, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from service.core.settings import Settings
from service.storage.connect import open_database
from service.storage.database import Database
from service.storage.errors import Failure, failure_of
from service.storage.group_commit import Batch


@pytest.fixture
def notes(database: Database) -> Database:
    """A database with a table of unique notes."""
    with database.writing() as connection:
        connection.execute(text("CREATE TABLE notes (note TEXT UNIQUE)"))
    return database


def note(content: str) -> Callable[[Connection], str]:
    def work(connection: Connection) -> str:
        connection.execute(text("INSERT INTO notes VALUES (:note)"), {"note": content})
        return content

    return work


def stored(database: Database) -> list[str]:
    with database.reading() as connection:
        return sorted(connection.execute(text("SELECT note FROM notes")).scalars())


def together(database: Database, contents: list[str]) -> dict[int, str | Exception]:
    """Writes all at once: the turn is held until every thread waits for it."""
    answers: dict[int, str | Exception] = {}

    def write(place: int, content: str) -> None:
        try:
            answers[place] = database.batch.write(note(content))
        except DBAPIError as error:
            answers[place] = error

    threads = [threading.Thread(target=write, args=entry) for entry in enumerate(contents)]
    with database.batch._turn:
        for thread in threads:
            thread.start()
        while len(database.batch._waiting) < len(contents):
            pass
    for thread in threads:
        thread.join()
    return answers


def counted(database: Database) -> list[int]:
    """How many transactions are begun from now on."""
    begun = [0]

    @contextmanager
    def writing() -> Iterator[Connection]:
        begun[0] += 1
        with database.writing() as connection:
            yield connection

    database.batch = Batch(writing)
    return begun


def test_writes_that_wait_together_are_one_commit(notes: Database) -> None:
    commits: list[object] = []
    event.listen(notes.engine, "commit", commits.append)
    contents = [f"{number:02}" for number in range(30)]
    assert together(notes, contents) == dict(enumerate(contents))
    assert len(commits) == 1
    assert stored(notes) == contents


def test_ones_mistake_is_its_own(notes: Database) -> None:
    answers = together(notes, ["a", "b", "a", "c"])
    failed = [place for place, answer in answers.items() if isinstance(answer, IntegrityError)]
    assert len(failed) == 1
    assert failed[0] in {0, 2}
    assert stored(notes) == ["a", "b", "c"]


def test_the_others_need_no_second_transaction_for_ones_mistake(notes: Database) -> None:
    transactions = counted(notes)
    together(notes, ["a", "b", "a", "c"])
    assert transactions == [1]


def test_what_stores_nothing_is_no_commit(notes: Database) -> None:
    commits: list[object] = []
    together(notes, ["a"])
    event.listen(notes.engine, "commit", commits.append)
    assert [type(answer) for answer in together(notes, ["a", "a"]).values()] == 2 * [IntegrityError]
    assert commits == []


def test_a_busy_database_is_waited_for_once_by_all_who_share_a_commit(notes: Database, settings: Settings) -> None:
    hasty = open_database(settings.database_url, 0.1)
    transactions = counted(hasty)
    with notes.writing():
        answers = together(hasty, [f"{number}" for number in range(12)])
    assert [failure_of(answer) for answer in answers.values() if isinstance(answer, DBAPIError)] == 12 * [Failure.BUSY]
    assert transactions == [1]
    hasty.dispose()
    assert stored(notes) == []


def test_a_full_disk_that_one_of_them_notices_is_the_failure_of_all(notes: Database) -> None:
    transactions = counted(notes)
    with notes.writing() as connection:
        pages = connection.execute(text("PRAGMA page_count")).scalar_one()
    # SQLite's own bound on the file is what a full disk is to it; each connection has its own.
    event.listen(notes.engine, "begin", lambda connection: _bound(connection, pages + 20))
    answers = together(notes, ["a", "b", 200_000 * "c", "d"])
    assert [failure_of(answer) for answer in answers.values() if isinstance(answer, DBAPIError)] == 4 * [Failure.FULL]
    assert transactions == [1]
    assert stored(notes) == []


def _bound(connection: Connection, pages: int) -> None:
    connection.connection.cursor().execute(f"PRAGMA max_page_count = {pages}")


def test_nothing_is_acknowledged_that_is_not_committed(notes: Database) -> None:
    with notes.writing() as connection:
        connection.execute(text("CREATE TABLE parents (id INTEGER PRIMARY KEY)"))
        connection.execute(text("CREATE TABLE children (id REFERENCES parents (id) DEFERRABLE INITIALLY DEFERRED)"))

    def orphan(connection: Connection) -> str:
        connection.execute(text("INSERT INTO children VALUES (1)"))  # refused at the commit only
        return "stored"

    with pytest.raises(IntegrityError):
        notes.batch.write(orphan)
    with notes.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM children")).scalar() == 0
