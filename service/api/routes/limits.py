"""GET /limits: the limits of the service."""

from fastapi.responses import Response

from service.api import described_route
from service.api.dependencies import Config
from service.api.openapi_responses import problems
from service.api.responses import json_response
from service.core.settings import Settings
from service.schemas.responses.service import Limit, Limits

router = described_route.router("health")

UNITS = {
    "max_body_bytes": "bytes",
    "max_upload_bytes": "bytes",
    "max_header_bytes": "bytes",
    "max_rows": "rows",
    "max_features": "features",
    "max_steps": "steps",
    "max_parameters": "parameters",
    "max_trajectory_bytes": "bytes",
    "max_sweep": "runs",
    "max_formula": "characters",
    "max_page": "entries",
    "max_page_bytes": "bytes",
    "max_row_page": "rows",
    "max_row_cells": "numbers",
    "max_queued_runs": "runs",
    "max_stored_runs": "runs",
    "max_stored_datasets": "datasets",
    "max_stored_bytes": "bytes",
    "requests_per_minute": "requests per minute",
    "max_connections": "connections",
    "max_streams": "answers",
    "max_followers": "streams",
    "max_unsent_bytes": "bytes",
    "max_waits": "requests",
    "max_wait_seconds": "seconds",
    "max_inquiries": "questions",
    "max_inquiry_seconds": "seconds",
    "max_request_seconds": "seconds",
    "max_run_seconds": "seconds",
    "worker_memory_bytes": "bytes",
}


@router.get("/limits", response_model=Limits, summary="Get the limits of the service", responses=problems())
async def limits(settings: Config) -> Response:
    """Every limit by the name of its setting. The environment variable `DESCENT_` + the name in capitals changes it."""
    answer: Limits = {"limits": {name: _limit(settings, name) for name in UNITS}}
    return json_response(answer)


def _limit(settings: Settings, name: str) -> Limit:
    description = Settings.model_fields[name].description or ""
    return {"value": getattr(settings, name), "unit": UNITS[name], "description": description}
