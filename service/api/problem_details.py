"""Error responses as problem details (RFC 9457)."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from service.api.media_types import PROBLEM_JSON
from service.core.exceptions import ApiError, ErrorEntry
from service.core.languages import Language
from service.core.request_id import REQUEST_ID
from service.core.translation import translated
from service.schemas.responses.problems import Problem

TITLES = {
    400: "Malformed request",
    401: "API key needed",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    406: "Not acceptable",
    408: "Too slow",
    409: "Conflict",
    412: "Changed since",
    413: "Too large",
    414: "Too long address",
    415: "Unsupported media type",
    421: "Misdirected request",
    422: "Invalid request",
    429: "Too many requests",
    431: "Too long headers",
    500: "Internal error",
    501: "Not implemented",
    503: "Unavailable",
    507: "Disk full",
}

_PLACES = {"parameter": "paramètre", "header": "en-tête", "row": "ligne", "column": "colonne"}


def problem(
    status: int,
    detail: str,
    errors: Sequence[ErrorEntry] = (),
    *,
    title: str | None = None,
    headers: Mapping[str, str] | None = None,
    **members: Any,
) -> Response:
    """A problem response. `title` tells errors of one status apart; `members` are extension members."""
    body = problem_body(status, detail, title=title)
    if errors:
        body["errors"] = list(errors)
    return Response(orjson.dumps({**body, **members}), status, dict(headers or {}), media_type=PROBLEM_JSON)


def problem_body(status: int, detail: str, *, title: str | None = None) -> Problem:
    """The JSON of a problem."""
    title = title or TITLES.get(status, "Error")
    kind = f"urn:descent:{title.lower().replace(' ', '-')}"
    body: Problem = {"type": kind, "title": title, "status": status, "detail": detail}
    if (request_id := REQUEST_ID.get()) is not None:
        body["request_id"] = request_id
    return body


def translated_problem(body: bytes, language: Language) -> bytes:
    """The JSON of a problem with its title, its detail and its errors in the language. `type` stays, for programs."""
    found = orjson.loads(body)
    errors = found.get("errors", [])
    found["title"] = translated(found["title"], language)
    found["detail"] = _detail(found["detail"], errors, language)
    for entry in errors:
        entry |= {name: translated(entry[name], language) for name in ("message", "hint") if name in entry}
    return orjson.dumps(found)


def _detail(detail: str, errors: Sequence[ErrorEntry], language: Language) -> str:
    """The detail, which for an invalid request holds the first message."""
    first = errors[0]["message"] if errors else ""
    if not first or first not in detail:
        return translated(detail, language)
    where, _, more = detail.partition(first)
    place = f"{_place(errors[0])}\N{NO-BREAK SPACE}: " if where else ""
    return f"{place}{translated(first, language)}{translated(more, language)}"


def _place(entry: ErrorEntry) -> str:
    """The place of an error in French."""
    return entry.get("pointer") or " ".join(f"{_PLACES[k]} {v}" for k, v in entry.items() if k in _PLACES)


def api_error_response(_request: Request, error: Exception) -> Response:
    """The handler of ApiError."""
    assert isinstance(error, ApiError)  # noqa: S101 - it is registered for this class alone
    return problem(error.status, error.detail, error.errors, headers=error.headers, **error.members)
