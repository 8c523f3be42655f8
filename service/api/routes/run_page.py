"""GET /runs/{id}/page.html: a run as one page that needs nothing else."""

from typing import Annotated, Literal

from fastapi import Query, Request
from fastapi.responses import Response

from service.analysis import plots
from service.analysis.plots import Appearance, CurvesRequest, LandscapePictureRequest
from service.api import described_route
from service.api.app_state import state_of
from service.api.dependencies import Asks, Store
from service.api.etags import IfNoneMatch, tagged_bytes
from service.api.media_types import HTML
from service.api.openapi_responses import NOT_MODIFIED, described, problems
from service.api.routes.analysis import LandscapeQuery, landscape_of, path_of
from service.api.routes.plots import MOST_NAME
from service.api.routes.runs import RunId, find
from service.api.serializers.run_page import Picture, run_page
from service.api.serializers.runs import serialize_listed
from service.api.streaming import look_up
from service.core.exceptions import ConflictError, TooLargeError
from service.core.languages import asked_language, asking
from service.core.run_record import Run

router = described_route.router("pictures", prefix="/runs")

WIDTH = 900
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; frame-ancestors 'none'; sandbox"
)


@router.get(
    "/{run_id}/page.html",
    summary="A run as one page to send or print",
    response_class=Response,
    responses={
        200: {
            **described("The page.", "ETag"),
            "content": {HTML: {"schema": {"type": "string", "description": "A self-contained document."}}},
        },
        304: NOT_MODIFIED,
        **problems(404, 409, 413, 422),
    },
)
async def get_run_page(
    request: Request,
    run_id: RunId,
    store: Store,
    caller: Asks,
    lang: Annotated[Literal["en", "fr"] | None, Query(description="Default: by `Accept-Language`.")] = None,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """State and verdict, both criteria, curves, loss landscape, parameters, findings and request, without scripts."""
    run = await look_up(request, find, store, run_id, caller)
    path_of(run)  # a run without a step has no page
    language = lang or asked_language()
    pictures = await _pictures(
        request, run, Appearance("svg", str(run.name or run.id)[:MOST_NAME], WIDTH, "light", language)
    )
    with asking(language):
        content = run_page(serialize_listed(run), pictures, language)
    response = tagged_bytes(content, if_none_match, HTML)
    response.headers["Content-Security-Policy"] = POLICY
    return response


async def _pictures(request: Request, run: Run, look: Appearance) -> list[Picture]:
    """The curves, and the landscape of a run that has one in good time."""
    analyses, user = state_of(request).analyses, request.state.user
    curves = await analyses.answer(user, plots.of_criteria, CurvesRequest(look, path_of(run), run.diverged_at))
    found = [Picture("Curves", "Both criteria over the steps", curves)]
    try:
        asked = LandscapePictureRequest(look, landscape_of(run, LandscapeQuery()))
        landscape = await analyses.answer(user, plots.of_landscape, asked)
    except (ConflictError, TooLargeError):
        return found
    return [*found, Picture("Loss landscape", "E around the path of the descent", landscape)]
