"""Keyset pagination: parameters `limit` and `after`; fields `data`, `has_more` and `next`; the header Link."""

from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, NamedTuple, Protocol, TypeVar
from urllib.parse import quote

import orjson
from fastapi import Depends, Query, Request
from fastapi.responses import Response
from starlette.datastructures import URL

from service.api.app_state import state_of
from service.api.dependencies import Config
from service.api.etags import IfNoneMatch, tagged_bytes
from service.api.responses import query_error
from service.core.root_path import rooted
from service.core.settings import Settings


class AskedPage(NamedTuple):
    """The page that a request asks for: after the entry with the `seq` of the cursor."""

    size: int
    after: int | None
    most_bytes: int
    url: URL
    """The address of the request, which the link to the next page repeats."""
    if_none_match: str | None


async def _asked(
    request: Request,
    settings: Config,
    limit: Annotated[int, Query(ge=1, description="The maximum number of entries on a page.")] = 50,
    after: Annotated[
        str | None,
        Query(description="`next` of the previous page.", json_schema_extra={"pattern": "^[0-9]{1,18}$"}),
    ] = None,
    if_none_match: IfNoneMatch = None,
) -> AskedPage:
    size = _page_size(limit, settings)
    return AskedPage(size, _cursor(after), settings.max_page_bytes, request.url, if_none_match)


Page = Annotated[AskedPage, Depends(_asked)]


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
    rows: Iterable[Row], asked: AskedPage, serialize: Callable[[Row], Mapping[str, object]], **more: int
) -> Response:
    """A page from up to `size` + 1 rows; the cursor is the `seq` of its last row. `more` are other fields.

    Rows differ in size by a factor of a thousand, so a page also ends at `max_page_bytes`.
    """
    parts: list[bytes] = []
    size, after = 0, None
    for row in rows:
        if len(parts) == asked.size or size >= asked.most_bytes:
            break
        parts.append(orjson.dumps(serialize(row)))
        size, after = size + len(parts[-1]), row.seq
    else:
        after = None
    end = orjson.dumps({"has_more": after is not None, "next": None if after is None else str(after), **more})
    answer = tagged_bytes(b'{"data":[' + b",".join(parts) + b"]," + end[1:], asked.if_none_match)
    if after is not None:
        answer.headers["Link"] = next_page(asked.url, {"after": after})
    return answer


def next_page(url: URL, start: Mapping[str, int]) -> str:
    """The header Link to the next page: the address of this one, with another start (RFC 8288)."""
    return f'<{rooted(quote(url.path))}?{url.include_query_params(**start).query}>; rel="next"'


def _cursor(after: str | None) -> int | None:
    """The `seq` in a cursor. Raises InvalidError for a malformed one."""
    if after is None:
        return None
    if not (after.isascii() and after.isdigit() and len(after) < 19):
        raise query_error("after", "This is not a cursor.", "Use `next` of the previous page.")
    return int(after)


def _page_size(limit: int, settings: Settings) -> int:
    """The limit. Raises InvalidError above `max_page`."""
    if limit > settings.max_page:
        raise query_error("limit", f"The limit is {settings.max_page} entries per page.", "Follow `next` for more.")
    return limit
