"""Streamed responses, at the pace of the client."""

import logging
from collections.abc import Mapping
from contextlib import suppress

from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import ContentStream, StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from service.api import error_handlers
from service.core.concurrency_limit import ConcurrencyLimit
from service.storage.errors import CorruptError, GoneError

log = logging.getLogger("descent.api")


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

                with suppress(GoneError):
                    await super().__call__(scope, receive, send_on)
        except TimeoutError:
            log.warning("api.slow_reader path=%s: disconnected, another response needed the slot", scope["path"])
        except (SQLAlchemyError, CorruptError) as error:
            error_handlers.log_database_error(scope["path"], error)
