"""Connections to clients: how many there may be, and how long one may keep the service waiting.

uvicorn by itself waits for ever for a request that does not come to its end and for a reader who does not read on, and
takes headers of any length. Here every connection has a time by which a whole request must have come, and one by which
a reader must have taken the next part of an answer.
"""

from asyncio import BaseTransport, TimerHandle
from typing import ClassVar

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from service.api.middleware.security_headers import ALWAYS
from service.api.problem_details import problem
from service.core.settings import Settings

PART_BYTES = 256 * 1024
"""What a reader must at least take of a longer answer within `max_request_seconds`."""
MOST_AHEAD = 64
"""How many requests a client may send before the first of them is answered."""

MALFORMED = 400, "What came is not an HTTP request."
LATE = 408, "The request did not come to its end in time. Send it again, faster or in smaller parts."
TOO_LONG = 431, "The request's address and headers are too long."
CROWDED = 503, "There are too many connections. Try again in a second."


def bounded(settings: Settings) -> type["Connection"]:
    """The protocol for uvicorn that holds connections to these settings."""
    return type("BoundedConnection", (Connection,), {"settings": settings, "waiting": {}, "unread": {}})


class _RefusedError(Exception):
    """Makes the parser stop."""


class Connection(HttpToolsProtocol):
    """A connection that cannot hold the service up."""

    settings: ClassVar[Settings]
    waiting: ClassVar[dict["Connection", None]]
    """Those whose next request's headers are not there, the longest waiting first."""
    unread: ClassVar[dict["Connection", None]]
    """Those whose answer waits for its reader, the longest waiting first."""

    _due: TimerHandle | None = None
    """When the request that comes in must be there."""
    _stalled: TimerHandle | None = None
    """When the reader must have taken the next part."""
    _unsent = 0
    _is_coming = False
    """Whether a request has begun and not come to its end."""
    _head_bytes = 0
    _idle_bytes = 0
    """What came since the parser last made something of it."""
    _refusal = MALFORMED

    def connection_made(self, transport: BaseTransport) -> None:
        """Begins to wait for a request. If there are too many connections, the longest idle one gives way."""
        super().connection_made(transport)  # type: ignore[arg-type]
        self.waiting[self] = None
        self._expect()
        if len(self.connections) > self.settings.max_connections:
            oldest = next(iter(self.waiting))
            if oldest is self:  # all others are busy
                self._refuse(*CROWDED)
            else:
                del self.waiting[oldest]
                self.connections.discard(oldest)
                oldest.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forgets the connection."""
        self.waiting.pop(self, None)
        self.unread.pop(self, None)
        for timer in (self._due, self._stalled):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)

    # What comes in

    def data_received(self, data: bytes) -> None:
        """Part of a request, or several of them."""
        self._idle_bytes += len(data)
        super().data_received(data)
        if self._idle_bytes > self.settings.max_header_bytes:
            self._refuse(*TOO_LONG)
        elif self._due is None and (self._is_coming or not self._is_busy()):
            self._expect()

    def on_message_begin(self) -> None:
        """A request begins."""
        self._is_coming = True
        self._head_bytes = 0
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """Part of the address."""
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header, or after a body in chunks a trailer."""
        self._count(len(name) + len(value))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The request can be handed to the service."""
        self.waiting.pop(self, None)
        if len(self.pipeline) >= MOST_AHEAD:
            raise _RefusedError
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Part of the body."""
        self._idle_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is there as a whole: what follows is the service's time and not the client's."""
        self._is_coming = False
        self._idle_bytes = 0
        if self._due is not None:
            self._due.cancel()
            self._due = None
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """The next request may come, unless the connection is closed."""
        super().on_response_complete()
        if self.transport.is_closing():
            self._expect_end()
        else:
            self.waiting[self] = None

    def timeout_keep_alive_handler(self) -> None:
        """Closes the connection, for which no more requests come."""
        super().timeout_keep_alive_handler()
        self._expect_end()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - the parser's words
        """Answers what the parser did not take."""
        self._refuse(*self._refusal)

    def _count(self, size: int) -> None:
        self._idle_bytes = 0
        self._head_bytes += size
        if self._head_bytes > self.settings.max_header_bytes:
            self._refusal = TOO_LONG
            raise _RefusedError

    def _expect(self) -> None:
        self._due = self.loop.call_later(self.settings.max_request_seconds, self._on_late)

    def _on_late(self) -> None:
        self._due = None
        if self._is_busy():  # the next request may wait until this one is answered
            self._expect()
        elif self._is_coming:
            self._refuse(*LATE)
        else:
            self.transport.close()

    def _is_busy(self) -> bool:
        """Whether the service still has to answer a request that came as a whole."""
        if self.pipeline:
            return True
        return self.cycle is not None and not self.cycle.response_complete and not self.cycle.more_body

    def _is_answering(self) -> bool:
        return self._is_busy() or (
            self.cycle is not None and self.cycle.response_started and not self.cycle.response_complete
        )

    def _refuse(self, status: int, detail: str) -> None:
        """Answers with a problem and closes the connection; in the midst of another answer it is only closed."""
        if self.transport.is_closing():
            return
        if self._is_answering():
            self.transport.abort()
            return
        headers = {"Connection": "close"} | ({"Retry-After": "1"} if status == CROWDED[0] else {})
        answer = problem(status, detail, headers=headers)
        fields = [*self.server_state.default_headers, *answer.raw_headers, *ALWAYS.items()]
        lines = [b"%s: %s\r\n" % (name, value) for name, value in fields]
        self.transport.write(b"".join([STATUS_LINE[status], *lines, b"\r\n", answer.body]))
        self.transport.close()
        self._expect_end()

    # What goes out

    def pause_writing(self) -> None:
        """The reader is slower than the service. If too much waits for readers, the longest waiting one gives way."""
        super().pause_writing()
        self._expect_reading()
        self.unread[self] = None
        sizes = {each: each.transport.get_write_buffer_size() for each in self.unread}
        excess = sum(sizes.values()) - self.settings.max_unsent_bytes
        for each, size in sizes.items():
            if excess <= 0:
                break
            excess -= size
            del self.unread[each]
            each.transport.abort()

    def resume_writing(self) -> None:
        """The reader has taken what there was."""
        self.unread.pop(self, None)
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None
        super().resume_writing()

    def _expect_end(self) -> None:
        """A closed connection lives until its reader has taken the rest."""
        if self._stalled is None and self.transport.get_write_buffer_size():
            self._expect_reading()

    def _expect_reading(self) -> None:
        self._unsent = self.transport.get_write_buffer_size()
        self._stalled = self.loop.call_later(self.settings.max_request_seconds, self._on_stalled)

    def _on_stalled(self) -> None:
        if self.transport.get_write_buffer_size() > self._unsent - PART_BYTES:
            self.transport.abort()
        else:  # a single answer can be much longer than a part
            self._expect_reading()
