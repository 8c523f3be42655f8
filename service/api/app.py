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

from service.analysis.analysis_pool import AnalysisPool
from service.api import openapi
from service.api.authentication import Authenticator
from service.api.dependencies import authenticate, only_known_parameters
from service.api.error_handlers import add_error_handlers
from service.api.long_tasks import LongTasks
from service.api.middleware import security_headers, stack
from service.api.middleware.abandonment import Abandonment
from service.api.middleware.compression import Compression
from service.api.middleware.content_language import ContentLanguage
from service.api.middleware.head_requests import HeadRequests
from service.api.middleware.request_ids import RequestIds
from service.api.middleware.request_timing import RequestTiming
from service.api.middleware.root_paths import RootPaths
from service.api.middleware.security_headers import PAGE_HEADERS
from service.api.middleware.stopping import Stopping
from service.api.request_body import BodyReader
from service.api.request_times import RequestTimes
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
from service.api.run_changes import RunChanges
from service.api.short_writes import ShortWrites
from service.api.static_files import Assets
from service.api.streaming import Readers
from service.core.concurrency_limit import ConcurrencyLimit
from service.core.settings import Settings
from service.jobs.quotas import Quotas
from service.storage.database import Database
from service.storage.queue_position import QueueSnapshots

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
    _add_state(app, settings, database)
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


def _add_state(app: FastAPI, settings: Settings, database: Database) -> None:
    """Adds the parts that requests share. `server.run` replaces the last three."""
    app.state.settings = settings
    app.state.database = database
    app.state.authenticator = Authenticator(settings, database)
    app.state.quotas = Quotas(settings)
    app.state.queue_snapshots = QueueSnapshots(database, settings)
    app.state.body_reader = BodyReader(settings)
    keys = settings.requires_keys
    app.state.streams = ConcurrencyLimit(settings.max_streams, "trajectories and datasets being sent", keys=keys)
    app.state.long_tasks = LongTasks(ConcurrencyLimit(settings.max_streams, "sweeps that wait", keys=keys))
    # Each waiting write has a connection, so a share of the connections leaves some to other users.
    app.state.short_writes = ShortWrites(
        ConcurrencyLimit(settings.max_connections, "short writes that wait", keys=keys)
    )
    app.state.readers = Readers(ConcurrencyLimit(settings.max_lists, "lists being read", keys=keys))
    app.state.followers = ConcurrencyLimit(settings.max_followers, "followed runs", keys=keys)
    app.state.run_changes = RunChanges(database)
    app.state.waits = ConcurrencyLimit(settings.max_waits, "waiting requests", keys=keys)
    limit = ConcurrencyLimit(settings.max_inquiries, "running analyses", keys=keys)
    app.state.analyses = AnalysisPool(settings, limit)
    app.state.request_times = RequestTimes()
    app.state.is_stopping = lambda: False
    app.state.use_of_connections = lambda _user: {}
    app.state.workers_fault = lambda: None


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    yield
    app.state.analyses.close()
    app.state.body_reader.close()


class _App(FastAPI):
    """Applies ids, languages, compression and security headers outside all other middleware: errors have them too.

    Inside of these, a request that reads ends with its client, and any with the service.
    """

    def build_middleware_stack(self) -> ASGIApp:
        answered = RequestTiming(Stopping(Abandonment(super().build_middleware_stack())), self.state.request_times)
        whole = HeadRequests(Compression(ContentLanguage(answered)))
        secured = security_headers.Headers(whole, self.state.settings)
        return RootPaths(RequestIds(secured), self.state.settings.root_path)


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
