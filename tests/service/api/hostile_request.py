"""A hostile request, and the valid bodies that hostile ones are made from."""

import json
from typing import Any, NamedTuple

from tests.service.helpers import fit_body

JSON, CSV = "application/json", "text/csv"
X3, Y3 = [[1.0, 2.0], [3.0, 5.0], [4.0, 4.0]], [1.0, 2.5, 4.0]

FIT = fit_body()


TEXT = json.dumps(FIT).encode()


DATA = json.dumps({"x": X3, "y": Y3}).encode()


HOLE = "@@"
"""Stands where a raw JSON token is put."""


class Hostile(NamedTuple):
    """A body. `right` is None where it is not said beforehand whether it is."""

    family: str
    content: bytes
    right: bool | None = False
    path: str = "/fit"
    kind: str | None = JSON
    headers: tuple[tuple[str, str], ...] = ()

    @property
    def all_headers(self) -> dict[str, str]:
        """What is sent with it."""
        return dict(self.headers) | ({} if self.kind is None else {"Content-Type": self.kind})


def body(**changes: Any) -> bytes:
    """The right request with changes, as JSON; surrogates and the like are escaped."""
    return json.dumps(fit_body(**changes)).encode()


def at(pointer: str, value: Any) -> dict[str, Any]:
    """Changes of one field: at("/descent/steps", 3) is {"descent": {"steps": 3}}."""
    for name in reversed(pointer.split("/")[1:]):
        value = {name: value}
    return dict(value)
