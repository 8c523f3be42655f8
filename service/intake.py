"""Bodies as they come in: bounded in size, and the large ones in number and in the memory that they take."""

import asyncio
import io
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import IO, Any, NoReturn, TypeVar

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from service.errors import TooLargeError, UnavailableError
from service.settings import Settings

Result = TypeVar("Result")

LARGE_BYTES = 256 * 1024
"""What is larger waits in a file, and is read when it is its turn."""
READ_AT_ONCE = 2
"""Large bodies: a JSON body takes fifty times its size in memory while it is read."""


class Intake:
    """Where the large bodies of one process wait for their turn."""

    def __init__(self, settings: Settings) -> None:
        self.seconds = settings.max_request_seconds
        self.arriving = asyncio.Semaphore(settings.max_streams)
        self._reading = asyncio.Semaphore(READ_AT_ONCE)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """The turn to be read. Raises UnavailableError if it does not come in time."""
        try:
            async with asyncio.timeout(self.seconds):
                await self._reading.acquire()
        except TimeoutError:
            _too_many("Too many large bodies wait to be read.")
        try:
            yield
        finally:
            self._reading.release()


class Body:
    """The body of a request, as a context manager that receives it.

    Raises TooLargeError as soon as there is too much of it, UnavailableError if too many large ones come in at once.
    """

    def __init__(self, request: Request, most: int) -> None:
        self._request, self._most = request, most
        self._intake: Intake = request.app.state.intake
        self._small = bytearray()
        self._large: IO[bytes] | None = None

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
        async with self._intake.turn():
            return await run_in_threadpool(read, self._large, *arguments)

    async def _receive(self) -> None:
        declared = self._request.headers.get("content-length", "")
        if declared.isascii() and declared.isdigit() and int(declared) > self._most:
            self._too_large()
        size = 0
        async for piece in self._request.stream():
            size += len(piece)
            if size > self._most:
                self._too_large()
            if self._large is not None:
                self._large.write(piece)
            elif size <= LARGE_BYTES:
                self._small += piece
            else:
                await self._go_on_in_a_file(piece)

    async def _go_on_in_a_file(self, piece: bytes) -> None:
        if self._intake.arriving.locked():
            _too_many("Too many large bodies come in at once.")
        await self._intake.arriving.acquire()
        try:
            self._large = tempfile.TemporaryFile()  # noqa: SIM115 - closed at the end
        except BaseException:
            self._intake.arriving.release()
            raise
        self._large.write(self._small)
        self._large.write(piece)
        self._small.clear()

    def _close(self) -> None:
        if self._large is not None:
            self._large.close()
            self._intake.arriving.release()

    def _too_large(self) -> NoReturn:
        raise TooLargeError(
            f"The body has more than {self._most} bytes. Send fewer rows, or upload the data as a file to /datasets.",
            headers={"Connection": "close"},
            max_bytes=self._most,
        )


def _too_many(what: str) -> NoReturn:
    raise UnavailableError(f"{what} Try again in a second.", headers={"Retry-After": "1", "Connection": "close"})
