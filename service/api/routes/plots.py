"""The landscape and the learning curves of a run as SVG and PNG files."""

from typing import Annotated, Literal

from fastapi import Path, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from service.analysis import plots
from service.analysis.plots import Appearance, CurvesRequest, LandscapePictureRequest
from service.api import described_route
from service.api.app_state import state_of
from service.api.dependencies import Asks, Store
from service.api.etags import IfNoneMatch, tagged_bytes
from service.api.media_types import PNG, SVG
from service.api.openapi_examples import FORM_EXAMPLES
from service.api.openapi_responses import NOT_MODIFIED, described, problems
from service.api.routes.analysis import LandscapeQuery, landscape_of, path_of
from service.api.routes.runs import RunId, find
from service.api.streaming import look_up
from service.core.run_record import Run

router = described_route.router("pictures", prefix="/runs")

MEDIA_TYPES = {"svg": SVG, "png": PNG}
MOST_NAME = 60
ANSWERS = {
    200: {
        **described("The picture.", "ETag"),
        "content": {
            SVG: {"schema": {"type": "string", "description": "A self-contained SVG document."}},
            PNG: {"schema": {"type": "string", "format": "binary"}},
        },
    },
    304: NOT_MODIFIED,
    **problems(404, 409, 413, 422),
}
Form = Annotated[Literal["svg", "png"], Path(description="The kind of file.", openapi_examples=FORM_EXAMPLES)]


class LookQuery(BaseModel):
    """The appearance of a picture."""

    width: int = Field(900, ge=200, le=2400, description="The width in pixels; the height follows from it.")
    theme: Literal["light", "dark"] = Field("light", description="light: dark on white; dark: light on black.")
    lang: Literal["en", "fr"] = Field("en", description="The language of the labels.")

    def of(self, run: Run, form: Form) -> Appearance:
        """The appearance of a picture of the run."""
        return Appearance(form, str(run.name or run.id[:12])[:MOST_NAME], self.width, self.theme, self.lang)


class LandscapePictureQuery(LookQuery, LandscapeQuery):
    """The plane, the resolution and the appearance."""


@router.get(
    "/{run_id}/landscape.{form}",
    summary="The landscape as a picture",
    response_class=Response,
    responses=ANSWERS,
)
async def draw_landscape(
    request: Request,
    run_id: RunId,
    form: Form,
    store: Store,
    caller: Asks,
    query: Annotated[LandscapePictureQuery, Query()],
    if_none_match: IfNoneMatch = None,
) -> Response:
    """Contours of E with the path, its start, its end and the step with the lowest test MSE.

    The parameters are those of `landscape` and the appearance.
    """
    run = await look_up(request, find, store, run_id, caller)
    asked = LandscapePictureRequest(query.of(run, form), landscape_of(run, query))
    found = await state_of(request).analyses.answer(request.state.user, plots.of_landscape, asked)
    return tagged_bytes(found, if_none_match, MEDIA_TYPES[form])


@router.get(
    "/{run_id}/curves.{form}",
    summary="E(θ) and both criteria over the steps as a picture",
    response_class=Response,
    responses=ANSWERS,
)
async def draw_curves(
    request: Request,
    run_id: RunId,
    form: Form,
    store: Store,
    caller: Asks,
    query: Annotated[LookQuery, Query()],
    if_none_match: IfNoneMatch = None,
) -> Response:
    """At most 1,000 steps on a logarithmic scale, with the lowest test MSE marked. A running run has them too."""
    run = await look_up(request, find, store, run_id, caller)
    asked = CurvesRequest(query.of(run, form), path_of(run), run.diverged_at)
    found = await state_of(request).analyses.answer(request.state.user, plots.of_criteria, asked)
    return tagged_bytes(found, if_none_match, MEDIA_TYPES[form])
