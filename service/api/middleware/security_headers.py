"""Security headers of every response.

They forbid other sites to frame, embed or open a response, and let a browser trust its media type alone.
"""

import base64
import hashlib

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.core.settings import Settings

ALWAYS = {
    b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    b"referrer-policy": b"no-referrer",
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
}
"""Headers of responses without their own: data for pages of the same origin, not to be framed."""
_WITH_KEYS = {b"cache-control": b"no-store"}
IMPORT_MAP = b'{"imports":{"/static/":"./static/"}}'
"""The import map of the pages: a part of them, since no browser loads one from a file."""
_DIGEST = base64.b64encode(hashlib.sha256(IMPORT_MAP).digest()).decode()
PAGE_HEADERS = {
    "Content-Security-Policy": f"default-src 'self'; script-src 'self' 'sha256-{_DIGEST}'; img-src 'self' data:; "
    "object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-cache",
}


class Headers:
    """Adds the headers to every response, errors included."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._headers = list((ALWAYS | (_WITH_KEYS if settings.requires_keys else {})).items())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The response of the application, with the headers."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                present = {name for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], *(own for own in self._headers if own[0] not in present)]
            await send(message)

        await self._app(scope, receive, send_with_headers)
