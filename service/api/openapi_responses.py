"""The answers of an operation, for its OpenAPI description."""

from typing import Any

from service.api.media_types import PROBLEM_JSON
from service.schemas.responses.problems import Problem


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The error answers of an operation, for its description."""
    return {status: _PROBLEMS[status] for status in sorted({*statuses, 422, 500, 503, 507})}


def cacheable(text: str) -> dict[int | str, dict[str, Any]]:
    """200 with an ETag, and 304."""
    return {200: described(text, "ETag"), 304: NOT_MODIFIED}


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


NOT_MODIFIED = described("Unchanged since the answer with this ETag.", "ETag")


def _described(text: str, *headers: str) -> dict[str, Any]:
    return described(text, *headers) | {"content": {PROBLEM_JSON: {"schema": _PROBLEM_REF}}}


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
        "Too many requests in a minute, unfinished runs, or answers at once, of this key or address; try again after "
        "`Retry-After` seconds.",
        "Retry-After",
    ),
    500: _described("A mistake of the service; it is in its log."),
    503: _described("There is too much to do; try again after `Retry-After` seconds.", "Retry-After"),
    507: _described("The disk is full or cannot be used, so nothing was stored."),
}
