"""Request bodies: limits on their size and, for large ones, on their number and memory."""

import io
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import IO, Any, TypeVar

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from service.api.app_state import state_of
from service.api.middleware.abandonment import while_connected
from service.api.streaming import look_up
from service.core.concurrency_limit import Slot
from service.core.exceptions import TooLargeError, TooSlowError
from service.storage.database import Database

Read = TypeVar("Read")
Result = TypeVar("Result")

LARGE_BYTES = 256 * 1024
"""Larger bodies go to a temporary file and are parsed a few at a time."""
FEW_VALUES, MOST_VALUES = 1_000, 20_000
"""Commas of a JSON body. One with few is parsed at once, in less than 0.5 ms. A thread parses one with at most
MOST_VALUES, in turn among users, in 6 ms; that of a sweep, as a part of its long task. The event loop then stalls for
4.5 ms, on a busy machine for 8 ms; with 50,000 values for 7 and 24 ms. A process parses a body with more.

The first such body waits about a second for the start of the process. The service does not start it early: the process
takes 0.6 s of processor and 59 MB, and ends after five minutes without a body, which few services get."""
CLOSED = {"Connection": "close"}
"""For responses before the end of the body: the service does not read the rest."""


class Body:
    """The body of a request; entering the context receives it. One of few values is parsed without a turn.

    Raises TooLargeError beyond `most` bytes; for a large body UnavailableError if too many are being received,
    TooManyRequestsError if too many of the user are, TooSlowError if the client stalls and another needs the slot.
    """

    def __init__(self, request: Request, most: int) -> None:
        self._request, self._most = request, most
        state = state_of(request)
        self._body_reader, self._short_writes, self._long_tasks = (
            state.body_reader,
            state.short_writes,
            state.long_tasks,
        )
        self._user: str = request.state.user
        self._small = bytearray()
        self._large: IO[bytes] | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None
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

    async def read_by(self, read: Callable[..., Read], database: Database, *arguments: Any) -> Read:
        """The result of `read(bytes, database, *arguments)`, by another process if the body has many values.

        Function, arguments and result are picklable.
        """
        return await self.answered_by(lambda found: found, read, database, *arguments)

    async def answered_by(
        self, answer: Callable[[Read], Result], read: Callable[..., Read], database: Database, *arguments: Any
    ) -> Result:
        """The result of `answer`, which writes nothing, for that of `read`, as of `read_by`."""
        return await self._used_by(partial(look_up, self._request), answer, read, database, arguments)

    async def stored_by(
        self, store: Callable[[Read], Result], read: Callable[..., Read], database: Database, *arguments: Any
    ) -> Result:
        """The result of `store`, a short write in turn, for that of `read`, as of `read_by`."""
        return await self._used_by(partial(self._short_writes.do, self._user), store, read, database, arguments)

    async def used_by_long_task(
        self, use: Callable[[Read], Result], read: Callable[..., Read], database: Database, *arguments: Any
    ) -> Result:
        """The result of `use`, for that of `read`, as of `read_by`; both are one long task. Waits for its turn."""
        do = partial(self._long_tasks.do, self._user)
        return await self._used_by(do, use, read, database, arguments, is_long=True)

    async def _used_by(
        self,
        do: Callable[[Callable[[], Result]], Awaitable[Result]],
        use: Callable[[Read], Result],
        read: Callable[..., Read],
        database: Database,
        arguments: tuple[Any, ...],
        *,
        is_long: bool = False,
    ) -> Result:
        """The result of `use`, by `do`, for that of `read`.

        One thread reads and uses a body of few values: a change of threads costs half as much as either. A long task
        reads up to MOST_VALUES on its thread. Its larger body is read before, and keeps its turn until the task is
        done, since what waits takes much memory.
        """
        values = self._small.count(b",") if self._large is None else MOST_VALUES + 1
        if values <= (MOST_VALUES if is_long else FEW_VALUES):
            return await do(lambda: use(read(bytes(self._small), database, *arguments)))
        is_large = values > MOST_VALUES
        with while_connected(self._request.scope):
            async with self._body_reader.permit(self._user, is_large=is_large):
                content = await run_in_threadpool(self._content)
                if is_large:
                    found = await self._body_reader.read(self._user, read, content, arguments)
                else:
                    found = await run_in_threadpool(read, content, database, *arguments)
                if is_long:
                    return await do(partial(use, found))
        return await do(partial(use, found))

    async def read_as_file_by(self, read: Callable[..., Result], *arguments: Any) -> Result:
        """The result of `read(file, *arguments)`, on a thread. A small file takes its turn too: it needs tens of ms."""
        file: IO[bytes] = io.BytesIO(self._small) if self._large is None else self._large
        file.seek(0)
        async with self._body_reader.permit(self._user, is_large=self._large is not None):
            return await run_in_threadpool(read, file, *arguments)

    def begins_with(self, mark: bytes) -> bool:
        """Whether the content begins with these bytes."""
        if self._large is None:
            return self._small.startswith(mark)
        self._large.seek(0)
        return self._large.read(len(mark)) == mark

    async def rewrite_by(self, write: Callable[..., None], *arguments: Any) -> None:
        """Replaces the content by what `write(source, database, target, *arguments)` writes to the file `target`.

        By another process, whose time and memory are bounded; the arguments are picklable.
        """
        with while_connected(self._request.scope):
            async with self._body_reader.permit(self._user, is_large=True):
                self._folder = await run_in_threadpool(tempfile.TemporaryDirectory)
                source, target = Path(self._folder.name) / "source", Path(self._folder.name) / "target"
                await run_in_threadpool(self._copy_to, source)
                await self._body_reader.read(self._user, write, source, (target, *arguments))
                self._close_file()
                self._large = await run_in_threadpool(target.open, "rb")

    def _copy_to(self, target: Path) -> None:
        with target.open("wb") as copy:
            copy.write(self._small)
            if self._large is not None:
                self._large.seek(0)
                shutil.copyfileobj(self._large, copy)

    def _content(self) -> bytes:
        if self._large is None:
            return bytes(self._small)
        self._large.seek(0)
        return self._large.read()

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
        self._close_file()
        if self._folder is not None:
            self._folder.cleanup()

    def _close_file(self) -> None:
        if self._large is not None:
            self._large.close()

    def _too_large(self) -> TooLargeError:
        return TooLargeError(
            f"The body exceeds {self._most} bytes. Send fewer rows, or upload the data to /datasets as a file.",
            headers=CLOSED,
            max_bytes=self._most,
        )
