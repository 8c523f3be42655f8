"""Middleware that answers HEAD like GET, without the content (RFC 9110, 9.3.2)."""

from anyio import CancelScope
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class HeadRequests:
    """Asks the application as by GET, and ends its work with the first piece of the content."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The head of the application's response to GET."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return
        with CancelScope() as work:

            async def send_head(message: Message) -> None:
                if message["type"] != "http.response.body":
                    await send(message)
                elif not work.cancel_called:  # a generator without a pause has more pieces
                    await send({"type": "http.response.body", "body": b""})
                    work.cancel()

            await self._app({**scope, "method": "GET"}, receive, send_head)
