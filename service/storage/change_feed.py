"""Change feed: notifications about commits by any process, for the threads and coroutines of this process."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Protocol

log = logging.getLogger("descent.change_feed")

FAILED_SECONDS = 1.0
"""Delay before reconnecting after an error."""


class Commits(Protocol):
    """Detector of commits, one implementation for each database system."""

    def has_changed(self) -> bool:
        """Whether another connection has committed since the last call."""

    def wait(self) -> None:
        """Sleeps until the next poll."""

    def close(self) -> None:
        """Closes the connection."""


class ChangeFeed:
    """Calls its subscribers after commits, on one thread that runs while there are subscribers.

    A notification carries no content and may cover several commits. A subscriber queries the database itself, also
    once after subscribing and at intervals, since the connection may fail. Thread-safe.
    """

    def __init__(self, open_commits: Callable[[], Commits]) -> None:
        self._open_commits = open_commits
        self._lock = threading.Lock()
        self._subscribers: dict[object, Callable[[], None]] = {}
        self._thread: threading.Thread | None = None

    @contextmanager
    def subscribed(self, notify: Callable[[], None]) -> Iterator[None]:
        """Context manager that calls `notify` after commits. `notify` must return quickly and not raise."""
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

    def wait_for_end(self) -> None:
        """Waits for the end of the thread, soon after the last subscriber has left; its connection is closed then."""
        with self._lock:
            thread = self._thread
        if thread is not None:
            thread.join(2 * FAILED_SECONDS)

    def _watch(self) -> None:
        while not self._ends():
            try:
                self._follow()
            except Exception as error:  # noqa: BLE001 - a failing disk or an exhausted pool is temporary
                log.warning("change_feed.failed error=%s", error)
                time.sleep(FAILED_SECONDS)

    def _follow(self) -> None:
        with closing(self._open_commits()) as commits:
            self._notify()  # covers commits before this connection
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
        """Whether the thread ends because there are no subscribers. The next subscriber starts a new thread."""
        with self._lock:
            if self._subscribers:
                return False
            self._thread = None
            return True
