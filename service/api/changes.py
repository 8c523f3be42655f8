"""Commits, for coroutines that wait for one."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from service.storage.change_feed import ChangeFeed

SAFETY_SECONDS = 1.0
"""The longest wait without a commit: a client may have left, the service may stop."""


class Changes:
    """What was committed since the last `wait`."""

    def __init__(self) -> None:
        self._event = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._event.set()  # what was committed before is to be looked at

    def notify(self) -> None:
        """Called on the feed's thread."""
        with suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(self._event.set)

    def set(self) -> None:
        """Reports a change, on the loop."""
        self._event.set()

    async def wait(self, seconds: float) -> bool:
        """Whether something was committed, within so many seconds or `SAFETY_SECONDS`."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._event.wait(), max(0.0, min(seconds, SAFETY_SECONDS)))
        changed = self._event.is_set()
        self._event.clear()
        return changed


@contextmanager
def changes_of(feed: ChangeFeed) -> Iterator[Changes]:
    """The changes as long as the `with` lasts."""
    changes = Changes()
    with feed.subscribed(changes.notify):
        yield changes
