"""Keyset pages: `limit` and `after` in, `data`, `has_more` and `next` out."""

from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any

import orjson
from fastapi import Query
from fastapi.responses import Response

from service.api.media_types import JSON
from service.api.responses import query_error
from service.core.settings import Settings

After = Annotated[
    str | None,
    Query(description="The `next` of the page before.", json_schema_extra={"pattern": "^[0-9]{1,18}$"}),
]


def page_of(
    rows: Iterable[Any], limit: int, settings: Settings, serialize: Callable[[Any], Mapping[str, object]]
) -> Response:
    """A page of a list, of `limit` + 1 rows that were asked for; the cursor is the last row's place.

    Rows differ in size by a factor of a thousand: a page that is as long as may be ends before its limit.
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
    end = orjson.dumps({"has_more": after is not None, "next": None if after is None else str(after)})
    return Response(b'{"data":[' + b",".join(parts) + b"]," + end[1:], media_type=JSON)


def cursor(after: str | None) -> int | None:
    """The place that a cursor stands for. Raises InvalidError for what is no cursor."""
    if after is None:
        return None
    if not (after.isascii() and after.isdigit() and len(after) < 19):
        raise query_error("after", "This is no cursor.", "Give the `next` of the page before.")
    return int(after)


def page_size(limit: int, settings: Settings) -> int:
    """The limit. Raises InvalidError if it is beyond what the settings allow."""
    if limit > settings.max_page:
        raise query_error("limit", f"At most {settings.max_page} are given at once.", "Follow `next` for more.")
    return limit
