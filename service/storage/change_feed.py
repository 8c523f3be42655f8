"""Tells the threads and coroutines of a process that something was committed to the database, by any process."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Protocol

log = logging.getLogger("descent.change_feed")

FAILED_SECONDS = 1.0
"""The pause after a connection that failed."""


class Commits(Protocol):
    """What a kind of database knows of commits."""

    def has_changed(self) -> bool:
        """Whether anybody has committed since the last call."""

    def wait(self) -> None:
        """Returns when it is time to ask again."""

    def close(self) -> None:
        """Gives the connection back."""


class ChangeFeed:
    """Calls its subscribers after commits, on one thread that runs while there are any.

    It says neither what was committed nor how often: a subscriber looks for itself, and also looks once after it has
    subscribed, and from time to time, since the connection may fail. Safe to use from any thread.
    """

    def __init__(self, open_commits: Callable[[], Commits]) -> None:
        self._open_commits = open_commits
        self._lock = threading.Lock()
        self._subscribers: dict[object, Callable[[], None]] = {}
        self._thread: threading.Thread | None = None

    @contextmanager
    def subscribed(self, notify: Callable[[], None]) -> Iterator[None]:
        """`notify` is called inside the `with`; it must be quick and not raise."""
        key = object()
        with self._lock:
            self._subscribers[key] = notify
            if self._thread is None:
                self._thread = threading.Thread(target=self._watch, name="change-feed", daemon=True)
                self._thread.start()
        try:
            yield
        finally:
            with self._lock:
                del self._subscribers[key]

    def _watch(self) -> None:
        while not self._ends():
            try:
                self._follow()
            except Exception as error:  # noqa: BLE001 - a failing disk, no connection left: both pass
                log.warning("change_feed.failed error=%s", error)
                time.sleep(FAILED_SECONDS)

    def _follow(self) -> None:
        with closing(self._open_commits()) as commits:
            self._notify()  # what was committed before this connection counts
            while not self._is_idle():
                commits.wait()
                if commits.has_changed():
                    self._notify()

    def _notify(self) -> None:
        with self._lock:
            subscribers = list(self._subscribers.values())
        for notify in subscribers:
            notify()

    def _is_idle(self) -> bool:
        with self._lock:
            return not self._subscribers

    def _ends(self) -> bool:
        """Whether the thread ends, as the last subscriber has left; the next one starts another."""
        with self._lock:
            if self._subscribers:
                return False
            self._thread = None
            return True
