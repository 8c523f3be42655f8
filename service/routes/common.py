"""What the routes share: their dependencies, reading a body, ETags, pages."""

import hashlib
from collections.abc import Callable, Iterable
from functools import cache
from typing import Annotated, Any

import orjson
from fastapi import Depends, Header, Query, Request
from fastapi.openapi.utils import get_openapi
from fastapi.responses import Response
from fastapi.routing import APIRoute

from service.access import Caller
from service.core.exceptions import InvalidError, UnsupportedMediaTypeError
from service.core.settings import Settings
from service.schemas.responses import Problem
from service.schemas.strict_model import MOST_CHARACTERS, MOST_ERRORS
from service.storage.database import Database


# Not plain functions: FastAPI would send each of these to a thread and back, which takes longer than many a query.
async def _database(request: Request) -> Database:
    return request.app.state.database  # type: ignore[no-any-return]


async def _settings(request: Request) -> Settings:
    return request.app.state.settings  # type: ignore[no-any-return]


async def admit(request: Request) -> Caller:
    """Who is asking, for a request that may be made: with a key, where keys are asked for, and with known parameters.

    One dependency for both, since each costs more than what it does. What more a route asks for, `door.demand` does.
    """
    caller: Caller = await request.app.state.door.caller(request)
    await only_known_parameters(request)
    return caller


Store = Annotated[Database, Depends(_database)]
Config = Annotated[Settings, Depends(_settings)]
Asks = Annotated[Caller, Depends(admit)]
After = Annotated[
    str | None,
    Query(description="The `next` of the page before.", json_schema_extra={"pattern": "^[0-9]{1,18}$"}),
]
IfNoneMatch = Annotated[str | None, Header(description="The ETag of an answer you have: 304 if it is still right.")]


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The error answers of an operation, for its description."""
    return {status: _PROBLEMS[status] for status in sorted({*statuses, 422, 500, 503, 507})}


def described(text: str, *headers: str) -> dict[str, Any]:
    """An answer with headers that it always has, for its operation's description."""
    return {"description": text, "headers": {name: _HEADERS[name] for name in headers}}


def _header(text: str) -> dict[str, Any]:
    return {"description": text, "required": True, "schema": {"type": "string"}}


_HEADERS = {
    "Location": _header("Where it is."),
    "Retry-After": _header("After how many seconds to look again."),
    "ETag": _header("Changes with the content: give it as If-None-Match."),
    "WWW-Authenticate": _header("How to send a key."),
    "Vary": _header("The request's headers that the form of the answer depends on."),
}


def _described(text: str, *headers: str) -> dict[str, Any]:
    return described(text, *headers) | {"content": {"application/problem+json": {"schema": _PROBLEM_REF}}}


_PROBLEM_REF = {"$ref": f"#/components/schemas/{Problem.__name__}"}
_PROBLEMS = {
    400: _described("The body is not JSON, or a header cannot be read."),
    401: _described("No API key came along, or none that is usable.", "WWW-Authenticate"),
    403: _described("The API key may not do this, or a page of another site asked for it."),
    404: _described("There is nothing with this id."),
    406: _described("None of the media types that `Accept` names can be had."),
    408: _described("The request did not come to its end in time."),
    409: _described("This makes no sense in the state that it is in, or as many are kept as may be."),
    413: _described("The body is too large, or what is asked for."),
    415: _described("The body's media type is not one that is read here."),
    421: _described("The service does not answer to the name in the header `Host`."),
    422: _described("`errors` name what is wrong, and what to change."),
    429: _described(
        "Too many requests in a minute, or unfinished runs; try again after `Retry-After` seconds.", "Retry-After"
    ),
    500: _described("A mistake of the service; it is in its log."),
    503: _described("There is too much to do; try again after `Retry-After` seconds.", "Retry-After"),
    507: _described("The disk is full or cannot be used, so nothing was stored."),
}


async def only_known_parameters(request: Request) -> None:
    """Raises InvalidError for a query parameter that the operation does not have."""
    if not request.query_params:
        return
    known = _query_parameters(request.scope["route"].path, request.scope["endpoint"])
    hint = f"There are {', '.join(known)}." if known else "There are none here."
    if unknown := [name for name in request.query_params if name not in known]:
        told = [
            {"parameter": name[:MOST_CHARACTERS], "message": "There is no such parameter.", "hint": hint}
            for name in unknown[:MOST_ERRORS]
        ]
        raise InvalidError(told)


@cache
def _query_parameters(path: str, endpoint: Callable[..., Any]) -> list[str]:
    """The names of an operation's query parameters, as they are described."""
    described = get_openapi(title="-", version="-", routes=[APIRoute(path, endpoint, response_model=None)])
    parameters = described["paths"][path]["get"].get("parameters", ())
    return [parameter["name"] for parameter in parameters if parameter["in"] == "query"]


def media_type(request: Request, *allowed: str) -> str:
    """The body's media type. Raises UnsupportedMediaTypeError for one that is not `allowed`, and a compressed body."""
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given not in allowed:
        wanted = " or ".join(allowed)
        raise UnsupportedMediaTypeError(
            f"The body's Content-Type is {given or 'missing'}. Send it as {wanted}.",
            [{"header": "Content-Type", "message": "This is not read here.", "hint": f"Use {wanted}."}],
        )
    if (coding := request.headers.get("content-encoding", "identity")).lower() != "identity":
        raise UnsupportedMediaTypeError(
            f"The body's Content-Encoding is {coding[:100]}. Send it as it is.",
            [{"header": "Content-Encoding", "message": "This is not read here.", "hint": "Leave the header out."}],
        )
    return given


def json_response(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """The body as JSON: what is not finite becomes null."""
    return Response(orjson.dumps(body), status, headers, media_type="application/json")


def tagged(body: Any, if_none_match: str | None) -> Response:
    """The body as JSON with a strong ETag of its content; 304 if the client has it."""
    return tagged_json(orjson.dumps(body), if_none_match)


def tagged_json(text: bytes, if_none_match: str | None) -> Response:
    """The same of a body that is JSON already."""
    etag = etag_of(text)
    if matches(if_none_match, etag):
        return Response(status_code=304, headers={"ETag": etag})
    return Response(text, headers={"ETag": etag}, media_type="application/json")


def etag_of(content: bytes) -> str:
    """A strong ETag."""
    return f'"{hashlib.blake2b(content, digest_size=12).hexdigest()}"'


def matches(if_none_match: str | None, etag: str) -> bool:
    """Whether If-None-Match names the ETag (RFC 9110, 13.1.2: weak comparison)."""
    given = [entry.strip().removeprefix("W/") for entry in (if_none_match or "").split(",")]
    return etag in given or "*" in given


def page_of(rows: Iterable[Any], limit: int, settings: Settings, present: Callable[[Any], Any]) -> Response:
    """A page of a list, of `limit` + 1 rows that were asked for; the cursor is the last row's place.

    Rows differ in size by a factor of a thousand: a page that is as long as may be ends before its limit.
    """
    parts: list[bytes] = []
    size, after = 0, None
    for row in rows:
        if len(parts) == limit or size >= settings.max_page_bytes:
            break
        parts.append(orjson.dumps(present(row)))
        size, after = size + len(parts[-1]), row.seq
    else:
        after = None
    end = orjson.dumps({"has_more": after is not None, "next": None if after is None else str(after)})
    return Response(b'{"data":[' + b",".join(parts) + b"]," + end[1:], media_type="application/json")


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


def query_error(parameter: str, message: str, hint: str | None = None) -> InvalidError:
    """An InvalidError for a parameter of the query."""
    entry = {"parameter": parameter, "message": message} | ({"hint": hint} if hint else {})
    return InvalidError([entry])
