"""create_app(): the routes, the error answers, the description and the page, put together."""

import logging
from collections.abc import Awaitable, Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from fastapi.responses import FileResponse, Response
from fastapi.staticfiles import StaticFiles
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import BaseRoute, Match, Mount

from service import errors
from service.errors import ApiError, problem
from service.routes import datasets, fit, health, runs, samples, trajectory
from service.routes.common import only_known_parameters, problems
from service.schemas.answers import Problem
from service.schemas.fit import FitRequest
from service.settings import Settings
from service.store.database import Database

log = logging.getLogger("descent.api")

STATIC = Path(__file__).parent / "static"
DESCRIPTION = """
Gradient descent as a service. `POST /fit` takes a dataset and the hyperparameters of a descent, a worker computes
θ ← θ − η∇E(θ), and `GET /runs/{id}/trajectory` gives θ and the **two criteria** at every step: the train error, which
the descent minimises, and the test error, which one really wants to be small.

In paths, `latest` stands for the newest run or dataset, so every example here runs as it stands. What is not finite is
`null`. Errors are `application/problem+json` and say what to change.
"""
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


def create_app(settings: Settings, database: Database) -> FastAPI:
    """The service on a database that is up to date."""
    app = FastAPI(
        title="Descent",
        version=version("descent-service"),
        summary="Gradient descent as a service",
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        separate_input_output_schemas=False,
    )
    app.state.settings = settings
    app.state.database = database
    for room in (fit, runs, trajectory, datasets, samples, health):
        app.include_router(room.router, dependencies=[Depends(only_known_parameters)])
    _add_pages(app)
    _add_error_answers(app)
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]
    return app


def _add_pages(app: FastAPI) -> None:
    @app.api_route("/", methods=["GET", "HEAD"], include_in_schema=False)
    async def page() -> Response:
        return FileResponse(STATIC / "index.html", headers=PAGE_HEADERS)

    @app.api_route("/docs", methods=["GET", "HEAD"], include_in_schema=False)
    async def swagger_ui() -> Response:
        return FileResponse(STATIC / "docs.html", headers=PAGE_HEADERS)

    app.mount("/static", _Assets(directory=STATIC), name="static")


class _Assets(StaticFiles):
    """The page's parts. A browser asks each time whether it has the newest, so that it never mixes two versions."""

    def file_response(self, *args: Any, **options: Any) -> Response:
        response = super().file_response(*args, **options)
        response.headers.update({"Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"})
        return response


def _add_error_answers(app: FastAPI) -> None:
    handlers: dict[type[Exception], Callable[[Request, Any], Response]] = {
        ApiError: errors.answer,
        HTTPException: _http,
        RequestValidationError: _validation,
        OperationalError: _database,
        PoolTimeoutError: _busy,
        ClientDisconnect: _gone,
        Exception: _unexpected,
    }
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, _awaited(handler))


def _awaited(handler: Callable[[Request, Any], Response]) -> Callable[[Request, Any], Awaitable[Response]]:
    async def answer(request: Request, error: Any) -> Response:
        return handler(request, error)

    return answer


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
        return not isinstance(route, Mount) and route.matches({**request.scope, "method": method})[0] is Match.FULL

    found = [method for method in METHODS if any(takes(route, method) for route in request.app.routes)]
    return found or ["GET"]  # what is mounted is files


def _validation(_request: Request, error: RequestValidationError) -> Response:
    found = []
    for entry in error.errors():
        place, *path = entry["loc"]
        name = ".".join(map(str, path))
        found.append({"header" if place == "header" else "parameter": name, "message": f"{entry['msg']}."})
    return errors.answer(_request, errors.InvalidError(found))


def _database(request: Request, error: OperationalError) -> Response:
    log.error("api.database_error path=%s error=%s", request.url.path, error.orig)
    text = str(error.orig)
    if "full" in text:
        return problem(507, "The disk is full, so nothing was stored. Free some space and try again.")
    if "locked" in text or "busy" in text:
        return _busy(request, error)
    return problem(500, "The database cannot be used; the service's log says why.")


def _busy(_request: Request, _error: Exception) -> Response:
    return problem(503, "The database is busy. Try again in a second.", headers={"Retry-After": "1"})


def _gone(_request: Request, _error: ClientDisconnect) -> Response:
    return problem(400, "The connection was closed before the whole body had come.")


def _unexpected(request: Request, error: Exception) -> Response:
    log.error("api.unexpected_error path=%s", request.url.path, exc_info=error)
    return problem(500, "The service made a mistake; it is in its log. The request was not carried out.")


def _openapi(app: FastAPI) -> dict[str, Any]:
    if app.openapi_schema is None:
        described = get_openapi(
            title=app.title,
            version=app.version,
            summary=app.summary,
            description=app.description,
            routes=app.routes,
            tags=[{"name": name} for name in ("fit", "runs", "trajectory", "datasets", "health")],
        )
        # Bodies are read by the routes themselves, so their schemas are not found by FastAPI.
        for model in (FitRequest, Problem):
            schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
            described["components"]["schemas"] |= schema.pop("$defs", {}) | {model.__name__: schema}
        for path in described["paths"].values():
            for operation in path.values():
                _drop_default_validation_error(operation)
                _say_the_largest_page(operation, app.state.settings)
        app.openapi_schema = described
    return app.openapi_schema


def _say_the_largest_page(operation: dict[str, Any], settings: Settings) -> None:
    for parameter in operation.get("parameters", ()):
        if parameter["name"] == "limit":
            parameter["schema"]["maximum"] = settings.max_page


def _drop_default_validation_error(operation: dict[str, Any]) -> None:
    answer = operation["responses"].get("422", {})
    if "HTTPValidationError" in str(answer):
        operation["responses"]["422"] = problems(422)[422]
