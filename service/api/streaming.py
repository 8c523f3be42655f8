"""Streamed responses, at the pace of the client."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress

from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import ContentStream, StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from service.api import error_handlers
from service.core.concurrency_limit import ConcurrencyLimit, Slot
from service.storage.errors import CorruptError, GoneError

log = logging.getLogger("descent.api")

KEY_SECONDS = 0.4
"""The time between two checks of the API key of a response. With the age of a cached key, it is below a second."""


class Stream(StreamingResponse):
    """A streamed response. Waiting for the client, it holds a slot of the limit, but no thread and no transaction."""

    def __init__(
        self, limit: ConcurrencyLimit, user: str, content: ContentStream, media_type: str, headers: Mapping[str, str]
    ) -> None:
        super().__init__(content, media_type=media_type, headers=headers)
        self._limit, self._user = limit, user

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Raises UnavailableError if all slots are taken, TooManyRequestsError if the user has its share.

        A later error closes the connection: the response has started, and nothing else tells the client.
        """
        try:
            async with self._limit.taken(self._user) as slot:

                async def send_on(message: Message) -> None:
                    slot.start_waiting()
                    await send(message)
                    slot.stop_waiting()

                watch = asyncio.create_task(_abort_without_key(scope, slot))
                try:
                    with suppress(GoneError):
                        await super().__call__(scope, receive, send_on)
                finally:
                    watch.cancel()
        except TimeoutError:
            log.warning("api.aborted path=%s: the key ended, or another response needed the slot", scope["path"])
        except (SQLAlchemyError, CorruptError) as error:
            error_handlers.log_database_error(scope["path"], error)


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
