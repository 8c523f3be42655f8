"""Middleware that ends the work for a client that has left.

Work on a thread runs to its end, since a thread cannot be stopped; all other work ends at its next pause. A request
that changes something is completed: its client may have left after sending it. A sweep that still waits for its turn
is dropped.
"""

from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager, suppress
from typing import Any

from anyio import CancelScope
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send

from service.api.http_methods import SAFE

ABANDON = "abandon"
"""Name of the function in the state of a request that ends its work. The connection calls it when it is lost."""
BREAK_OFF = "break_off"
"""Name of the function in the state of a request that closes its connection during the answer, by the connection."""


def break_off(scope: MutableMapping[str, Any]) -> None:
    """Closes the connection of an answer that has started and cannot be completed: nothing else tells the client."""
    if (close := scope["state"].get(BREAK_OFF)) is not None:  # a test without a connection has none
        close()


@contextmanager
def while_connected(scope: MutableMapping[str, Any]) -> Iterator[None]:
    """Work that ends when the client disconnects. Raises ClientDisconnect then."""
    state = scope.setdefault("state", {})
    outer = state.get(ABANDON)
    with CancelScope() as work:
        state[ABANDON] = work.cancel
        try:
            yield
        finally:
            state[ABANDON] = outer
    if work.cancelled_caught:
        raise ClientDisconnect


class Abandonment:
    """Ends the work of a request that only reads when its client disconnects."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The response of the application."""
        if scope["type"] != "http" or scope["method"] not in SAFE:
            await self._app(scope, receive, send)
            return
        with suppress(ClientDisconnect), while_connected(scope):
            await self._app(scope, receive, send)
