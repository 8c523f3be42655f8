"""Fair queue: first in, first out for each user, and round robin between users."""

import asyncio
from collections import Counter, OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class FairQueue:
    """A queue for at most `most` concurrent tasks of one event loop; one user has all but one of them.

    So the first task of a user rarely waits for a task of another, unless `most` is 1.
    """

    def __init__(self, most: int) -> None:
        self._free, self._each = most, max(1, most - 1)
        self._running: Counter[str] = Counter()
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()

    @asynccontextmanager
    async def turn(self, user: str) -> AsyncIterator[None]:
        """Waits for the user's turn. The first task of a user waits for at most one task of each other user."""
        if self._free and self._running[user] < self._each:
            self._start(user)
        else:
            await self._wait(user)
        try:
            yield
        finally:
            self._end(user)

    def _start(self, user: str) -> None:
        self._free -= 1
        self._running[user] += 1

    def _end(self, user: str) -> None:
        self._free += 1
        self._running[user] -= 1
        if not self._running[user]:
            del self._running[user]
        self._wake_next()

    async def _wait(self, user: str) -> None:
        turn = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(user, deque()).append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.cancelled():
                self._remove(user, turn)
            else:  # the turn came before the cancellation
                self._end(user)
            raise

    def _wake_next(self) -> None:
        """Starts the next task of the first user in the rotation that may have one more."""
        while self._free and (user := self._next_user()):
            turn = self._waiting[user][0]
            self._waiting.move_to_end(user)
            self._remove(user, turn)
            if not turn.done():  # a task that is being cancelled has not left the queue yet
                self._start(user)
                turn.set_result(None)
                return

    def _next_user(self) -> str | None:
        return next((each for each in self._waiting if self._running[each] < self._each), None)

    def _remove(self, user: str, turn: asyncio.Future[None]) -> None:
        waiting = self._waiting.get(user, deque())
        if turn in waiting:
            waiting.remove(turn)
        if not waiting:
            self._waiting.pop(user, None)
