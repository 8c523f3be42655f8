"""Keyset pagination: parameters `limit` and `after`; fields `data`, `has_more` and `next`."""

from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Protocol, TypeVar

import orjson
from fastapi import Query, Request
from fastapi.responses import Response

from service.api.app_state import state_of
from service.api.media_types import JSON
from service.api.responses import query_error
from service.core.settings import Settings

Limit = Annotated[int, Query(ge=1, description="The maximum number of entries on a page.")]
After = Annotated[
    str | None,
    Query(description="`next` of the previous page.", json_schema_extra={"pattern": "^[0-9]{1,18}$"}),
]


class Numbered(Protocol):
    """Record with a number, the larger the newer."""

    @property
    def seq(self) -> int:
        """The number."""


Row = TypeVar("Row", bound=Numbered)


async def read_list(request: Request, look: Callable[[], Response]) -> Response:
    """The answer of `look`, on a thread for long reads.

    Raises TooManyRequestsError if the user has its share of the lists being read, UnavailableError if too many are.
    """
    return await state_of(request).readers.read_list(request.state.user, look)


def page_of(
    rows: Iterable[Row], limit: int, settings: Settings, serialize: Callable[[Row], Mapping[str, object]], **more: int
) -> Response:
    """A page from up to `limit` + 1 rows; the cursor is the `seq` of its last row. `more` are other fields.

    Rows differ in size by a factor of a thousand, so a page also ends at `max_page_bytes`.
    """
    parts: list[bytes] = []
    size, after = 0, None
    for row in rows:
        if len(parts) == limit or size >= settings.max_page_bytes:
            break
        parts.append(orjson.dumps(serialize(row)))
        size, after = size + len(parts[-1]), row.seq
    else:
        after = None
    end = orjson.dumps({"has_more": after is not None, "next": None if after is None else str(after), **more})
    return Response(b'{"data":[' + b",".join(parts) + b"]," + end[1:], media_type=JSON)


def cursor(after: str | None) -> int | None:
    """The `seq` in a cursor. Raises InvalidError for a malformed one."""
    if after is None:
        return None
    if not (after.isascii() and after.isdigit() and len(after) < 19):
        raise query_error("after", "This is not a cursor.", "Use `next` of the previous page.")
    return int(after)


def page_size(limit: int, settings: Settings) -> int:
    """The limit. Raises InvalidError above `max_page`."""
    if limit > settings.max_page:
        raise query_error("limit", f"The limit is {settings.max_page} entries per page.", "Follow `next` for more.")
    return limit
