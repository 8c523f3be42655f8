"""Concurrency limit with a fair share for each user. When all slots are taken, the longest-stalled client loses one.

A user is an API key, or the address of the client if the service requires no keys. An API key has at most a quarter of
the slots, so that other keys always find a free one. Many people may share one address: an address has all slots, and
a quarter only while another address competes.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager

from service.core.exceptions import ApiError, TooManyRequestsError, UnavailableError

PATIENCE_SECONDS = 5.0
"""The time for which a client may stall its slot while other clients need one."""
USERS = 4
"""The number of users whose shares add up to all slots."""
COMPETING_SECONDS = 10.0
"""The time for which a refused address counts as a competitor."""
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

    def abort(self) -> None:
        """Ends the work of the slot."""
        if self.limit is not None:
            self.limit.reschedule(0.0)


class ConcurrencyLimit:
    """A limit of `most` slots in one process.

    `work` names the limited work in messages. `keys` states whether users are API keys or addresses.
    """

    def __init__(self, most: int, work: str, *, keys: bool) -> None:
        self._most, self._share = most, max(1, most // USERS)
        self._work, self._keys = work, keys
        self._taken: set[Slot] = set()
        self._refused: dict[str, float] = {}

    def take(self, user: str) -> Slot:
        """A slot, which the caller frees by `leave`.

        Raises TooManyRequestsError if the user has its share of the slots, UnavailableError if all are taken.
        """
        own = [slot for slot in self._taken if slot.user == user]
        if len(own) >= self._share and (self._keys or self._has_competitors(user)):
            self._evict_slowest(own, self._share_taken())
        elif len(self._taken) >= self._most:
            self._refused[user] = time.monotonic()
            self._evict_slowest(self._taken, self._all_taken())
        slot = Slot(user)
        self._taken.add(slot)
        return slot

    def leave(self, slot: Slot) -> None:
        """Frees the slot. An aborted slot is free already."""
        self._taken.discard(slot)

    @asynccontextmanager
    async def taken(self, user: str) -> AsyncIterator[Slot]:
        """A slot inside `async with`. Raises TimeoutError if the slot was aborted."""
        slot = self.take(user)
        try:
            async with asyncio.timeout(None) as slot.limit:
                yield slot
        finally:
            self.leave(slot)

    def _has_competitors(self, user: str) -> bool:
        oldest = time.monotonic() - COMPETING_SECONDS
        self._refused = {name: moment for name, moment in self._refused.items() if moment > oldest}
        return any(slot.user != user for slot in self._taken) or any(name != user for name in self._refused)

    def _evict_slowest(self, taken: Collection[Slot], error: ApiError) -> None:
        """Frees the longest-stalled slot. Raises `error` if no slot is stalled for PATIENCE_SECONDS."""
        slowest = max(taken, key=lambda slot: slot.waited, default=None)
        if slowest is None or slowest.waited < PATIENCE_SECONDS:
            raise error
        slowest.abort()
        self._taken.discard(slowest)

    def _share_taken(self) -> TooManyRequestsError:
        user = "API key" if self._keys else "address"
        return TooManyRequestsError(
            f"This {user} has its share of the {self._work}. Wait for one to end, or try again in a second.",
            headers=SOON,
        )

    def _all_taken(self) -> UnavailableError:
        return UnavailableError(f"The service has too many {self._work}. Try again in a second.", headers=SOON)
