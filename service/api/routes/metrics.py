"""Metrics for Prometheus."""

from fastapi import Request
from fastapi.responses import Response

from service.api import described_route, metrics
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
async def read_metrics(request: Request, store: Store, settings: Config, caller: Asks) -> Response:
    """Runs by status, the age of the queue, the size of the database; answers and times of this process by route.

    Where keys are required, the key has scope `admin`, or sees the runs of all keys.
    """
    if caller.owner is not None:
        require_scope(caller, "admin")
    state = request.app.state

    def look() -> bytes:
        is_ready = store.fault() is None and state.workers_fault() is None
        return metrics.text_of(metrics.stored(store, settings.database_file), state.request_times, is_ready=is_ready)

    return Response(await look_up(request, look), media_type=metrics.CONTENT_TYPE)
