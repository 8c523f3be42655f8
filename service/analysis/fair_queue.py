"""Fair queue: first in, first out for each user, and round robin between users."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class FairQueue:
    """A queue for at most `most` concurrent tasks of one event loop."""

    def __init__(self, most: int) -> None:
        self._free = most
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()

    @asynccontextmanager
    async def turn(self, user: str) -> AsyncIterator[None]:
        """Waits for the user's turn. The first task of a user waits for at most one task of each other user."""
        if self._free:
            self._free -= 1
        else:
            await self._wait(user)
        try:
            yield
        finally:
            self._wake_next()

    async def _wait(self, user: str) -> None:
        turn = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(user, deque()).append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():  # the turn came before the cancellation
                self._wake_next()
            raise

    def _wake_next(self) -> None:
        while self._waiting:
            user, waiting = self._waiting.popitem(last=False)
            turn = waiting.popleft()
            if waiting:
                self._waiting[user] = waiting  # to the end of the rotation
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1
