"""Responses in the OpenAPI description."""

from typing import Any

from service.api.media_types import PROBLEM_JSON
from service.schemas.responses.problems import Problem


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The error responses of an operation: these statuses and the ones that any operation can return."""
    return {status: _PROBLEMS[status] for status in sorted({*statuses, 422, 500, 503, 507})}


def cacheable(text: str) -> dict[int | str, dict[str, Any]]:
    """200 with an ETag, and 304."""
    return {200: described(text, "ETag"), 304: NOT_MODIFIED}


def paged(text: str) -> dict[int | str, dict[str, Any]]:
    """A page of a list, and 304."""
    page = described(text, "ETag")
    return {200: {**page, "headers": {**page["headers"], "Link": LINK}}, 304: NOT_MODIFIED}


def described(text: str, *headers: str) -> dict[str, Any]:
    """A response with the headers that it always has."""
    return {"description": text, "headers": {name: _HEADERS[name] for name in headers}}


def _header(text: str) -> dict[str, Any]:
    return {"description": text, "required": True, "schema": {"type": "string"}}


_HEADERS = {
    "Location": _header("The path of the resource."),
    "Retry-After": _header("The number of seconds to wait before the next request."),
    "ETag": _header("A validator of the content, for If-None-Match and If-Match."),
    "WWW-Authenticate": _header("The authentication scheme."),
    "Vary": _header("The request headers that select the representation."),
}

LINK = {
    "description": 'The address of the next page, as `<…>; rel="next"`; the last page has none.',
    "schema": {"type": "string"},
}
IGNORED_COLUMNS = {
    "description": "The columns of a CSV body that are no features: the first 20, percent-encoded, between commas; "
    "`...` if there are more.",
    "schema": {"type": "string"},
}
NOT_MODIFIED = described("The content has not changed since the response with this ETag.", "ETag")


def _described(text: str, *headers: str) -> dict[str, Any]:
    return described(text, *headers) | {"content": {PROBLEM_JSON: {"schema": _PROBLEM_REF}}}


_PROBLEM_REF = {"$ref": f"#/components/schemas/{Problem.__name__}"}


_PROBLEMS = {
    400: _described("The body is not JSON, or a header is malformed."),
    401: _described("The API key is missing, unknown, revoked or expired.", "WWW-Authenticate"),
    403: _described("The scope of the API key does not allow the request, or a page of another site sent it."),
    404: _described("The resource does not exist."),
    406: _described("The resource has none of the media types in `Accept`."),
    408: _described("The request did not arrive in time."),
    409: _described(
        "The state of the resource does not allow the request, or the number of stored resources is at its limit."
    ),
    412: _described("The resource has changed since the response with the ETag in `If-Match`; nothing was changed."),
    413: _described("The body or the requested result is too large."),
    415: _described("The operation does not accept the media type of the body."),
    421: _described("The header `Host` names another host."),
    422: _described("The request is invalid: `errors` lists the faults and their corrections."),
    429: _described(
        "The key or address has too many requests in a minute, unfinished runs or responses at once; try again after "
        "`Retry-After` seconds.",
        "Retry-After",
    ),
    500: _described("An internal error; the log of the service has the details."),
    503: _described("The service is overloaded; try again after `Retry-After` seconds.", "Retry-After"),
    507: _described("The disk is full or fails; nothing was stored."),
}
