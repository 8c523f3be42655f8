"""Concurrency limit with a fair share for each user. When all slots are taken, the longest-stalled client loses one.

A user is an API key, or the address of the client if the service requires no keys. A user may take a share of the
slots that the other users leave: a key a quarter, an address half, since many people may have one address. So some
users, however greedy, never take the last slots: after four keys with a full share 31 % are free, after eight 10 %.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager

from service.core.exceptions import ApiError, TooManyRequestsError, UnavailableError

PATIENCE_SECONDS = 5.0
"""The time for which a client may stall its slot while other clients need one."""
KEY_SHARE, ADDRESS_SHARE = 0.25, 0.5
"""The share of the slots that a user may take of those that the other users leave."""
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
        self._most, self._share = most, KEY_SHARE if keys else ADDRESS_SHARE
        self._work, self._keys = work, keys
        self._taken: set[Slot] = set()

    def take(self, user: str) -> Slot:
        """A slot, which the caller frees by `leave`.

        Raises TooManyRequestsError if the user has its share of the slots, UnavailableError if all are taken.
        """
        slowest = self._in_the_way(user)
        if slowest is not None:
            slowest.abort()
            self._taken.discard(slowest)
        slot = Slot(user)
        self._taken.add(slot)
        return slot

    def check(self, user: str) -> None:
        """Raises as `take` does, before the work that a slot is for is prepared, and takes none."""
        self._in_the_way(user)

    @property
    def in_use(self) -> int:
        """The number of slots that are taken."""
        return len(self._taken)

    def use(self, user: str) -> int:
        """The number of slots that the user has."""
        return sum(slot.user == user for slot in self._taken)

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

    def _in_the_way(self, user: str) -> Slot | None:
        """The longest-stalled slot, which another one of the user needs; None if there is room. Raises as `take`."""
        own = [slot for slot in self._taken if slot.user == user]
        left = self._most - len(self._taken) + len(own)
        if len(own) >= max(1, int(left * self._share)):
            return _slowest(own, self._share_taken)
        return _slowest(self._taken, self._all_taken) if len(self._taken) >= self._most else None

    def _share_taken(self) -> TooManyRequestsError:
        user = "API key" if self._keys else "address"
        return TooManyRequestsError(
            f"This {user} has its share of the {self._work}. Wait for one to end, or try again in a second.",
            headers=SOON,
        )

    def _all_taken(self) -> UnavailableError:
        return UnavailableError(f"The service has too many {self._work}. Try again in a second.", headers=SOON)


def _slowest(taken: Collection[Slot], error: Callable[[], ApiError]) -> Slot:
    """The longest-stalled slot. Raises `error` if none is stalled for PATIENCE_SECONDS."""
    slowest = max(taken, key=lambda slot: slot.waited, default=None)
    if slowest is None or slowest.waited < PATIENCE_SECONDS:
        raise error()
    return slowest
