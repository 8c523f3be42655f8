"""Bodies as they come in: bounded in size, and the large ones in number and in the memory that they take."""

import asyncio
import io
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import IO, Any, TypeVar

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from service.auth import policy
from service.core.concurrency_limit import SOON, ConcurrencyLimit, Slot
from service.core.exceptions import TooLargeError, TooSlowError, UnavailableError
from service.core.settings import Settings

Result = TypeVar("Result")

LARGE_BYTES = 256 * 1024
"""What is larger waits in a file, and is read when it is its turn."""
CLOSED = {"Connection": "close"}
"""For an answer that comes before the body has: the rest is not waited for."""
READ_AT_ONCE = 2
"""Large bodies: a JSON body takes fifty times its size in memory while it is read."""


class BodyReader:
    """Where the large bodies of one process wait for their turn."""

    def __init__(self, settings: Settings) -> None:
        keys = policy.are_required(settings)
        self.arriving = ConcurrencyLimit(settings.max_streams, "large bodies that come in", keys=keys)
        self._waiting = ConcurrencyLimit(settings.max_streams, "large bodies that wait", keys=keys)
        self._seconds = settings.max_request_seconds
        self._reading = asyncio.Semaphore(READ_AT_ONCE)

    @asynccontextmanager
    async def turn(self, user: str) -> AsyncIterator[None]:
        """The turn to be read.

        Raises UnavailableError if it does not come in time, or too many wait already, TooManyRequestsError if too many
        of the user's do.
        """
        place = self._waiting.take(user)
        try:
            async with asyncio.timeout(self._seconds):
                await self._reading.acquire()
        except TimeoutError:
            raise UnavailableError("Too many large bodies wait. Try again in a second.", headers=SOON) from None
        finally:
            self._waiting.leave(place)
        try:
            yield
        finally:
            self._reading.release()


class Body:
    """The body of a request, as a context manager that receives it.

    Raises TooLargeError as soon as there is too much of it; UnavailableError if too many large ones come in at once,
    TooManyRequestsError if too many of the user's do, TooSlowError if another needs the place of one that hardly comes.
    """

    def __init__(self, request: Request, most: int) -> None:
        self._request, self._most = request, most
        self._body_reader: BodyReader = request.app.state.body_reader
        self._user: str = request.state.user
        self._small = bytearray()
        self._large: IO[bytes] | None = None
        self._size = 0
        """Bytes in the file."""

    async def __aenter__(self) -> "Body":
        try:
            await self._receive()
        except BaseException:
            self._close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        self._close()

    async def read_by(self, read: Callable[..., Result], *arguments: Any) -> Result:
        """What `read(bytes, *arguments)` gives, on a thread."""
        if self._large is None:
            return await run_in_threadpool(read, bytes(self._small), *arguments)
        return await self.read_as_file_by(lambda file: read(file.read(), *arguments))

    async def read_as_file_by(self, read: Callable[..., Result], *arguments: Any) -> Result:
        """What `read(file, *arguments)` gives, on a thread."""
        if self._large is None:
            return await run_in_threadpool(read, io.BytesIO(self._small), *arguments)
        self._large.seek(0)
        async with self._body_reader.turn(self._user):
            return await run_in_threadpool(read, self._large, *arguments)

    async def _receive(self) -> None:
        declared = self._request.headers.get("content-length", "")
        if declared.isascii() and declared.isdigit() and int(declared) > self._most:
            raise self._too_large()
        pieces = self._request.stream()
        async for piece in pieces:
            self._small += piece
            if len(self._small) > self._most:
                raise self._too_large()
            if len(self._small) > LARGE_BYTES:
                await self._go_on_in_a_file(pieces)

    async def _go_on_in_a_file(self, pieces: AsyncIterator[bytes]) -> None:
        try:
            async with self._body_reader.arriving.taken(self._user) as place:
                place.awaits_client()
                await self._write(place)
                async for piece in pieces:
                    self._small += piece
                    if self._size + len(self._small) > self._most:
                        raise self._too_large()
                    if len(self._small) > LARGE_BYTES:  # less is not worth a thread, nor waiting for
                        await self._write(place)
                await self._write(place)
        except TimeoutError:
            raise TooSlowError("The body came too slowly, and others were waiting.", headers=CLOSED) from None

    async def _write(self, place: Slot) -> None:
        """Moves what has come into the file, on a thread: the disk may take its time, which is not the client's."""
        place.goes_on()
        await run_in_threadpool(self._append)
        place.awaits_client()
        self._size += len(self._small)
        self._small.clear()

    def _append(self) -> None:
        if self._large is None:
            self._large = tempfile.TemporaryFile()  # noqa: SIM115 - closed at the end
        self._large.write(self._small)

    def _close(self) -> None:
        if self._large is not None:
            self._large.close()

    def _too_large(self) -> TooLargeError:
        return TooLargeError(
            f"The body has more than {self._most} bytes. Send fewer rows, or upload the data as a file to /datasets.",
            headers=CLOSED,
            max_bytes=self._most,
        )
