"""What keeps other people's web pages away from the service: headers, the names it answers to, the origins it heeds.

A browser lets any page send requests to this machine. The page cannot read the answers, unless its own name leads here
(DNS rebinding); but what is only sent may do harm too. Keys stop both; a service on loopback asks for none.
"""

import re
from collections.abc import Iterable

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service import access
from service.core.exceptions import problem
from service.core.settings import Settings

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that only look."""
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})
PROBES = frozenset({"/livez", "/readyz"})
"""They tell nobody anything, and orchestrators call them by whatever address."""
OWN_SITE = (None, b"same-origin", b"none")

ALWAYS = {
    b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    b"referrer-policy": b"no-referrer",
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
}
"""What an answer says of itself unless it says otherwise: data, to be shown in no page, and its own one's alone."""
_WITH_KEYS = {b"cache-control": b"no-store"}
PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; object-src 'none'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-cache",
}


class Headers:
    """Adds the headers of every answer, errors included."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._headers = list((ALWAYS | (_WITH_KEYS if access.are_required(settings) else {})).items())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The app's answer, with them."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                said = {name for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], *(own for own in self._headers if own[0] not in said)]
            await send(message)

        await self._app(scope, receive, send_with_headers)


class Origins:
    """Refuses what other sites' pages would change here."""

    def __init__(self, app: ASGIApp, origins: Iterable[str]) -> None:
        self._app = app
        self._allowed = {origin.encode() for origin in origins}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The app's answer, or 403."""
        if scope["type"] == "http" and scope["method"] not in SAFE and self._is_foreign(dict(scope["headers"])):
            detail = "A page of another site asked for this. Set DESCENT_CORS_ORIGINS to its origin if it may."
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


class Hosts:
    """Answers only to the names that are the service's own."""

    def __init__(self, app: ASGIApp, names: Iterable[str]) -> None:
        self._app = app
        self._names = {name.lower().encode() for name in names}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The app's answer, or 421."""
        if scope["type"] == "http" and scope["path"] not in PROBES and not self._is_own(scope["headers"]):
            detail = (
                "The service does not answer to this name (header Host). Add it to DESCENT_ALLOWED_HOSTS if it should."
            )
            await problem(421, detail)(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _is_own(self, headers: list[tuple[bytes, bytes]]) -> bool:
        hosts = [value for name, value in headers if name == b"host"]
        return len(hosts) == 1 and re.sub(rb":[0-9]*\Z", b"", hosts[0]).lower() in self._names


def protect(app: FastAPI, settings: Settings) -> None:
    """Heeds the origins that the settings name, and no other. Raises ValueError for what is no origin."""
    origins = _entries(settings.cors_origins)
    for origin in origins:
        if not re.fullmatch(r"https?://[^/*]+", origin):
            raise ValueError(f"DESCENT_CORS_ORIGINS: {origin} is no origin. Write it like https://lab.example:8443.")
    app.add_middleware(Origins, origins=origins)
    if origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=origins,
            allow_methods=["GET", "POST", "DELETE"],
            allow_headers=[
                "Authorization",
                "Content-Type",
                "Idempotency-Key",
                "If-None-Match",
                "Last-Event-ID",
                "Prefer",
            ],
            expose_headers=["ETag", "Location", "Preference-Applied", "Retry-After"],
        )


def check_hosts(app: FastAPI, settings: Settings) -> None:
    """Has the app answer only to its own names: where keys keep strangers out, only if the settings name some."""
    names = set(_entries(settings.allowed_hosts))
    if not access.are_required(settings):
        names |= {*LOOPBACK_NAMES, f"[{settings.host}]" if ":" in settings.host else settings.host}
    if names:
        app.add_middleware(Hosts, names=names)


def _entries(text: str) -> list[str]:
    return [entry.strip() for entry in text.split(",") if entry.strip()]
