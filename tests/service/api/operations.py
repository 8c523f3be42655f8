"""Every operation that the app has, found in its routes, and not in what it says of itself."""

import re
from collections.abc import Iterator
from typing import NamedTuple, cast

from starlette.routing import BaseRoute, Route

from service.api.app import create_app
from service.core.settings import Settings
from service.storage.database import Database

OPEN = {"/", "/docs", "/openapi.json", "/livez", "/readyz"}
"""What asks for no key: the page and the description, which hold nothing of anybody, and whether the service lives."""


class Operation(NamedTuple):
    """What can be asked."""

    method: str
    path: str

    def of(self, name: str) -> str:
        """The path to the thing of this name."""
        return re.sub(r"\{\w+\}", name, self.path.replace("{step}", "0").replace("{form}", "svg"))

    @property
    def scope(self) -> str:
        """What a key must have for it."""
        return "read" if self.method in {"GET", "HEAD"} else "write"


def operations(routes: list[BaseRoute]) -> Iterator[Operation]:
    """All of the routes, those of included routers too, whether the description has them or not."""
    for route in routes:
        if (router := getattr(route, "original_router", None)) is not None:
            yield from operations(router.routes)
        elif isinstance(route, Route) and not route.path.startswith("/static/"):
            yield from (Operation(method, route.path) for method in sorted(route.methods or ()))


ALL = list(operations(create_app(Settings(), cast("Database", None)).routes))
LOCKED = [operation for operation in ALL if operation.path not in OPEN]
OF_A_THING = [operation for operation in LOCKED if "{" in operation.path]
