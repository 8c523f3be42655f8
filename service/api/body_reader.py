"""Limits on the bodies that need time or memory, and the processes that parse the largest JSON."""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures.process import BrokenProcessPool
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from pebble import ProcessExpired

from service.api.body_process import begin, read_body
from service.core.concurrency_limit import SOON, ConcurrencyLimit
from service.core.exceptions import TooLargeError, UnavailableError
from service.core.fair_queue import FairQueue
from service.core.process_pool import TOO_LATE, WAIT_FACTOR, Processes
from service.core.settings import Settings

Read = TypeVar("Read")

PARSED_AT_ONCE = 2
"""Large bodies, and small ones, parsed at the same time: parsing JSON takes fifty times its size in memory."""


class BodyReader:
    """Limits the bodies of one process that need time or memory, and parses the largest JSON by other processes."""

    def __init__(self, settings: Settings) -> None:
        keys = settings.requires_keys
        self.arriving = ConcurrencyLimit(settings.max_streams, "large bodies being received", keys=keys)
        self.waiting = ConcurrencyLimit(settings.max_streams, "waiting bodies", keys=keys)
        self._seconds = settings.max_request_seconds
        self._reading = {is_large: FairQueue(PARSED_AT_ONCE) for is_large in (False, True)}
        self._processes = Processes(PARSED_AT_ONCE, settings, begin)

    def use(self, user: str) -> int:
        """The number of large bodies that the user sends, or that wait, whichever is larger: each has its limit."""
        return max(self.arriving.use(user), self.waiting.use(user))

    @asynccontextmanager
    async def permit(self, user: str, *, is_large: bool) -> AsyncIterator[None]:
        """Waits for permission to parse a body, in rotation among users. A small one does not wait for large ones.

        Raises UnavailableError after `max_request_seconds` or if too many bodies wait, TooManyRequestsError if too many
        of the user wait.
        """
        slot = self.waiting.take(user)
        async with AsyncExitStack() as stack:
            try:
                async with asyncio.timeout(self._seconds):
                    await stack.enter_async_context(self._reading[is_large].turn(user))
            except TimeoutError:
                raise UnavailableError("Too many bodies wait. Try again in a second.", headers=SOON) from None
            finally:
                self.waiting.leave(slot)
            yield

    async def read(
        self, user: str, read: Callable[..., Read], content: bytes | Path, arguments: tuple[Any, ...]
    ) -> Read:
        """The result of `read(content, database, *arguments)`, by a process with the database.

        Parsing JSON holds the interpreter, 0.2 s for a MiB of short numbers: on a thread everybody would wait for it.
        """
        longest = WAIT_FACTOR * self._seconds
        timeout = asyncio.timeout(longest)
        try:
            async with timeout:
                found: Read = await self._processes.run(
                    user, read_body, read, content, *arguments, seconds=self._seconds
                )
        except (MemoryError, TimeoutError):
            if timeout.expired():
                raise UnavailableError(TOO_LATE.format(longest), headers=SOON) from None
            raise TooLargeError("Parsing the body needs too much time or memory. Upload the data as CSV.") from None
        except (ProcessExpired, BrokenProcessPool):
            raise UnavailableError("The process died that parsed the body. Try again.", headers=SOON) from None
        return found

    def close(self) -> None:
        """Ends the processes."""
        self._processes.close()
