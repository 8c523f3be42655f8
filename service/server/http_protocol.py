"""Limits of client connections: their number, the size of headers, the time to send a request, the time to read.

uvicorn has none of these limits: it waits for ever for an incomplete request and for a client that does not read, and
accepts headers of any length and number. Here a timer limits the arrival of each request, and another the reading of
each part of an answer. Anybody may send a request, so the limits keep the time of reading its head below a millisecond.
"""

import sys
from asyncio import BaseTransport, TimerHandle
from collections import Counter
from collections.abc import Iterable
from typing import Any, ClassVar, NoReturn, cast

from httptools import HttpParserInvalidMethodError
from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from service.api.authentication import address_of
from service.api.middleware.abandonment import ABANDON, BREAK_OFF
from service.core.concurrency_limit import ADDRESS_SHARE, KEY_SHARE
from service.core.settings import Settings
from service.server import refusals
from service.server.refusals import Refusal

PART_BYTES = 256 * 1024
"""The minimum that a client must read of a longer answer within `max_request_seconds`."""
MAX_PIPELINED = 64
"""The maximum number of unanswered requests of one connection."""


def bounded(settings: Settings) -> type["Connection"]:
    """The uvicorn protocol class with the limits of these settings."""
    share = KEY_SHARE if settings.requires_keys else ADDRESS_SHARE
    fields = {"settings": settings, "share": share, "incomplete": {}, "unread": {}}
    return type("BoundedConnection", (Connection,), fields)


def use(connections: Iterable[Any], user: str) -> dict[str, int]:
    """What the user has of the limits of connections."""
    own = [each for each in connections if each.user == user]
    unsent = sum(each.transport.get_write_buffer_size() for each in own)
    return {"max_connections": len(own), "max_unsent_bytes": unsent}


class _RefusedError(Exception):
    """Stops the parser: the request gets the answer of `_refusal`."""


class Connection(HttpToolsProtocol):
    """A connection with limits of size, time and number."""

    settings: ClassVar[Settings]
    share: ClassVar[float]
    """The share of the unsent bytes that a user may have of those that the other users leave."""
    incomplete: ClassVar[dict["Connection", None]]
    """The connections without a complete request, the longest waiting first."""
    unread: ClassVar[dict["Connection", None]]
    """The connections whose answer waits for the client to read, the longest waiting first."""

    _request_timer: TimerHandle | None = None
    """The deadline of the incoming request."""
    _read_timer: TimerHandle | None = None
    """The deadline by which the client must read the next part of the answer."""
    _unsent = 0
    """Bytes in the write buffer when the read timer started."""
    _answered: RequestResponseCycle | None = None
    """The request that the service answers."""
    _is_receiving = False
    """Whether a request has begun and is incomplete."""
    _head_bytes = 0
    """Bytes of the address and the headers of the incoming request."""
    _headers_seen = 0
    """Headers and trailers of the incoming request."""
    _parts = _body_bytes = 0
    """Parts and bytes of the body of the incoming request."""
    _unparsed_bytes = 0
    """Bytes received since the last event of the parser."""
    _received = b""
    """The bytes that the parser reads."""
    _refusal = refusals.MALFORMED

    @property
    def user(self) -> str:
        """The user of the latest request: its API key, else the address."""
        if self.cycle is not None and (user := self.cycle.scope["state"].get("user")) is not None:
            return str(user)
        client = self.client if self.cycle is None else self.cycle.scope["client"]  # behind a proxy, the proxy's client
        return address_of(client[0] if client else "")

    def connection_made(self, transport: BaseTransport) -> None:
        """Starts to wait for a request. Above the limit of connections, closes one."""
        super().connection_made(transport)  # type: ignore[arg-type]
        self.incomplete[self] = None
        self._start_request_timer()
        if len(self.connections) > self.settings.max_connections:
            self._make_room()

    def _make_room(self) -> None:
        """Closes a connection of the user with the most: the one that waits longest for a request, else a busy one.

        Refuses this connection if its own user keeps all others busy.
        """
        connections = cast("set[Connection]", self.connections)
        [(user, _)] = Counter(each.user for each in connections).most_common(1)
        closed = next((each for each in self.incomplete if each.user == user and each is not self), None)
        if closed is None and user != self.user:
            closed = next(each for each in connections if each.user == user)
        if closed is None:
            self._refuse(refusals.TOO_MANY)
            return
        self.incomplete.pop(closed, None)
        self.connections.discard(closed)
        if closed._is_receiving:
            closed._refuse(refusals.SHARE_TAKEN)
        else:
            closed.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Cancels the timers of the closed connection."""
        self.incomplete.pop(self, None)
        self.unread.pop(self, None)
        for timer in (self._request_timer, self._read_timer):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)
        self._abandon()

    # Requests

    def data_received(self, data: bytes) -> None:
        """Parses received bytes: a part of a request, or several requests."""
        self._unparsed_bytes += len(data)
        self._received = data
        super().data_received(data)
        self._received = b""
        if self._unparsed_bytes > self.settings.max_header_bytes:
            self._refuse(refusals.TOO_LONG)
        elif self._request_timer is None and (self._is_receiving or not self._is_busy()):
            self._start_request_timer()

    def on_message_begin(self) -> None:
        """A request begins."""
        self._is_receiving = True
        self._head_bytes = self._headers_seen = self._parts = self._body_bytes = 0
        super().on_message_begin()
        self.scope["state"][BREAK_OFF] = self._break_off

    def on_url(self, url: bytes) -> None:
        """Counts a part of the address."""
        if self._head_bytes + len(url) > (limit := self.settings.max_address_bytes):
            self._stop(refusals.long_address(limit))
        self._count_header_bytes(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Counts a header, or a trailer after a chunked body. Drops cookies: the service has none, and FastAPI would
        parse those that other services of the host have set.
        """
        self._count_header_bytes(len(name) + len(value))
        self._headers_seen += 1
        if self._headers_seen > refusals.MAX_HEADERS:
            self._stop(refusals.MANY_HEADERS)
        if name.lower() != b"cookie":
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Hands the request to the service, unless too many requests of the connection are unanswered."""
        if self.url.count(b"&") >= refusals.MAX_PARAMETERS:
            self._stop(refusals.MANY_PARAMETERS)
        if refusals.is_host_wrong(self.parser.get_http_version(), self.headers):
            self._stop(refusals.NO_HOST)
        if len(self.pipeline) >= MAX_PIPELINED:
            raise _RefusedError
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Counts a part of the body."""
        self._unparsed_bytes = 0
        self._parts += 1
        self._body_bytes += len(body)
        if self._parts > refusals.MANY_PARTS and self._body_bytes < self._parts * refusals.LEAST_PART_BYTES:
            self._stop(refusals.SMALL_PARTS)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is complete. The time of computing its answer does not count against the client."""
        self.incomplete.pop(self, None)
        self._is_receiving = False
        self._unparsed_bytes = 0
        if self._request_timer is not None:
            self._request_timer.cancel()
            self._request_timer = None
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Waits for the next request, unless the connection is closing."""
        super().on_response_complete()
        if self.transport.is_closing():
            self._limit_flush()
        elif not self._is_busy():
            self.incomplete[self] = None

    def shutdown(self) -> None:
        """Stops after the request in progress. An incomplete one has `drain_seconds`."""
        super().shutdown()
        if self.cycle is not None and self.cycle.more_body:
            self.loop.call_later(self.settings.drain_seconds, self._refuse_incomplete)

    def _refuse_incomplete(self) -> None:
        if self.cycle is not None and self.cycle.more_body:
            self._refuse(refusals.STOPPING)

    def timeout_keep_alive_handler(self) -> None:
        """Closes the connection after the keep-alive time without a request."""
        super().timeout_keep_alive_handler()
        self._limit_flush()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - the parser's message
        """Answers a request that the parser rejects, while its exception is handled."""
        if isinstance(sys.exception(), HttpParserInvalidMethodError):
            self._refusal = refusals.of_unparsed(self._received)
        self._refuse(self._refusal)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._answered = cycle
        super()._start_asgi_task(cycle, app)

    def _abandon(self) -> None:
        """Ends the work for the request in progress. uvicorn tells only the last of several pipelined requests."""
        cycle = self._answered
        if cycle is not None and not cycle.response_complete:
            cycle.disconnected = True
            cycle.message_event.set()
            if (abandon := cycle.scope["state"].get(ABANDON)) is not None:
                abandon()

    def _break_off(self) -> None:
        """Closes the connection during an answer, which uvicorn would report as an error."""
        if self._answered is not None:
            self._answered.disconnected = True
        self.transport.close()
        self._limit_flush()

    def _count_header_bytes(self, size: int) -> None:
        self._unparsed_bytes = 0
        self._head_bytes += size
        if self._head_bytes > self.settings.max_header_bytes:
            self._stop(refusals.TOO_LONG)

    def _stop(self, refusal: Refusal) -> NoReturn:
        self._refusal = refusal
        raise _RefusedError

    def _start_request_timer(self) -> None:
        self._request_timer = self.loop.call_later(self.settings.max_request_seconds, self._on_request_timeout)

    def _on_request_timeout(self) -> None:
        self._request_timer = None
        if self._is_busy():  # the next request may wait until this one is answered
            self._start_request_timer()
        elif self._is_receiving:
            self._refuse(refusals.TIMED_OUT)
        else:
            self.transport.close()

    def _is_busy(self) -> bool:
        """Whether a complete request is unanswered."""
        if self.pipeline:
            return True
        return self.cycle is not None and not self.cycle.response_complete and not self.cycle.more_body

    def _is_answering(self) -> bool:
        return self._is_busy() or (
            self.cycle is not None and self.cycle.response_started and not self.cycle.response_complete
        )

    def _refuse(self, refusal: Refusal) -> None:
        """Sends a problem and closes the connection. During another answer it only closes the connection."""
        if self.transport.is_closing():
            return
        if self._is_answering():
            self.transport.abort()
            return
        self.transport.write(refusal.answer(self.server_state.default_headers))
        self.transport.close()
        self._limit_flush()

    # Answers

    def pause_writing(self) -> None:
        """The client reads too slowly. Above `max_unsent_bytes`, closes the longest waiting connections."""
        super().pause_writing()
        self._start_read_timer()
        self.unread[self] = None
        sizes = {each: each.transport.get_write_buffer_size() for each in self.unread}
        own = {each: size for each, size in sizes.items() if each.user == self.user}
        left = self.settings.max_unsent_bytes - sum(sizes.values())
        most = int((left + sum(own.values())) * self.share)
        self._close_longest(dict(list(own.items())[:-1]), sum(own.values()) - most)  # not the only one of a user
        self._close_longest(sizes, -left)

    def _close_longest(self, sizes: dict["Connection", int], excess: int) -> None:
        """Closes connections in this order until their unsent bytes reach `excess`."""
        for each, size in sizes.items():
            if excess <= 0:
                return
            excess -= size
            self.unread.pop(each, None)
            each.transport.abort()

    def resume_writing(self) -> None:
        """The client has read the write buffer."""
        self.unread.pop(self, None)
        if self._read_timer is not None:
            self._read_timer.cancel()
            self._read_timer = None
        super().resume_writing()

    def _limit_flush(self) -> None:
        """Limits the time for the rest of the answer, since a closing transport lives until the client has read it."""
        if self._read_timer is None and self.transport.get_write_buffer_size():
            self._start_read_timer()

    def _start_read_timer(self) -> None:
        self._unsent = self.transport.get_write_buffer_size()
        self._read_timer = self.loop.call_later(self.settings.max_request_seconds, self._on_read_timeout)

    def _on_read_timeout(self) -> None:
        if self.transport.get_write_buffer_size() > self._unsent - PART_BYTES:
            self.transport.abort()
        else:  # one answer can be much longer than a part
            self._start_read_timer()
