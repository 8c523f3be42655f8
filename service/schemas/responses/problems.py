"""Error answers (RFC 9457)."""

from typing import Annotated, NotRequired

from pydantic import Field

from service.core.exceptions import ErrorEntry
from service.schemas.responses.base import OpenAnswer


class Problem(OpenAnswer):
    """What is wrong, where, and what to change (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    errors: NotRequired[
        Annotated[
            list[ErrorEntry],
            Field(description="Entries of `pointer` (into the body) or `parameter`, `message` and often `hint`."),
        ]
    ]
