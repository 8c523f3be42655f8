"""Answers as gzip, for clients that take it.

An answer that is there as a whole is compressed at once. One that is sent as it comes is compressed piece by piece, and
only for clients on other machines: at 80 MB/s, to two fifths of the size, that gains where a network is slower than
650 Mbit/s, while on loopback a long trajectory would take several times as long.
"""

import zlib
from collections.abc import Iterable
from typing import Any

from fastapi.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.api.content_negotiation import qualities
from service.api.media_types import CSV, JSON, NDJSON, PROBLEM_JSON, SVG
from service.auth import policy

TEXT = frozenset(
    {
        "application/javascript",
        JSON,
        PROBLEM_JSON,
        NDJSON,
        SVG,
        "text/css",
        CSV,
        "text/html",
        "text/javascript",
        "text/plain",
    }
)
"""What is compressed. Else it is compressed already; or events, which shall not wait for each other."""
LEAST_BYTES = 1024
"""A shorter answer fits into the packet that carries its headers."""
THREAD_BYTES = 64 * 1024
"""From this size on, compressing would hold up the other requests."""
WHOLE_LEVEL, STREAM_LEVEL = 4, 1
GZIP_FORMAT = 16 + zlib.MAX_WBITS
PARTIAL, NOT_MODIFIED = 206, 304
TAG_END = '-gzip"'
"""A strong ETag names bytes: those of the compressed answer have one of their own (RFC 9110, 8.8.3)."""


class Compression:
    """Compresses the app's answers. Inside, every ETag is that of the answer as it is."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The app's answer, as gzip where that is better."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        asked = Headers(scope=scope)
        answer = _Answer(send, asked, is_near=_is_near(scope))
        if TAG_END in asked.get("if-none-match", ""):
            scope = {**scope, "headers": _with_plain_tags(scope["headers"])}
        await self._app(scope, receive, answer.send)


class _Answer:
    """An answer on its way. With the first piece of its body it is decided how it is sent."""

    def __init__(self, send: Send, asked: Headers, *, is_near: bool) -> None:
        self._send = send
        self._takes_gzip = takes_gzip(asked.get("accept-encoding", ""))
        self._known_tags = asked.get("if-none-match", "")
        self._is_near = is_near
        self._start: Message | None = None
        """The beginning, while it waits for the first piece."""
        self._gzip: Any = None

    async def send(self, message: Message) -> None:
        """A message of the app's."""
        if message["type"] == "http.response.start":
            await self._begin(message)
        elif message["type"] == "http.response.body":
            await self._go_on(message)
        else:
            await self._send(message)

    async def _begin(self, start: Message) -> None:
        headers = MutableHeaders(raw=start["headers"])
        headers.add_vary_header("Accept-Encoding")
        if start["status"] == NOT_MODIFIED and _tag_of_gzip(headers.get("etag", "")) in self._known_tags:
            headers["etag"] = _tag_of_gzip(headers["etag"])  # of the two, the one that the client has
        if "content-encoding" in headers:
            headers["etag"] = _tag_of_gzip(headers["etag"])
            await self._send(start)
            return
        kind = headers.get("content-type", "").partition(";")[0]
        if self._takes_gzip and kind in TEXT and start["status"] != PARTIAL:
            self._start = start
        else:
            await self._send(start)

    async def _go_on(self, message: Message) -> None:
        body, more = message.get("body", b""), message.get("more_body", False)
        if self._start is not None:
            start, self._start = self._start, None
            if not self._is_near if more else len(body) >= LEAST_BYTES:
                self._gzip = zlib.compressobj(STREAM_LEVEL if more else WHOLE_LEVEL, zlib.DEFLATED, GZIP_FORMAT)
                message["body"] = await self._compressed(body, more=more)
                _say_so(start, None if more else len(message["body"]))
            await self._send(start)
        elif self._gzip is not None:
            message["body"] = await self._compressed(body, more=more)
        await self._send(message)

    async def _compressed(self, body: bytes, *, more: bool) -> bytes:
        """A piece, all that was given so far being in it or before it."""
        if len(body) < THREAD_BYTES:
            return _press(self._gzip, body, more=more)
        return await run_in_threadpool(_press, self._gzip, body, more=more)


def _press(gzip: Any, body: bytes, *, more: bool) -> bytes:
    compressed: bytes = gzip.compress(body) + gzip.flush(zlib.Z_SYNC_FLUSH if more else zlib.Z_FINISH)
    return compressed


def _say_so(start: Message, length: int | None) -> None:
    headers = MutableHeaders(raw=start["headers"])
    headers["content-encoding"] = "gzip"
    if "etag" in headers:
        headers["etag"] = _tag_of_gzip(headers["etag"])
    if length is None:
        del headers["content-length"]
    else:
        headers["content-length"] = str(length)
    del headers["accept-ranges"]


def _tag_of_gzip(etag: str) -> str:
    return etag.removesuffix('"') + TAG_END


def _with_plain_tags(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """If-None-Match as if the answers had come as they are: of either form, the client has what is in it."""
    end = TAG_END.encode()
    return [(name, value.replace(end, b'"') if name == b"if-none-match" else value) for name, value in headers]


def _is_near(scope: Scope) -> bool:
    """Whether the client is on this machine. Behind a proxy on it, that is the proxy's client."""
    client = scope.get("client")
    return client is not None and policy.is_loopback(client[0])


def takes_gzip(accepted: str) -> bool:
    """Whether a client that says so in Accept-Encoding takes gzip, and likes it no less than the answer as it is."""
    told = qualities(accepted)
    liking = told.get("gzip", told.get("*", 0.0))
    return liking > 0 and liking >= told.get("identity", 0.0)
