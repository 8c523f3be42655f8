"""Places for work that goes at a client's pace: a few, shared out among users; the slowest gives way to another.

A user is an API key, or the client's address where no keys are asked for. A key may have a quarter of the places, so
that others find room whatever it does. Many people may share an address: it may have all of them, and a quarter only
while another address asks, too.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager

from service.core.exceptions import ApiError, TooManyRequestsError, UnavailableError

PATIENCE_SECONDS = 5.0
"""How long a client may keep a place waiting while others need one."""
USERS = 4
"""So many users fill all places together."""
COMPETING_SECONDS = 10.0
"""How long an address that found no place counts as one that asks."""
SOON = {"Retry-After": "1"}


class Slot:
    """A taken slot, with the time for which it waits for its client."""

    def __init__(self, user: str) -> None:
        self.user = user
        self.limit: asyncio.Timeout | None = None
        self._since: float | None = None

    def start_waiting(self) -> None:
        """Starts the time of waiting for the client."""
        self._since = time.monotonic()

    def stop_waiting(self) -> None:
        """Ends the time of waiting for the client."""
        self._since = None

    @property
    def waited(self) -> float:
        """Seconds of waiting for the client so far."""
        return 0.0 if self._since is None else time.monotonic() - self._since

    def give_up(self) -> None:
        """Ends the work."""
        if self.limit is not None:
            self.limit.reschedule(0.0)


class ConcurrencyLimit:
    """So many places, in one process. `what` names the work, for those who find none.

    `keys` says that users are API keys, which have a share of their own, and not addresses.
    """

    def __init__(self, most: int, what: str, *, keys: bool) -> None:
        self._most, self._share = most, max(1, most // USERS)
        self._what, self._keys = what, keys
        self._taken: set[Slot] = set()
        self._refused: dict[str, float] = {}

    def take(self, user: str) -> Slot:
        """A place, to be left in the end.

        Raises TooManyRequestsError if the user has its share of them, UnavailableError if all are taken.
        """
        own = [place for place in self._taken if place.user == user]
        if len(own) >= self._share and (self._keys or self._is_wanted_by_others(user)):
            self._make_room(own, self._beyond_share())
        elif len(self._taken) >= self._most:
            self._refused[user] = time.monotonic()
            self._make_room(self._taken, self._full())
        place = Slot(user)
        self._taken.add(place)
        return place

    def leave(self, place: Slot) -> None:
        """Frees the place; one that had to be given up is free already."""
        self._taken.discard(place)

    @asynccontextmanager
    async def taken(self, user: str) -> AsyncIterator[Slot]:
        """The same for a while. Raises TimeoutError at the end if the place had to be given up."""
        place = self.take(user)
        try:
            async with asyncio.timeout(None) as place.limit:
                yield place
        finally:
            self.leave(place)

    def _is_wanted_by_others(self, user: str) -> bool:
        lately = time.monotonic() - COMPETING_SECONDS
        self._refused = {name: moment for name, moment in self._refused.items() if moment > lately}
        return any(place.user != user for place in self._taken) or any(name != user for name in self._refused)

    def _make_room(self, taken: Collection[Slot], error: ApiError) -> None:
        slowest = max(taken, key=lambda place: place.waited, default=None)
        if slowest is None or slowest.waited < PATIENCE_SECONDS:
            raise error
        slowest.give_up()
        self._taken.discard(slowest)

    def _beyond_share(self) -> TooManyRequestsError:
        user = "API key" if self._keys else "address"
        return TooManyRequestsError(
            f"This {user} has its share of the {self._what}. Let one end, or try again in a second.", headers=SOON
        )

    def _full(self) -> UnavailableError:
        return UnavailableError(f"There are too many {self._what} at once. Try again in a second.", headers=SOON)
