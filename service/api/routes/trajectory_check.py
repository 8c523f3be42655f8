"""POST /check: checks the steps of a descent that a client computed."""

import numpy as np
import orjson
from fastapi import Request
from fastapi.responses import Response

from service.analysis import trajectory_check
from service.analysis.trajectory_check import DataOfPath, PathRequest
from service.api import described_route
from service.api.app_state import state_of
from service.api.dependencies import Asks, Config, Store
from service.api.media_types import JSON
from service.api.middleware.abandonment import while_connected
from service.api.openapi_examples import CHECK_EXAMPLES
from service.api.openapi_request_body import json_body
from service.api.openapi_responses import problems
from service.api.request_body import Body
from service.api.responses import media_type
from service.core.caller import Caller
from service.core.exceptions import invalid
from service.core.languages import Language, asked_language
from service.core.plurals import counted
from service.core.settings import Settings
from service.core.translation import translated
from service.jobs import submit
from service.jobs.submit import Submission
from service.schemas.fit import CheckRequest
from service.schemas.responses.trajectories import Verdict
from service.schemas.strict_model import parse
from service.storage.database import Database

router = described_route.router("inquiries")


@router.post(
    "/check",
    response_model=Verdict,
    summary="Check your own descent",
    responses=problems(400, 404, 408, 409, 413, 415, 422, 429),
    openapi_extra=json_body(CheckRequest, CHECK_EXAMPLES),
)
async def check_descent(request: Request, store: Store, settings: Config, caller: Asks) -> Response:
    """The body is that of `POST /fit`, with the θ of every step of your own program.

    The answer has the first step that does not follow from the step before it, and the mistakes that explain every
    step: a descent with that mistake gives the same numbers. Nothing is stored.
    """
    media_type(request, JSON)
    async with Body(request, settings.max_body_bytes) as body:
        case = await body.read_by(_read, store, settings, caller)
    with while_connected(request.scope):
        found = await state_of(request).analyses.answer_once(request.state.user, trajectory_check.of_path, case)
    return Response(_in_language(found, asked_language()), media_type=JSON)


def _in_language(verdict: bytes, language: Language) -> bytes:
    if language == "en":
        return verdict
    found = orjson.loads(verdict)
    for mistake in found["mistakes"]:
        mistake |= {name: translated(mistake[name], language) for name in ("title", "detail")}
    return orjson.dumps(found)


def _read(body: bytes, database: Database, settings: Settings, caller: Caller) -> PathRequest:
    asked = parse(CheckRequest, body).filled()
    read = submit.of(asked, database, settings, caller)
    _refuse_unchecked_descents(read)
    _check_widths(asked.trajectory.theta, read)
    path = np.array(asked.trajectory.theta, dtype=np.float64)
    return PathRequest(read.plan.request, _data_of(read), path, asked.tolerance)


def _data_of(read: Submission) -> DataOfPath | None:
    facts = read.facts
    if facts is None:
        return None
    rows = facts.id if read.incoming is None else (facts.rows, list(read.incoming.blocks()))
    return DataOfPath(facts.features, read.plan.classes, facts.sources, rows)


def _refuse_unchecked_descents(read: Submission) -> None:
    descent = read.plan.request["descent"]
    if descent["batch_size"] is not None:
        raise invalid(
            "/descent/batch_size", "A descent by mini-batches cannot be checked.", "Use all rows in every step."
        )
    if descent["schedule"]["kind"] == "backtracking":
        message = "A line search cannot be checked: its learning rates follow from the path."
        raise invalid("/descent/schedule", message, "Choose a constant learning rate.")


def _check_widths(theta: list[list[float]], read: Submission) -> None:
    parameters = read.plan.parameters
    # Rows without the intercept are one number short; the check reports that mistake.
    allowed = {len(parameters), len(parameters) - bool(read.plan.request.get("model", {}).get("intercept"))}
    width = len(theta[0])
    for number, row in enumerate(theta):
        if len(row) != width or width not in allowed:
            message = f"This step has {counted(len(row), 'number')}; θ has {len(parameters)}."
            hint = f"Give one number for each of {', '.join(parameters[:20])}."
            raise invalid(f"/trajectory/theta/{number}", message, hint)
