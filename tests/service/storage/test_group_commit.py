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
from service.storage.group_commit import GroupCommit


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


def write_together(database: Database, contents: list[str]) -> dict[int, str | Exception]:
    """Writes in concurrent threads: the test holds the turn until all threads wait for it."""
    answers: dict[int, str | Exception] = {}

    def write(index: int, content: str) -> None:
        try:
            answers[index] = database.group_commit.write(note(content))
        except DBAPIError as error:
            answers[index] = error

    threads = [threading.Thread(target=write, args=entry) for entry in enumerate(contents)]
    with database.group_commit._turn:
        for thread in threads:
            thread.start()
        while database.group_commit.waiting < len(contents):
            pass
    for thread in threads:
        thread.join()
    return answers


def count_transactions(database: Database) -> list[int]:
    """A counter of the transactions from now on."""
    begun = [0]

    @contextmanager
    def writing() -> Iterator[Connection]:
        begun[0] += 1
        with database.writing() as connection:
            yield connection

    database.group_commit = GroupCommit(writing)
    return begun


def test_waiting_writes_share_one_commit(notes: Database) -> None:
    commits: list[object] = []
    event.listen(notes.engine, "commit", commits.append)
    contents = [f"{number:02}" for number in range(30)]
    assert write_together(notes, contents) == dict(enumerate(contents))
    assert len(commits) == 1
    assert stored(notes) == contents


def test_a_failed_write_does_not_affect_the_others(notes: Database) -> None:
    answers = write_together(notes, ["a", "b", "a", "c"])
    failed = [index for index, answer in answers.items() if isinstance(answer, IntegrityError)]
    assert len(failed) == 1
    assert failed[0] in {0, 2}
    assert stored(notes) == ["a", "b", "c"]


def test_a_failed_write_causes_no_second_transaction(notes: Database) -> None:
    transactions = count_transactions(notes)
    write_together(notes, ["a", "b", "a", "c"])
    assert transactions == [1]


def test_failed_writes_alone_cause_no_commit(notes: Database) -> None:
    commits: list[object] = []
    write_together(notes, ["a"])
    event.listen(notes.engine, "commit", commits.append)
    assert [type(answer) for answer in write_together(notes, ["a", "a"]).values()] == 2 * [IntegrityError]
    assert commits == []


def test_writes_of_one_commit_share_one_timeout(notes: Database, settings: Settings) -> None:
    short_timeout = open_database(settings.database_url, 0.1)
    transactions = count_transactions(short_timeout)
    with notes.writing():
        answers = write_together(short_timeout, [f"{number}" for number in range(12)])
    assert [failure_of(answer) for answer in answers.values() if isinstance(answer, DBAPIError)] == 12 * [Failure.BUSY]
    assert transactions == [1]
    short_timeout.dispose()
    assert stored(notes) == []


def test_a_full_disk_fails_all_writes_of_the_commit(notes: Database) -> None:
    transactions = count_transactions(notes)
    with notes.writing() as connection:
        pages = connection.execute(text("PRAGMA page_count")).scalar_one()
    # A maximum size acts like a full disk. It belongs to a connection.
    event.listen(notes.engine, "begin", lambda connection: _bound(connection, pages + 20))
    answers = write_together(notes, ["a", "b", 200_000 * "c", "d"])
    assert [failure_of(answer) for answer in answers.values() if isinstance(answer, DBAPIError)] == 4 * [Failure.FULL]
    assert transactions == [1]
    assert stored(notes) == []


def _bound(connection: Connection, pages: int) -> None:
    connection.connection.cursor().execute(f"PRAGMA max_page_count = {pages}")


def test_a_failed_commit_is_not_acknowledged(notes: Database) -> None:
    with notes.writing() as connection:
        connection.execute(text("CREATE TABLE parents (id INTEGER PRIMARY KEY)"))
        connection.execute(text("CREATE TABLE children (id REFERENCES parents (id) DEFERRABLE INITIALLY DEFERRED)"))

    def orphan(connection: Connection) -> str:
        connection.execute(text("INSERT INTO children VALUES (1)"))  # fails at the commit
        return "stored"

    with pytest.raises(IntegrityError):
        notes.group_commit.write(orphan)
    with notes.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM children")).scalar() == 0
