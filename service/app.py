"""create_app(): the routes, the error answers, the description and the page, put together."""

from asyncio import Semaphore
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp

from service import description, outages, security
from service.analysis.process_pool import Inquiries
from service.assets import Assets
from service.compression import Compression
from service.core import exceptions
from service.core.exceptions import ApiError, problem
from service.core.settings import Settings
from service.door import Door
from service.intake import Intake
from service.jobs.quotas import Quotas
from service.places import Places
from service.routes import (
    check,
    control,
    datasets,
    events,
    fit,
    health,
    inquiries,
    limits,
    pictures,
    runs,
    samples,
    sweeps,
    trajectory,
)
from service.routes.common import admit, only_known_parameters
from service.security import PAGE_HEADERS
from service.storage.database import Database

STATIC = Path(__file__).parent / "web"
DESCRIPTION = """
Gradient descent as a service. `POST /fit` takes a dataset and the hyperparameters of a descent, a worker computes
θ ← θ − η∇E(θ), and `GET /runs/{id}/trajectory` gives θ and the **two criteria** at every step: the train error, which
the descent minimises, and the test error, which one really wants to be small.

In paths, `latest` stands for the newest run or dataset, so every example here runs as it stands. What is not finite is
`null`. Errors are `application/problem+json` and say what to change.
"""
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def create_app(settings: Settings, database: Database) -> FastAPI:
    """The service on a database that is up to date. Raises ValueError for settings that mean nothing."""
    app = _App(
        title="Descent",
        version=version("descent-service"),
        summary="Gradient descent as a service",
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        separate_input_output_schemas=False,
        lifespan=_lifespan,
    )
    app.state.settings = settings
    app.state.database = database
    app.state.door = Door(settings, database)
    app.state.quotas = Quotas(settings)
    app.state.intake = Intake(settings)
    app.state.streams = Places(settings.max_streams, "trajectories that are sent")
    app.state.followers = Places(settings.max_followers, "runs that are followed")
    app.state.inquiries = Inquiries(settings)
    app.state.is_stopping = lambda: False
    app.state.waits = Semaphore(settings.max_waits)
    _add_pages(app)  # first, since a page is many files
    rooms = (fit, runs, control, sweeps, trajectory, events, inquiries, pictures, check, datasets, samples, limits)
    for room in rooms:
        app.include_router(room.router, dependencies=[Depends(admit)])
    app.include_router(health.router, dependencies=[Depends(only_known_parameters)])
    _add_error_answers(app)
    security.protect(app, settings)
    app.openapi = lambda: description.of(app)  # type: ignore[method-assign]
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    yield
    app.state.inquiries.close()


class _App(FastAPI):
    """Its middleware is within what compresses and what adds the headers, that of unexpected errors too."""

    def build_middleware_stack(self) -> ASGIApp:
        return security.Headers(Compression(super().build_middleware_stack()), self.state.settings)


def _add_pages(app: FastAPI) -> None:
    assets = Assets(STATIC)

    @app.api_route("/", methods=["GET", "HEAD"], include_in_schema=False)
    async def page(request: Request) -> Response:
        return assets.answer("index.html", request, PAGE_HEADERS)

    @app.api_route("/docs", methods=["GET", "HEAD"], include_in_schema=False)
    async def swagger_ui(request: Request) -> Response:
        return assets.answer("docs.html", request, PAGE_HEADERS)

    async def part(request: Request) -> Response:
        return assets.answer(request.path_params["name"], request)

    app.add_route("/static/{name:path}", part, include_in_schema=False)


def _add_error_answers(app: FastAPI) -> None:
    handlers: dict[type[Exception], Callable[[Request, Any], Response]] = {
        ApiError: exceptions.answer,
        HTTPException: _http,
        RequestValidationError: _validation,
        ClientDisconnect: _gone,
        **outages.HANDLERS,
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
        return route.matches({**request.scope, "method": method})[0] is Match.FULL

    return [method for method in METHODS if any(takes(route, method) for route in request.app.routes)]


def _validation(_request: Request, error: RequestValidationError) -> Response:
    found = []
    for entry in error.errors():
        place, *path = entry["loc"]
        name = ".".join(map(str, path))
        found.append({"header" if place == "header" else "parameter": name, "message": f"{entry['msg']}."})
    return exceptions.answer(_request, exceptions.InvalidError(found))


def _gone(_request: Request, _error: ClientDisconnect) -> Response:
    return problem(400, "The connection was closed before the whole body had come.")
