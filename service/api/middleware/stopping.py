"""Middleware that answers the requests which the end of the service cancels."""

from asyncio import CancelledError

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.api.http_methods import SAFE
from service.api.problem_details import problem

UNAVAILABLE = 503
AGAIN = "The service is stopping. Send the request again in some seconds."
LOOK = (
    "The service is stopping. It may have carried out this request: look before you send it again, or repeat it with "
    "the same Idempotency-Key."
)
"""For a request that writes, whose thread goes on to its end."""


class Stopping:
    """Answers with 503 where the server cancels a request without an answer, which uvicorn would report as an error."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The response of the application, if it comes in time."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        has_begun = False

        async def begin(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await self._app(scope, receive, begin)
        except CancelledError:
            if not has_begun:
                headers = {"Retry-After": "1", "Connection": "close"}
                answer = problem(UNAVAILABLE, AGAIN if scope["method"] in SAFE else LOOK, headers=headers)
                await answer(scope, receive, send)
