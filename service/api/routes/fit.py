"""POST /fit."""

from functools import partial
from typing import Annotated

from fastapi import Query, Request
from fastapi.responses import Response

from service.api import described_route
from service.api.app_state import state_of
from service.api.dependencies import Asks, Config, IdempotencyKey, Store
from service.api.media_types import JSON
from service.api.middleware.abandonment import while_connected
from service.api.new_run import queued_or_finished
from service.api.openapi_examples import FIT_EXAMPLES
from service.api.openapi_request_body import json_body
from service.api.openapi_responses import described, problems
from service.api.prefer_wait import Prefer, wait_of
from service.api.request_body import Body
from service.api.responses import json_response, media_type
from service.api.routes.runs import queue_placed
from service.core.caller import Caller
from service.core.settings import Settings
from service.jobs import submit
from service.jobs.quotas import Quotas
from service.schemas.fit import FitRequest
from service.schemas.responses.runs import Price, Run
from service.storage.database import Database

router = described_route.router("fit")


@router.post(
    "/fit",
    status_code=202,
    response_model=Run,
    summary="Submit a training job",
    responses={
        200: {
            "model": Run | Price,
            "description": "With `Prefer: wait`: the finished run. With `validate_only`: the cost.",
        },
        202: described("The run is queued; `Location` has its path.", "Location", "Retry-After"),
        **problems(400, 404, 408, 409, 413, 415, 422, 429, 507),
    },
    openapi_extra=json_body(FitRequest, FIT_EXAMPLES),
)
async def submit_fit(
    request: Request,
    store: Store,
    settings: Config,
    caller: Asks,
    validate_only: Annotated[
        bool,
        Query(description="Validate the request and return its cost, or the error that it would get; store nothing."),
    ] = False,
    idempotency_key: IdempotencyKey = None,
    prefer: Prefer = None,
) -> Response:
    """Gradient descent on a dataset: inline, uploaded (`id`) or shipped with the service (`sample`); or on a `function`
    without data.

    Every field except these two has a default. The response comes at once; a worker computes the descent and stores θ
    and both criteria at every step.
    """
    media_type(request, JSON)
    wait = wait_of(prefer)
    state = state_of(request)
    async with Body(request, settings.max_body_bytes) as body:
        if validate_only:
            return await _priced(request, body, store, settings, caller)
        queue = partial(queue_placed, store, state.quotas, state.queue_snapshots)
        queued = await body.stored_by(queue, submit.read_keyed, store, settings, caller, idempotency_key)
    return await queued_or_finished(request, store, settings, queued, wait)


@router.post(
    "/fit/price",
    response_model=Price,
    summary="Price a training job",
    responses=problems(400, 404, 408, 409, 413, 415, 422, 429, 507),
    openapi_extra=json_body(FitRequest, FIT_EXAMPLES),
)
async def price_fit(request: Request, store: Store, settings: Config, caller: Asks) -> Response:
    """The cost of a `POST /fit` with this body, or the error that it would get; nothing is stored."""
    media_type(request, JSON)
    async with Body(request, settings.max_body_bytes) as body:
        return await _priced(request, body, store, settings, caller)


async def _priced(request: Request, body: Body, store: Database, settings: Settings, caller: Caller) -> Response:
    with while_connected(request.scope):
        price = partial(_price, store, state_of(request).quotas)
        return json_response(await body.answered_by(price, submit.read, store, settings, caller))


def _price(store: Database, quotas: Quotas, read: submit.Submission) -> Price:
    """The price of a submission. Raises as its storage would for an exhausted quota or disk."""
    quotas.check_run(store, read.owner, read.asked_bytes)
    return {
        "valid": True,
        "steps": read.plan.steps,
        "parameters": read.plan.shape.size,
        "bytes": read.asked_bytes,
        "gradient_evaluations": read.plan.gradient_evaluations,
    }
