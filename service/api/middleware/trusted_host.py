"""Middleware against DNS rebinding: accepts only the host names of the service."""

import re
from collections.abc import Iterable

from starlette.types import ASGIApp, Receive, Scope, Send

from service.api.problem_details import problem

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})


PROBES = frozenset({"/livez", "/readyz"})
"""Probes have no content to protect, and orchestrators call them by any address."""


class Hosts:
    """Answers 421 to requests for other hosts."""

    def __init__(self, app: ASGIApp, names: Iterable[str]) -> None:
        self._app = app
        self._names = {name.lower().encode() for name in names}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The response of the application, or 421."""
        if scope["type"] == "http" and scope["path"] not in PROBES and not self._is_own(scope["headers"]):
            detail = "The header Host has an unknown name. To allow it, add it to DESCENT_ALLOWED_HOSTS."
            await problem(421, detail)(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _is_own(self, headers: list[tuple[bytes, bytes]]) -> bool:
        hosts = [value for name, value in headers if name == b"host"]
        return len(hosts) == 1 and re.sub(rb":[0-9]*\Z", b"", hosts[0]).lower() in self._names
