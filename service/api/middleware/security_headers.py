"""Security headers of every response.

They forbid other sites to frame, embed or open a response, and let a browser trust its media type alone. The sites of
DESCENT_FRAME_ANCESTORS may frame any response, and embed pictures.
"""

import base64
import hashlib

from starlette.datastructures import Headers as RequestHeaders
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.api.middleware.cross_origin import origins_of
from service.core.settings import Settings

NO_FRAMES = "frame-ancestors 'none'"
"""A part of every policy."""
ALWAYS = {
    b"content-security-policy": f"default-src 'none'; {NO_FRAMES}".encode(),
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
    f"object-src 'none'; base-uri 'none'; form-action 'none'; {NO_FRAMES}",
    "Cache-Control": "no-cache",
}


PICTURES = (".svg", ".png")


class Headers:
    """Adds the headers to every response, errors included. Raises ValueError for a malformed origin in the settings."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._ancestors = origins_of("DESCENT_FRAME_ANCESTORS", settings.frame_ancestors)
        self._headers = ALWAYS | (_WITH_KEYS if settings.requires_keys else {})
        if self._ancestors:
            self._headers = {name: value for name, value in self._headers.items() if name != b"x-frame-options"}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The response of the application, with the headers."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                present = {name for name, _ in message["headers"]}
                own = ((name, value) for name, value in self._headers.items() if name not in present)
                message["headers"] = [*message["headers"], *own]
                self._admit_ancestors(scope, message)
            await send(message)

        await self._app(scope, receive, send_with_headers)

    def _admit_ancestors(self, scope: Scope, message: Message) -> None:
        """Lets the sites of the settings frame the response, and embed a picture.

        Cross-Origin-Resource-Policy names no sites, so a picture is for any site only if one of these asks for it.
        """
        if not self._ancestors:
            return
        headers = MutableHeaders(raw=message["headers"])
        frames = f"frame-ancestors {' '.join(self._ancestors)}"
        headers["content-security-policy"] = headers["content-security-policy"].replace(NO_FRAMES, frames)
        if scope["path"].endswith(PICTURES):
            headers.add_vary_header("Referer")
            if _origin(RequestHeaders(scope=scope).get("referer", "")) in self._ancestors:
                headers["cross-origin-resource-policy"] = "cross-origin"


def _origin(address: str) -> str:
    """The origin of an address: https://lab.example of https://lab.example/course."""
    return "/".join(address.split("/", 3)[:3])
