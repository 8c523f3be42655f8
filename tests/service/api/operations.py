"""Every operation of the app, from its routes and not from its description."""

import re
from collections.abc import Iterator
from typing import NamedTuple, cast

from starlette.routing import BaseRoute, Route

from service.api.app import create_app
from service.core.settings import Settings
from service.storage.database import Database

PUBLIC = {"/", "/docs", "/openapi.json", "/livez", "/readyz"}
"""Paths without a key: the page, the description and the health checks. None returns data of a user."""


class Operation(NamedTuple):
    """A method and a path."""

    method: str
    path: str

    def of(self, name: str) -> str:
        """The path to the object with this id."""
        return re.sub(r"\{\w+\}", name, self.path.replace("{step}", "0").replace("{form}", "svg"))

    @property
    def scope(self) -> str:
        """The scope that a key needs."""
        if self.path == "/metrics":
            return "admin"
        return "read" if self.method in {"GET", "HEAD"} else "write"


def operations(routes: list[BaseRoute]) -> Iterator[Operation]:
    """The operations of all routes, of included routers too, even if the description lacks them."""
    for route in routes:
        if (router := getattr(route, "original_router", None)) is not None:
            yield from operations(router.routes)
        elif isinstance(route, Route) and not route.path.startswith("/static/"):
            yield from (Operation(method, route.path) for method in sorted(route.methods or ()))


ALL = list(operations(create_app(Settings(), cast("Database", None)).routes))
PROTECTED = [operation for operation in ALL if operation.path not in PUBLIC]
OF_AN_OBJECT = [operation for operation in PROTECTED if "{" in operation.path]
