"""Places for work that goes at a client's pace: a few, and whoever dawdles loses his when another needs it."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from service.core.exceptions import UnavailableError

PATIENCE_SECONDS = 5.0
"""How long a client may keep a place waiting while others need one."""


class Slot:
    """One that is taken. `awaits_client` and `goes_on` say whose time it is."""

    def __init__(self, limit: asyncio.Timeout) -> None:
        self._limit = limit
        self._since: float | None = None

    def awaits_client(self) -> None:
        """From now on the client is waited for."""
        self._since = time.monotonic()

    def goes_on(self) -> None:
        """The client has done its part."""
        self._since = None

    @property
    def waited(self) -> float:
        """For how many seconds the client has been waited for."""
        return 0.0 if self._since is None else time.monotonic() - self._since

    def give_up(self) -> None:
        """Ends the work."""
        self._limit.reschedule(0.0)


class ConcurrencyLimit:
    """So many places, in one process. `what` names those who take them, for the one who finds none."""

    def __init__(self, most: int, what: str) -> None:
        self._most, self._what = most, what
        self._taken: set[Slot] = set()

    @asynccontextmanager
    async def taken(self) -> AsyncIterator[Slot]:
        """A place. Raises UnavailableError if there is none, and TimeoutError at the end if it had to be given up."""
        if len(self._taken) >= self._most:
            self._make_room()
        async with asyncio.timeout(None) as limit:
            place = Slot(limit)
            self._taken.add(place)
            try:
                yield place
            finally:
                self._taken.discard(place)

    def _make_room(self) -> None:
        slowest = max(self._taken, key=lambda place: place.waited)
        if slowest.waited < PATIENCE_SECONDS:
            raise UnavailableError(
                f"There are too many {self._what} at once. Try again in a second.", headers={"Retry-After": "1"}
            )
        slowest.give_up()
        self._taken.discard(slowest)
