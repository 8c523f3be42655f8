"""Middleware against cross-site requests: rejects changes from pages of other sites.

A browser lets any page send requests to this machine. The page cannot read the responses, except by DNS rebinding
(`trusted_host`), but a request alone can do harm. A service on loopback needs no API key, so it checks the origin.
"""

import re
from collections.abc import Iterable

from starlette.types import ASGIApp, Receive, Scope, Send

from service.api.http_methods import SAFE
from service.api.problem_details import problem

_ORIGIN = re.compile(r"https?://[^/*\s;,'\"]+")
OWN_SITE = (None, b"same-origin", b"none")


def origins_of(setting: str, text: str) -> list[str]:
    """The origins in the text of a setting. Raises ValueError for a malformed one."""
    origins = [entry.strip() for entry in text.split(",") if entry.strip()]
    for origin in origins:
        if not _ORIGIN.fullmatch(origin):
            raise ValueError(f"{setting}: {origin} is not an origin. Write it like https://lab.example:8443.")
    return origins


class Origins:
    """Answers 403 to unsafe requests from other origins."""

    def __init__(self, app: ASGIApp, origins: Iterable[str]) -> None:
        self._app = app
        self._allowed = {origin.encode() for origin in origins}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The response of the application, or 403."""
        if scope["type"] == "http" and scope["method"] not in SAFE and self._is_foreign(dict(scope["headers"])):
            detail = (
                "The request comes from a page of another site. To allow it, add its origin to DESCENT_CORS_ORIGINS."
            )
            await problem(403, detail)(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _is_foreign(self, headers: dict[bytes, bytes]) -> bool:
        origin = headers.get(b"origin")
        if origin in self._allowed:
            return False
        if origin is not None and origin.partition(b"://")[2] != headers.get(b"host"):
            return True
        return headers.get(b"sec-fetch-site") not in OWN_SITE
