"""GET /runs/{id}/model: f(θ, x) for use without the service."""

from functools import partial
from typing import Annotated, Literal

from fastapi import Header, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from service.analysis.model_export import Form, ModelRequest, model_at
from service.api import described_route
from service.api.app_state import state_of
from service.api.content_negotiation import negotiated
from service.api.dependencies import Asks, Store
from service.api.etags import IfNoneMatch, tagged_bytes
from service.api.media_types import C_SOURCE, JSON, PYTHON_SOURCE, XLSX
from service.api.openapi_responses import NOT_MODIFIED, described, problems
from service.api.responses import query_error
from service.api.routes.analysis import refuse_functions, step_of
from service.api.routes.runs import RunId, find
from service.api.streaming import look_up
from service.schemas.responses.model import ModelNumbers

router = described_route.router("inquiries", prefix="/runs")

MEDIA_TYPES: dict[Form, str] = {"json": JSON, "python": PYTHON_SOURCE, "c": C_SOURCE, "sheet": XLSX}
ENDINGS: dict[Form, str] = {"python": "py", "c": "c", "sheet": "xlsx"}
SOURCE = {"schema": {"type": "string"}}
FILE = {"schema": {"type": "string", "format": "binary"}}


class ModelQuery(BaseModel):
    """The step, and the form of the model."""

    format: Form | None = Field(
        None,
        description="json: parameters, scaling and formula; python: a module of numpy alone; c: C99; sheet: a workbook "
        "with formulas. It overrides the header Accept.",
    )
    step: Annotated[int, Field(ge=0)] | Literal["last", "best"] = Field(
        "last", description="A stored step, last, or best: the step with the lowest test MSE."
    )


@router.get(
    "/{run_id}/model",
    response_model=ModelNumbers,
    summary="f(θ, x) as numbers, Python, C or a workbook",
    responses={
        200: {**described("The model.", "ETag"), "content": {PYTHON_SOURCE: SOURCE, C_SOURCE: SOURCE, XLSX: FILE}},
        304: NOT_MODIFIED,
        **problems(404, 406, 409, 413, 422),
    },
)
async def get_model(
    request: Request,
    run_id: RunId,
    store: Store,
    caller: Asks,
    query: Annotated[ModelQuery, Query()],
    accept: Annotated[str, Header(include_in_schema=False)] = "*/*",
    if_none_match: IfNoneMatch = None,
) -> Response:
    """The model of a run at a step, which computes predictions without the service. Features and predictions have the
    units of the data.
    """
    form = query.format or negotiated(accept, MEDIA_TYPES)
    run = await look_up(request, find, store, run_id, caller)
    refuse_functions(run)
    asked = ModelRequest(run.seq, step_of(run, query.step, partial(query_error, "step")), form)
    found = await state_of(request).analyses.answer(request.state.user, model_at, asked)
    response = tagged_bytes(found, if_none_match, MEDIA_TYPES[form])
    response.headers["Vary"] = "Accept"
    if form in ENDINGS:
        response.headers["Content-Disposition"] = f'inline; filename="model-{run.id}.{ENDINGS[form]}"'
    return response
