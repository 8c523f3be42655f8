"""Middleware that gives every request an id, which connects the logs of client, proxy and service."""

import re
import secrets

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.core.request_id import REQUEST_ID

HEADER = "X-Request-Id"
TAKEN_OVER = re.compile(r"[!-~]{1,128}")
"""An id of the client or the proxy: visible characters of ASCII, which forge no line of a log."""


class RequestIds:
    """Answers with the id of the request, or a new one if it has none or an invalid one."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The response of the application, with the id."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get(HEADER, "")
        request_id = given if TAKEN_OVER.fullmatch(given) else secrets.token_hex(8)

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(raw=message["headers"])[HEADER] = request_id
            await send(message)

        REQUEST_ID.set(request_id)  # not reset: each request has its own task, whose last lines are the server's
        await self._app(scope, receive, send_with_id)
