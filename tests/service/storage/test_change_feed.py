"""The change feed notifies subscribers about commits of any process."""

import threading

from sqlalchemy import text

from service.core.settings import Settings
from service.storage.database import Database

SECONDS = 20


def commit(database: Database) -> None:
    with database.writing() as connection:
        connection.execute(text("UPDATE runs SET name = name"))


def test_subscribers_are_notified_about_commits_of_any_process(settings: Settings, database: Database) -> None:
    other = Database(settings.database_url)
    changed = threading.Event()
    with database.change_feed.subscribed(changed.set):
        assert changed.wait(SECONDS), "a subscriber is notified about earlier commits"
        for committing in (database, other, database):
            changed.clear()
            commit(committing)
            assert changed.wait(SECONDS)
    other.dispose()


def test_all_subscribers_share_one_thread_which_ends_with_the_last_one(database: Database) -> None:
    first, second = threading.Event(), threading.Event()
    feed = database.change_feed
    with feed.subscribed(first.set):
        thread = feed._thread
        with feed.subscribed(second.set):
            commit(database)
            assert first.wait(SECONDS)
            assert second.wait(SECONDS)
            assert feed._thread is thread
    assert thread is not None
    thread.join(SECONDS)
    assert not thread.is_alive()
    first.clear()
    with feed.subscribed(first.set):
        assert first.wait(SECONDS)


def test_the_thread_has_ended_when_the_database_is_disposed_of(settings: Settings) -> None:
    """Else it could use SQLAlchemy while the interpreter exits, which prints a traceback."""
    database, changed = Database(settings.database_url), threading.Event()
    with database.change_feed.subscribed(changed.set):
        assert changed.wait(SECONDS)
        thread = database.change_feed._thread
    database.dispose()
    assert thread is not None
    assert not thread.is_alive()
