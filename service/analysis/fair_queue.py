"""Turns for users who wait: each user's work in the order in which it came, and the users in rotation."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Turns:
    """So many at once, of one event loop."""

    def __init__(self, most: int) -> None:
        self._free = most
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()

    @asynccontextmanager
    async def turn(self, user: str) -> AsyncIterator[None]:
        """The user's turn, awaited. The one who asks next waits behind one of every other user at most."""
        if self._free:
            self._free -= 1
        else:
            await self._called(user)
        try:
            yield
        finally:
            self._pass_on()

    async def _called(self, user: str) -> None:
        mine = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(user, deque()).append(mine)
        try:
            await mine
        except asyncio.CancelledError:
            if not mine.cancelled():  # the turn had just come
                self._pass_on()
            raise

    def _pass_on(self) -> None:
        while self._waiting:
            user, waiting = self._waiting.popitem(last=False)
            called = waiting.popleft()
            if waiting:
                self._waiting[user] = waiting  # behind all others
            if not called.done():
                called.set_result(None)
                return
        self._free += 1
