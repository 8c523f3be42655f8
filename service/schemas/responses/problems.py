"""Error answers (RFC 9457)."""

from typing import Annotated, NotRequired

from pydantic import Field

from service.core.exceptions import ErrorEntry
from service.schemas.responses.base import OpenAnswer


class Problem(OpenAnswer):
    """An error: its cause, its place in the request and its correction (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    errors: NotRequired[
        Annotated[
            list[ErrorEntry],
            Field(description="The faults of the request, each with its place and message."),
        ]
    ]
    request_id: NotRequired[
        Annotated[str, Field(description="The `X-Request-Id` of the answer, which the log of the service has too.")]
    ]
