"""GET /limits: the limits of the service."""

from collections.abc import Mapping

from fastapi import Request
from fastapi.responses import Response

from service.api import described_route
from service.api.app_state import state_of
from service.api.dependencies import Asks, Config, Store
from service.api.openapi_responses import problems
from service.api.responses import json_response
from service.api.streaming import look_up
from service.core.caller import Caller
from service.core.settings import Settings
from service.schemas.responses.service import Limit, Limits, Share
from service.storage import usage
from service.storage.database import Database

router = described_route.router("health")

UNITS = {
    "max_body_bytes": "bytes",
    "max_upload_bytes": "bytes",
    "max_header_bytes": "bytes",
    "max_address_bytes": "bytes",
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
    "max_lists": "answers",
    "max_followers": "streams",
    "max_unsent_bytes": "bytes",
    "max_waits": "requests",
    "max_wait_seconds": "seconds",
    "max_inquiries": "questions",
    "max_inquiry_seconds": "seconds",
    "max_request_seconds": "seconds",
    "max_run_seconds": "seconds",
    "worker_memory_bytes": "bytes",
    "keep_days": "days",
}


@router.get("/limits", response_model=Limits, summary="Get the limits of the service", responses=problems())
async def get_limits(request: Request, settings: Config, store: Store, caller: Asks) -> Response:
    """Every limit by the name of its setting, and beside one of a number that varies, your use of it.

    `share` is the share of the workers of your API key. The environment variable `DESCENT_` + the name in capitals
    changes a limit. `keep_days` is null where runs are kept until you delete them.
    """
    use = _shares(request) | await look_up(request, _quotas, store, caller)
    answer: Limits = {"limits": {name: _limit(settings, name, use) for name in UNITS}, "share": _share(caller)}
    return json_response(answer)


def _share(caller: Caller) -> Share | None:
    """The key's share of the workers; None without keys."""
    return None if caller.key_id is None else {"weight": caller.weight, "max_running": caller.max_running}


def _shares(request: Request) -> dict[str, int]:
    """What the user has of the limits of this process."""
    state, user = state_of(request), request.state.user
    return {
        "requests_per_minute": state.authenticator.requests_of(user),
        # Answers, large bodies and sweeps have as many slots each: the use nearest to a refusal.
        "max_streams": max(each.use(user) for each in (state.streams, state.body_reader, state.long_tasks)),
        "max_lists": state.readers.lists.use(user),
        "max_followers": state.followers.use(user),
        "max_waits": state.waits.use(user),
        "max_inquiries": state.analyses.limit.use(user),
        **state.use_of_connections(user),
    }


def _quotas(store: Database, caller: Caller) -> dict[str, int]:
    """What the owner has of the limits of stored objects."""
    with store.reading() as connection:
        return {
            "max_queued_runs": usage.unfinished(connection, caller.key_id),
            "max_stored_runs": usage.kept(connection, caller.key_id),
            "max_stored_datasets": usage.uploaded(connection, caller.key_id),
            "max_stored_bytes": usage.stored_bytes(connection, caller.key_id),
        }


def _limit(settings: Settings, name: str, use: Mapping[str, int]) -> Limit:
    description = Settings.model_fields[name].description or ""
    limit: Limit = {"value": getattr(settings, name), "unit": UNITS[name], "description": description}
    if name in use:
        limit["use"] = use[name]
    return limit
