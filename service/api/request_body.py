"""Request bodies: limits on their size and, for large ones, on their number and memory."""

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
"""Larger bodies go to a temporary file and are parsed a few at a time."""
CLOSED = {"Connection": "close"}
"""For responses before the end of the body: the service does not read the rest."""
PARSED_AT_ONCE = 2
"""Large bodies parsed at the same time: parsing JSON takes fifty times its size in memory."""


class BodyReader:
    """Limits the large bodies of one process."""

    def __init__(self, settings: Settings) -> None:
        keys = policy.are_required(settings)
        self.arriving = ConcurrencyLimit(settings.max_streams, "large bodies being received", keys=keys)
        self._waiting = ConcurrencyLimit(settings.max_streams, "waiting large bodies", keys=keys)
        self._seconds = settings.max_request_seconds
        self._reading = asyncio.Semaphore(PARSED_AT_ONCE)

    @asynccontextmanager
    async def permit(self, user: str) -> AsyncIterator[None]:
        """Waits for permission to parse a large body.

        Raises UnavailableError after `max_request_seconds` or if too many bodies wait, TooManyRequestsError if too many
        of the user wait.
        """
        slot = self._waiting.take(user)
        try:
            async with asyncio.timeout(self._seconds):
                await self._reading.acquire()
        except TimeoutError:
            raise UnavailableError("Too many large bodies are waiting. Try again in a second.", headers=SOON) from None
        finally:
            self._waiting.leave(slot)
        try:
            yield
        finally:
            self._reading.release()


class Body:
    """The body of a request; entering the context receives it.

    Raises TooLargeError beyond `most` bytes; for a large body UnavailableError if too many are being received,
    TooManyRequestsError if too many of the user are, TooSlowError if the client stalls and another needs the slot.
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
        """The result of `read(bytes, *arguments)`, on a thread."""
        if self._large is None:
            return await run_in_threadpool(read, bytes(self._small), *arguments)
        return await self.read_as_file_by(lambda file: read(file.read(), *arguments))

    async def read_as_file_by(self, read: Callable[..., Result], *arguments: Any) -> Result:
        """The result of `read(file, *arguments)`, on a thread."""
        if self._large is None:
            return await run_in_threadpool(read, io.BytesIO(self._small), *arguments)
        self._large.seek(0)
        async with self._body_reader.permit(self._user):
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
                await self._receive_into_file(pieces)

    async def _receive_into_file(self, pieces: AsyncIterator[bytes]) -> None:
        try:
            async with self._body_reader.arriving.taken(self._user) as slot:
                slot.start_waiting()
                await self._write(slot)
                async for piece in pieces:
                    self._small += piece
                    if self._size + len(self._small) > self._most:
                        raise self._too_large()
                    if len(self._small) > LARGE_BYTES:  # smaller writes are not worth a thread
                        await self._write(slot)
                await self._write(slot)
        except TimeoutError:
            raise TooSlowError(
                "The body arrived too slowly while other requests were waiting.", headers=CLOSED
            ) from None

    async def _write(self, slot: Slot) -> None:
        """Moves the received bytes to the file, on a thread. The client is not charged for the time of the disk."""
        slot.stop_waiting()
        await run_in_threadpool(self._append)
        slot.start_waiting()
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
            f"The body exceeds {self._most} bytes. Send fewer rows, or upload the data to /datasets as a file.",
            headers=CLOSED,
            max_bytes=self._most,
        )
