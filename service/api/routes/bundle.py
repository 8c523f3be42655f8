"""GET /runs/{id}/bundle: a zip that reproduces a run without the service."""

import orjson
from fastapi import Request
from fastapi.responses import Response

from service.analysis.bundle import bundle_of, script
from service.api import described_route
from service.api.app_state import state_of
from service.api.dependencies import Asks, Store
from service.api.etags import IfNoneMatch, etag_of, matches
from service.api.media_types import ZIP
from service.api.openapi_responses import NOT_MODIFIED, described, problems
from service.api.readers import PIECE_BYTES
from service.api.routes.runs import RunId, find
from service.api.serializers.runs import serialize_run
from service.api.streaming import Stream, look_up
from service.core.exceptions import ConflictError

router = described_route.router("trajectory", prefix="/runs")


@router.get(
    "/{run_id}/bundle",
    summary="Download a run that recomputes itself",
    response_class=Response,
    responses={
        200: {
            **described("The zip, streamed.", "ETag"),
            "content": {ZIP: {"schema": {"type": "string", "format": "binary"}}},
        },
        304: NOT_MODIFIED,
        **problems(404, 409),
    },
)
async def get_bundle(
    request: Request, run_id: RunId, store: Store, caller: Asks, if_none_match: IfNoneMatch = None
) -> Response:
    """The request, the data, the split, every step, and a script of plain numpy, `recompute.py`, which computes every
    step again and says whether it agrees. Of a finished run.
    """
    run = await look_up(request, find, store, run_id, caller)
    if not run.is_finished:
        raise ConflictError(f"The run is {run.status.words}; only a finished run has a bundle.", run_status=run.status)
    if run.rows_done == 0:
        raise ConflictError("The run has no steps, so there is nothing to recompute.", run_status=run.status)
    answer = orjson.dumps(serialize_run(run, None), option=orjson.OPT_INDENT_2)
    headers = {
        "ETag": etag_of(answer + b"".join(script().values())),
        "Content-Disposition": f'attachment; filename="descent-{run.id}.zip"',
    }
    if matches(if_none_match, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    state, user = state_of(request), request.state.user
    content = state.readers.pieces(user, bundle_of(run, answer, store))
    return Stream(state.streams, user, content, ZIP, headers, whole_bytes=PIECE_BYTES)
