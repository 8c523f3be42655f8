"""Middleware that measures how long requests wait for the beginning of their answers."""

import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.api.request_times import RequestTimes

NO_ROUTE = "none"
"""The route of a request for a file of the page or an unknown path, or refused for its host or origin."""


class RequestTiming:
    """Adds each answer to `times`. The time in which a slow client reads it does not count."""

    def __init__(self, app: ASGIApp, times: RequestTimes) -> None:
        self._app, self._times = app, times

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The response of the application."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()

        async def measure(message: Message) -> None:
            if message["type"] == "http.response.start":
                route = getattr(scope.get("route"), "path", NO_ROUTE)
                self._times.add(scope["method"], route, message["status"], time.perf_counter() - began)
            await send(message)

        await self._app(scope, receive, measure)
