"""A hostile request, and the valid bodies that hostile ones are made from."""

import json
from typing import Any, NamedTuple

from tests.service.helpers import fit_body

JSON, CSV = "application/json", "text/csv"
X3, Y3 = [[1.0, 2.0], [3.0, 5.0], [4.0, 4.0]], [1.0, 2.5, 4.0]

FIT = fit_body()


TEXT = json.dumps(FIT).encode()


DATA = json.dumps({"x": X3, "y": Y3}).encode()


PLACEHOLDER = "@@"
"""The text that a raw JSON token replaces."""


class Hostile(NamedTuple):
    """A hostile request. `is_valid` is None if the service may accept or refuse it."""

    family: str
    content: bytes
    is_valid: bool | None = False
    path: str = "/fit"
    kind: str | None = JSON
    headers: tuple[tuple[str, str], ...] = ()

    @property
    def all_headers(self) -> dict[str, str]:
        """The headers of the request, Content-Type included."""
        return dict(self.headers) | ({} if self.kind is None else {"Content-Type": self.kind})


def body(**changes: Any) -> bytes:
    """The valid request with changes, as JSON; surrogates and the like are escaped."""
    return json.dumps(fit_body(**changes)).encode()


def at(pointer: str, value: Any) -> dict[str, Any]:
    """Changes of one field: at("/descent/steps", 3) is {"descent": {"steps": 3}}."""
    for name in reversed(pointer.split("/")[1:]):
        value = {name: value}
    return dict(value)
