"""create_app(): builds the application from routes, error handlers, middleware, description and page."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from importlib.metadata import version
from pathlib import Path

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from service.api import openapi
from service.api.app_state import AppState, state_of_app
from service.api.dependencies import authenticate, only_known_parameters
from service.api.error_handlers import add_error_handlers
from service.api.middleware import security_headers, stack
from service.api.middleware.abandonment import Abandonment
from service.api.middleware.compression import Compression
from service.api.middleware.content_language import ContentLanguage
from service.api.middleware.head_requests import HeadRequests
from service.api.middleware.rate_limit_headers import RateLimitHeaders
from service.api.middleware.request_ids import RequestIds
from service.api.middleware.request_timing import RequestTiming
from service.api.middleware.root_paths import RootPaths
from service.api.middleware.security_headers import PAGE_HEADERS
from service.api.middleware.stopping import Stopping
from service.api.routes import (
    analysis,
    bundle,
    dataset_rows,
    datasets,
    events,
    fit,
    functions,
    health,
    limits,
    metrics,
    model,
    names,
    plots,
    predict,
    run_actions,
    run_list,
    run_page,
    runs,
    samples,
    sweeps,
    trajectory,
    trajectory_check,
)
from service.api.static_files import Assets
from service.core.settings import Settings
from service.storage.database import Database

STATIC = Path(__file__).parents[1] / "web"
DESCRIPTION = """
Gradient descent as a service. `POST /fit` takes a dataset and the hyperparameters of a descent, a worker computes
θ ← θ − η∇E(θ), and `GET /runs/{id}/trajectory` gives θ and the **two criteria** at every step: the train error, which
the descent minimises, and the test error, which measures how well the model generalises.

In paths, `latest` stands for the newest run, sweep or upload. The examples read it, so they need one: send the first
example of `POST /datasets`, of `POST /sweeps` and then of `POST /fit`, and wait for the end of the run. Cancelling,
pausing, resuming and deleting need an id. Numbers that are not finite are `null`. Errors are `application/problem+json`
and state the correction. Sentences are in English, or in French for `Accept-Language: fr`. Every answer to a
complete request has its `X-Request-Id`, or a new one. HEAD is answered wherever GET is.
"""


MODULES = (
    fit,
    run_list,
    runs,
    run_actions,
    names,
    sweeps,
    trajectory,
    bundle,
    model,
    events,
    analysis,
    predict,
    plots,
    run_page,
    trajectory_check,
    datasets,
    dataset_rows,
    samples,
    functions,
    limits,
    metrics,
)


def create_app(settings: Settings, database: Database) -> FastAPI:
    """The application on a migrated database. Raises ValueError for invalid settings."""
    app = _App(
        title="Descent",
        version=version("descent-service"),
        summary="Gradient descent as a service",
        description=DESCRIPTION,
        openapi_url=None,  # FastAPI would encode the description for each request
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,  # a redirect would name the host that the client sent, to clients without a key too
        separate_input_output_schemas=False,
        lifespan=_lifespan,
    )
    app.state.descent = AppState.of(settings, database)
    _add_pages(app)  # first: a page loads many files
    app.routes.extend(_routes())
    add_error_handlers(app)
    _check_root_path(app, settings.root_path)
    stack.protect(app, settings)
    app.openapi = lambda: openapi.of(app)  # type: ignore[method-assign]
    return app


def _check_root_path(app: FastAPI, root_path: str) -> None:
    """Raises ValueError for a root path that begins like a path of the service, which would lose its beginning."""
    routes = [*app.routes, *(route for module in (*MODULES, health) for route in module.router.routes)]
    own = {route.path.split("/")[1] for route in routes if isinstance(route, Route)}
    if root_path and (first := root_path.split("/")[1]) in own:
        raise ValueError(f"DESCENT_ROOT_PATH: /{first} is a path of the service itself. Choose another prefix.")


@cache
def _routes() -> list[BaseRoute]:
    """The routes of every application: FastAPI prepares them at the first request, which takes 25 ms."""
    router = APIRouter()
    for module in MODULES:
        router.include_router(module.router, dependencies=[Depends(authenticate)])
    router.include_router(health.router, dependencies=[Depends(only_known_parameters)])
    return router.routes


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    yield
    state_of_app(app).close()


class _App(FastAPI):
    """Applies ids, languages, compression and security headers outside all other middleware: errors have them too.

    Inside of these, a request that reads ends with its client, and any with the service.
    """

    def build_middleware_stack(self) -> ASGIApp:
        state = state_of_app(self)
        answered = RequestTiming(Stopping(Abandonment(super().build_middleware_stack())), state.request_times)
        whole = HeadRequests(Compression(ContentLanguage(answered)))
        secured = security_headers.Headers(RateLimitHeaders(whole), state.settings)
        return RootPaths(RequestIds(secured), state.settings.root_path)


def _add_pages(app: FastAPI) -> None:
    assets = Assets(STATIC)

    @app.get("/", include_in_schema=False)
    async def page(request: Request) -> Response:
        return assets.answer("index.html", request, PAGE_HEADERS)

    @app.get("/docs", include_in_schema=False)
    async def swagger_ui(request: Request) -> Response:
        return assets.answer("docs.html", request, PAGE_HEADERS)

    async def part(request: Request) -> Response:
        return assets.answer(request.path_params["name"], request)

    app.add_route("/static/{name:path}", part, include_in_schema=False)
    app.add_route("/openapi.json", openapi.Description(app).answer, include_in_schema=False)
