"""A run's landscape and its curves as files, for slides and notebooks."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response
from pydantic import BaseModel, Field

from service.analysis import plots
from service.api.dependencies import Asks, Store
from service.api.etags import IfNoneMatch, tagged_bytes
from service.api.media_types import PNG, SVG
from service.api.openapi_responses import NOT_MODIFIED, described, problems
from service.api.routes.analysis import LandscapeQuery, landscape_of, stored
from service.api.routes.runs import RunId, find
from service.plotting import Look

router = APIRouter(prefix="/runs", tags=["pictures"])

MEDIA_TYPES = {"svg": SVG, "png": PNG}
MOST_NAME = 60
ANSWERS = {
    200: {
        **described("The picture.", "ETag"),
        "content": {
            SVG: {"schema": {"type": "string", "description": "An SVG document that needs nothing else."}},
            PNG: {"schema": {"type": "string", "format": "binary"}},
        },
    },
    304: NOT_MODIFIED,
    **problems(404, 409, 413, 422),
}
Form = Annotated[Literal["svg", "png"], Path(description="The kind of file.", examples=["svg"])]


class LookQuery(BaseModel):
    """How a picture is to look."""

    width: int = Field(900, ge=200, le=2400, description="Its width in pixels; the height follows.")
    theme: Literal["light", "dark"] = Field("light", description="Dark words on white, or light ones on black.")
    lang: Literal["en", "fr"] = Field("en", description="The language of its words.")

    @property
    def look(self) -> Look:
        """The same for whoever draws."""
        return Look(self.width, self.theme, self.lang)


class LandscapePictureQuery(LookQuery, LandscapeQuery):
    """Which plane, how finely, and how it is to look."""


@router.get(
    "/{run_id}/landscape.{form}",
    summary="The landscape as a picture",
    response_class=Response,
    responses=ANSWERS,
)
async def landscape_picture(
    request: Request,
    run_id: RunId,
    form: Form,
    store: Store,
    caller: Asks,
    query: Annotated[LandscapePictureQuery, Query()],
    if_none_match: IfNoneMatch = None,
) -> Response:
    """Contours of E with the path: where it began, ended, and had the lowest test MSE. Asked for like the numbers at
    `landscape`, and for how it is to look.
    """
    run = await run_in_threadpool(find, store, run_id, caller)
    arguments = (query.look, form, _title(run), _best(run), *landscape_of(run, query))
    found = await request.app.state.inquiries.answer(request.state.user, plots.of_landscape, *arguments)
    return tagged_bytes(found, if_none_match, MEDIA_TYPES[form])


@router.get(
    "/{run_id}/curves.{form}",
    summary="E(θ) and both criteria over the steps as a picture",
    response_class=Response,
    responses=ANSWERS,
)
async def curves_picture(
    request: Request,
    run_id: RunId,
    form: Form,
    store: Store,
    caller: Asks,
    query: Annotated[LookQuery, Query()],
    if_none_match: IfNoneMatch = None,
) -> Response:
    """On a logarithmic scale, at most 1,000 steps, with the lowest test MSE marked. Also while the run is live."""
    run = await run_in_threadpool(find, store, run_id, caller)
    last = stored(run, max(run.rows_done - 1, 0), "step")
    arguments = (query.look, form, _title(run), _best(run), run.diverged_at, run.seq, last)
    found = await request.app.state.inquiries.answer(request.state.user, plots.of_criteria, *arguments)
    return tagged_bytes(found, if_none_match, MEDIA_TYPES[form])


def _title(run: Any) -> str:
    return str(run.name or run.id[:12])[:MOST_NAME]


def _best(run: Any) -> int | None:
    return None if run.best is None else int(run.best["step"])
