"""Readers: the threads that read stored objects."""

from collections.abc import AsyncIterator, Callable, Iterator
from typing import TypeVar

from fastapi.concurrency import run_in_threadpool

from service.core.concurrency_limit import ConcurrencyLimit
from service.core.fair_queue import FairQueue

PIECE_BYTES = 128 * 1024
"""Each slow reader costs two or three times as much memory: the piece, its copy in the connection, the next numbers."""
READERS = 2
"""Threads that read at the same time: more would only contend for the interpreter."""
Result = TypeVar("Result")


class Readers:
    """Reads stored objects on a few threads, in rotation among users, so that nobody waits for all those of another.

    `lists` has the slots of the lists that are being read or wait for a thread.
    """

    def __init__(self, lists: ConcurrencyLimit) -> None:
        self.lists = lists
        self._queue = FairQueue(READERS)

    async def read_list(self, user: str, look: Callable[[], Result]) -> Result:
        """The result of a `look` of some ten milliseconds, on a thread.

        Raises UnavailableError if all slots are taken, TooManyRequestsError if the user has its share.
        """
        async with self.lists.taken(user):
            return await self.read(user, look)

    async def read(self, user: str, look: Callable[[], Result]) -> Result:
        """The result of a short `look`, on a thread."""
        async with self._queue.turn(user):
            return await run_in_threadpool(look)

    async def pieces(self, user: str, parts: Iterator[bytes]) -> AsyncIterator[bytes]:
        """The same bytes in pieces of at least PIECE_BYTES, except for the last. Each part has a turn."""
        found: list[bytes] = []  # empty while it waits for the client
        size = 0
        while (part := await self.read(user, lambda: next(parts, None))) is not None:
            found.append(part)
            size += len(part)
            del part
            if size >= PIECE_BYTES:
                piece = b"".join(found)
                found.clear()
                size = 0
                yield piece
                del piece
        yield b"".join(found)
