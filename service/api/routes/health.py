"""Liveness and readiness of the service."""

from fastapi import Request
from fastapi.responses import Response
from sqlalchemy import text

from service.api import described_route
from service.api.app_state import state_of
from service.api.dependencies import Store
from service.api.openapi_responses import problems
from service.api.responses import json_response
from service.core.exceptions import UnavailableError
from service.schemas.responses.service import Health

router = described_route.router("health")

OK: Health = {"status": "ok"}


@router.get("/livez", response_model=Health, summary="Is the process alive?", responses=problems())
async def get_liveness() -> Response:
    """200 as long as the process responds."""
    return json_response(OK)


@router.get("/readyz", response_model=Health, summary="Can requests be served?", responses=problems())
def get_readiness(request: Request, store: Store) -> Response:
    """200 if the database is readable and in its place and, in a service with workers, a worker is alive; otherwise
    503.
    """
    if store.fault() is None:
        with store.reading() as connection:
            connection.execute(text("SELECT 1 FROM runs LIMIT 1"))
    fault = store.fault() or state_of(request).workers_fault()
    if fault is not None:
        raise UnavailableError(fault, headers={"Retry-After": "1"})
    return json_response(OK)
