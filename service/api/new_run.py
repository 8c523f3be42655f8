"""The answer to a request that queues a run: at once, or with `Prefer: wait` when the run is finished."""

from functools import partial

from fastapi import Request
from fastapi.responses import Response

from service.api.judgement import is_settled
from service.api.prefer_wait import finished
from service.api.responses import json_response
from service.api.routes.runs import Placed, placed, run_state
from service.api.streaming import look_up
from service.core import run_record
from service.core.root_path import rooted
from service.core.settings import Settings
from service.storage import runs
from service.storage.database import Database


async def queued_or_finished(
    request: Request, store: Database, settings: Settings, queued: Placed, wait: int | None
) -> Response:
    """200 with the run that has finished within `wait` seconds, else 202 with it as it is."""
    run, answer = queued
    headers = {"Location": rooted(f"/runs/{run.id}")}
    if wait is not None:
        waited = await finished(request, wait, partial(run_state, store, run.seq), is_settled, run=run.seq)
        # The answer for a run deleted meanwhile is its last known state.
        run, answer = await look_up(request, _look, store, run, settings)
        if run.is_finished:
            return json_response(answer, 200, headers | waited.headers)
    return json_response(answer, 202, headers | {"Retry-After": "1"})


def _look(store: Database, known: run_record.Run, settings: Settings) -> Placed:
    """The run as it is now; as it was known if it was deleted meanwhile."""
    with store.reading() as connection:
        found = runs.find(connection, known.id) or known
    return placed(store, found, settings)
