"""Streamed responses, at the pace of the client."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from functools import partial
from typing import TypeVar

from fastapi.concurrency import run_in_threadpool
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from service.api import error_handlers
from service.api.app_state import state_of
from service.api.middleware.abandonment import break_off
from service.api.readers import PIECE_BYTES
from service.core import process_limits
from service.core.concurrency_limit import ConcurrencyLimit, Slot
from service.storage.errors import CorruptError, GoneError

log = logging.getLogger("descent.api")

KEY_SECONDS = 0.4
"""The time between two checks of the API key of a response. With the age of a cached key, it is below a second."""
FEW_STREAMS, LARGE_PIECE_BYTES = 8, 512 * 1024
"""A piece is so large while at most FEW_STREAMS answers are being sent: each change of threads takes 0.13 ms."""
RETURN_SECONDS = 1.0
Result = TypeVar("Result")


async def look_up(request: Request, look: Callable[..., Result], *arguments: object) -> Result:
    """The result of a short `look` with these arguments, on a reader's thread, in the turn of the user who asks."""
    return await state_of(request).readers.read(request.state.user, partial(look, *arguments))


def piece_bytes(streams: ConcurrencyLimit) -> int:
    """The size of the next piece of an answer."""
    return LARGE_PIECE_BYTES if streams.in_use <= FEW_STREAMS else PIECE_BYTES


class Stream(StreamingResponse):
    """A streamed response. Waiting for the client, it holds a slot of the limit, but no thread and no transaction.

    `whole_bytes` is the size of a first piece that is not the whole content. `close` is called at the end, also of an
    answer that is refused.
    """

    def __init__(
        self,
        limit: ConcurrencyLimit,
        user: str,
        content: AsyncIterator[bytes],
        media_type: str,
        headers: Mapping[str, str],
        *,
        whole_bytes: int = 0,
        close: Callable[[], None] | None = None,
    ) -> None:
        super().__init__(content, media_type=media_type, headers=headers)
        self._limit, self._user, self._content, self._whole_bytes = limit, user, content, whole_bytes
        self._given_headers, self._close = headers, close

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Raises UnavailableError if all slots are taken, TooManyRequestsError if the user has its share.

        An error before the first piece is raised. A later one breaks off: the response has started.
        """
        try:
            async with self._limit.taken(self._user) as slot:
                first = await anext(self._content)
                if len(first) < self._whole_bytes:
                    whole = Response(first, headers=self._given_headers, media_type=self.media_type)
                    await whole(scope, receive, send)
                    return

                async def send_on(message: Message) -> None:
                    slot.start_waiting()
                    await send(message)
                    slot.stop_waiting()

                watch = asyncio.create_task(_abort_without_key(scope, slot))
                try:
                    await self._send_rest(first, scope, receive, send_on)
                finally:
                    watch.cancel()
        except TimeoutError:
            log.warning("api.aborted path=%s: the key ended, or another response needed the slot", scope["path"])
            break_off(scope)
        finally:
            if self._close is not None:
                self._close()
            _return_memory_soon()

    async def _send_rest(self, first: bytes, scope: Scope, receive: Receive, send: Send) -> None:
        self.body_iterator = _chained(first, self._content)
        try:
            await super().__call__(scope, receive, send)
        except GoneError:
            log.info("api.deleted path=%s: the object was deleted during its transfer", scope["path"])
            break_off(scope)
        except (SQLAlchemyError, CorruptError) as error:
            error_handlers.log_database_error(scope["path"], error)
            break_off(scope)


_returning: set[asyncio.Task[None]] = set()


def _return_memory_soon() -> None:
    """Returns free memory to the system in RETURN_SECONDS, once for all answers that end until then."""
    if not _returning:
        task = asyncio.create_task(_return_memory())
        _returning.add(task)
        task.add_done_callback(_returning.discard)


async def _return_memory() -> None:
    await asyncio.sleep(RETURN_SECONDS)
    await run_in_threadpool(process_limits.return_memory)


async def _chained(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for piece in rest:
        yield piece


async def _abort_without_key(scope: Scope, slot: Slot) -> None:
    """Ends the response once its API key is revoked or expired."""
    is_admitted: Callable[[], Awaitable[bool]] = scope["state"]["is_admitted"]
    while await _is(is_admitted):
        await asyncio.sleep(KEY_SECONDS)
    slot.abort()


async def _is(admitted: Callable[[], Awaitable[bool]]) -> bool:
    """Whether the key is usable. While the database fails, the last answer holds."""
    try:
        return await admitted()
    except SQLAlchemyError:
        return True
