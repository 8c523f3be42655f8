"""What is answered when the service itself cannot: what happened, and what is to be done, nothing of the inside."""

import logging
from collections.abc import Awaitable, Callable
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
from service.api.problem_details import problem
from service.core import exceptions
from service.core.exceptions import ApiError, header_error, parameter_error
from service.storage.errors import CorruptError, Failure, GoneError, failure_of, name_of

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")

log = logging.getLogger("descent.api")


class _Answer(NamedTuple):
    status: int
    title: str
    detail: str
    retry_after: int


_ANSWERS = {
    Failure.BUSY: _Answer(503, "Unavailable", "The database is busy. Try again in a second.", 1),
    Failure.FULL: _Answer(
        507,
        "Disk full",
        "The disk is full, so nothing was stored. Free some space and try again; the service goes on by itself.",
        30,
    ),
    Failure.IO: _Answer(
        507,
        "Disk error",
        "The disk could not be read or written, so nothing was stored; the service's log has the error. Look after the "
        "disk and try again; the service goes on by itself.",
        30,
    ),
}


def log_database_error(path: str, error: Exception) -> Failure:
    """What an error of the store means, after a line about it in the log: with its trace only where it is a mistake."""
    failure = failure_of(error)
    trace = error if failure is Failure.OTHER else None
    log.error("api.database_error path=%s failure=%s error=%s", path, failure, name_of(error), exc_info=trace)
    return failure


def _database(request: Request, error: Exception) -> Response:
    failure = log_database_error(request.url.path, error)
    known = _ANSWERS.get(failure)
    if known is not None:
        headers = {"Retry-After": str(known.retry_after)}
        return problem(known.status, known.detail, title=known.title, headers=headers)
    if failure is Failure.DAMAGED:
        return problem(500, "The database file is damaged. `descent check` says where, and what to do.")
    return problem(500, "The database refused; the service's log says why. The request was not carried out.")


def _corrupt(request: Request, error: CorruptError) -> Response:
    log_database_error(request.url.path, error)
    return problem(500, f"{error} `descent check` says what else is damaged, and what to do.")


def _gone(_request: Request, error: GoneError) -> Response:
    return problem(404, str(error))


def _file(request: Request, error: OSError) -> Response:
    """A temporary file's error, of a large upload."""
    return _unexpected(request, error) if failure_of(error) is Failure.OTHER else _database(request, error)


def _unexpected(request: Request, error: Exception) -> Response:
    log.error("api.unexpected_error path=%s", request.url.path, exc_info=error)
    return problem(500, "The service made a mistake; it is in its log. The request was not carried out.")


def _http(request: Request, error: HTTPException) -> Response:
    if error.status_code == 404:
        return problem(404, "There is nothing at this path. /docs lists all there is.")
    if error.status_code == 405:
        allowed = ", ".join(_methods(request))
        return problem(405, f"Only {allowed} can be done with this path.", headers={"Allow": allowed})
    return problem(error.status_code, str(error.detail), headers=error.headers)


def _methods(request: Request) -> list[str]:
    """All methods that the path takes: the framework names those of one route, and a path may have several."""

    def takes(route: BaseRoute, method: str) -> bool:
        return route.matches({**request.scope, "method": method})[0] is Match.FULL

    return [method for method in _METHODS if any(takes(route, method) for route in request.app.routes)]


def _validation(_request: Request, error: RequestValidationError) -> Response:
    found = []
    for entry in error.errors():
        place, *path = entry["loc"]
        name = ".".join(map(str, path))
        entry_for = header_error if place == "header" else parameter_error
        found.append(entry_for(name, f"{entry['msg']}."))
    return problem_details.api_error_response(_request, exceptions.InvalidError(found))


def _disconnected(_request: Request, _error: ClientDisconnect) -> Response:
    return problem(400, "The connection was closed before the whole body had come.")


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
