"""Metrics for Prometheus."""

from contextlib import suppress

from fastapi import Request
from fastapi.responses import Response
from sqlalchemy.exc import DBAPIError

from service.api import described_route, metrics
from service.api.app_state import state_of
from service.api.authentication import require_scope
from service.api.dependencies import Asks, Config, Store
from service.api.openapi_responses import problems
from service.api.streaming import look_up

router = described_route.router("health")


@router.get(
    "/metrics",
    summary="Metrics for Prometheus",
    response_class=Response,
    responses={
        200: {
            "description": "The text format of Prometheus.",
            "content": {"text/plain": {"schema": {"type": "string"}}},
        },
        **problems(403, 429),
    },
)
async def get_metrics(request: Request, store: Store, settings: Config, caller: Asks) -> Response:
    """Runs by status, the age of the oldest queued run, the size of the database; answers and times of this process by
    route. While the database cannot be read, its metrics are left out.

    Where keys are required, the key has scope `admin`, or scope `read` with the runs of all keys.
    """
    if caller.owner is not None:
        require_scope(caller, "admin")
    state = state_of(request)

    def look() -> bytes:
        found = None
        with suppress(DBAPIError, OSError):  # `descent_ready` tells of it, and the other metrics tell what it causes
            found = metrics.store_state(store, settings.database_file)
        is_ready = found is not None and store.fault() is None and state.workers_fault() is None
        return metrics.metrics_text(found, state.request_times, is_ready=is_ready)

    return Response(await look_up(request, look), media_type=metrics.CONTENT_TYPE)
