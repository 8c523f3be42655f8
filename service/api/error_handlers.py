"""Handlers that turn exceptions into problem responses without internal details."""

import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, NamedTuple

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match

from service.api import problem_details
from service.api.http_methods import METHODS, NO_METHOD, UNSUPPORTED
from service.api.problem_details import problem
from service.api.responses import parameter_errors
from service.core import exceptions
from service.core.exceptions import ApiError
from service.storage.errors import CorruptError, Failure, GoneError, failure_of, name_of

DAMAGED = "Damaged data"
"""The title of a problem about damaged data."""

log = logging.getLogger("descent.api")


class _DatabaseProblem(NamedTuple):
    status: int
    title: str
    detail: str
    retry_after: int


_DATABASE_PROBLEMS = {
    Failure.BUSY: _DatabaseProblem(503, "Unavailable", "The database is busy. Try again in a second.", 1),
    Failure.FULL: _DatabaseProblem(
        507,
        "Disk full",
        "The disk is full; nothing was stored. Free some space and try again; the service needs no restart.",
        30,
    ),
    Failure.MOVED: _DatabaseProblem(
        507,
        "Database moved",
        "The database file was removed or replaced under the service; nothing was stored. Restart the service.",
        30,
    ),
    Failure.NEWER: _DatabaseProblem(
        503,
        "Database migrated",
        "A newer program has migrated the database; nothing was stored. Start the service with the newer program.",
        30,
    ),
    Failure.IO: _DatabaseProblem(
        507,
        "Disk error",
        "Reading or writing the disk failed; nothing was stored. The log of the service has the error. Repair "
        "the disk and try again; the service needs no restart.",
        30,
    ),
}


def log_database_error(path: str, error: Exception) -> Failure:
    """Logs a database error, with a traceback only for a kind without a known cause. Returns its kind."""
    failure = failure_of(error)
    trace = error if failure is Failure.OTHER else None
    log.error("api.database_error path=%s failure=%s error=%s", path, failure, name_of(error), exc_info=trace)
    return failure


def _database(request: Request, error: Exception) -> Response:
    failure = log_database_error(request.url.path, error)
    known = _DATABASE_PROBLEMS.get(failure)
    if known is not None:
        headers = {"Retry-After": str(known.retry_after)}
        return problem(known.status, known.detail, title=known.title, headers=headers)
    if failure is Failure.DAMAGED:
        detail = "The database file is damaged. `descent check` reports the damage and the repair."
        return problem(500, detail, title=DAMAGED)
    detail = "The database failed; the log of the service has the cause. The request had no effect."
    return problem(500, detail)


def _corrupt(request: Request, error: CorruptError) -> Response:
    log_database_error(request.url.path, error)
    return problem(500, damage_told(error), title=DAMAGED)


def damage_told(error: CorruptError) -> str:
    """The detail of a problem about damaged data."""
    return f"{error} `descent check` reports all damage and the repair."


def _gone(_request: Request, error: GoneError) -> Response:
    return problem(404, str(error))


def _file(request: Request, error: OSError) -> Response:
    """An error of the operating system, such as a full disk under the temporary file of a large upload."""
    return _unexpected(request, error) if failure_of(error) is Failure.OTHER else _database(request, error)


def _unexpected(request: Request, error: Exception) -> Response:
    log.error("api.unexpected_error path=%s", request.url.path, exc_info=error)
    detail = "Internal error; the log of the service has the details. The request had no effect."
    return problem(500, detail)


def _http(request: Request, error: HTTPException) -> Response:
    if request.method not in (*METHODS, *UNSUPPORTED):
        return problem(501, NO_METHOD)
    if error.status_code == 405:
        return _other_method(request, _methods(request))
    if request.scope["path"] == "*":  # the service as a whole
        return _other_method(request, METHODS)
    if error.status_code == 404:
        return problem(404, "No resource has this path. /docs lists the operations.")
    return problem(error.status_code, str(error.detail), headers=error.headers)


def _other_method(request: Request, methods: Iterable[str]) -> Response:
    """The answer to OPTIONS, which no route has, or to a method that the path does not support."""
    allowed = ", ".join(methods)
    if request.method == "OPTIONS":
        return Response(status_code=204, headers={"Allow": allowed})
    return problem(405, f"The path supports {allowed}.", headers={"Allow": allowed})


def _methods(request: Request) -> list[str]:
    """All methods of the path; the framework knows those of one route only."""

    def takes(route: BaseRoute, method: str) -> bool:
        asked = "GET" if method == "HEAD" else method
        return route.matches({**request.scope, "method": asked})[0] is Match.FULL

    *others, options = METHODS
    return [*(method for method in others if any(takes(route, method) for route in request.app.routes)), options]


def _validation(_request: Request, error: RequestValidationError) -> Response:
    return problem_details.api_error_response(_request, exceptions.InvalidError(parameter_errors(error.errors())))


def _disconnected(_request: Request, _error: ClientDisconnect) -> Response:
    return problem(400, "The connection closed before the end of the body.")


_HANDLERS: dict[type[Exception], Callable[[Request, Any], Response]] = {
    ApiError: problem_details.api_error_response,
    HTTPException: _http,
    RequestValidationError: _validation,
    ClientDisconnect: _disconnected,
    DBAPIError: _database,
    PoolTimeoutError: _database,
    CorruptError: _corrupt,
    GoneError: _gone,
    OSError: _file,
    Exception: _unexpected,
}


def add_error_handlers(app: FastAPI) -> None:
    """Answers every exception of a route by a problem (RFC 9457)."""
    for kind, handler in _HANDLERS.items():
        app.add_exception_handler(kind, _on_event_loop(handler))


def _on_event_loop(handler: Callable[[Request, Any], Response]) -> Callable[[Request, Any], Awaitable[Response]]:
    """The handler as a coroutine function: Starlette runs plain functions on a thread."""

    async def handle(request: Request, error: Any) -> Response:
        return handler(request, error)

    return handle
