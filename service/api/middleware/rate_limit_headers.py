"""Middleware that states the rate limit of the API key in its answers (draft-ietf-httpapi-ratelimit-headers-10)."""

from math import ceil

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.api.rate_limit import MINUTE, Quota

LIMIT, POLICY = "RateLimit", "RateLimit-Policy"


class RateLimitHeaders:
    """Adds the headers to the answers of requests with a key; others have no such limit."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The response of the application, with the headers."""

        async def send_with_limit(message: Message) -> None:
            quota: Quota | None = scope.get("state", {}).get("quota")
            if message["type"] == "http.response.start" and quota is not None:
                headers = MutableHeaders(raw=message["headers"])
                headers[POLICY] = f'"requests";q={quota.most};w={MINUTE:.0f}'
                headers[LIMIT] = f'"requests";r={quota.left};t={ceil(quota.seconds)}'
            await send(message)

        await self._app(scope, receive, send_with_limit)
