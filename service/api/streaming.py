"""Answers that are sent as they come, at their reader's pace."""

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
    """An answer on its way. It holds no thread and no transaction while it waits for its reader, only a place."""

    def __init__(
        self, places: ConcurrencyLimit, user: str, content: ContentStream, media_type: str, headers: Mapping[str, str]
    ) -> None:
        super().__init__(content, media_type=media_type, headers=headers)
        self._limit, self._user = places, user

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Raises UnavailableError if too many are being sent, TooManyRequestsError if too many to this user.

        What goes wrong on the way breaks the connection off: the answer has begun, and only so can a client see it.
        """
        try:
            async with self._limit.taken(self._user) as place:

                async def send_on(message: Message) -> None:
                    place.awaits_client()
                    await send(message)
                    place.goes_on()

                with suppress(GoneError):
                    await super().__call__(scope, receive, send_on)
        except TimeoutError:
            log.warning("api.slow_reader path=%s: another needed its place, and it was cut off", scope["path"])
        except (SQLAlchemyError, CorruptError) as error:
            error_handlers.log_database_error(scope["path"], error)
