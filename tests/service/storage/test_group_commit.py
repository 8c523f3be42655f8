"""Writes that come together share a transaction: none is lost, none harms another, none is acknowledged too early."""

import threading
from collections.abc import Callable

import pytest
from sqlalchemy import Connection, event, text
from sqlalchemy.exc import IntegrityError

from service.storage.database import Database


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
        except IntegrityError as error:
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
