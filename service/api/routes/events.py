"""GET /runs/{id}/events: the progress of a run as server-sent events."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated

import orjson
from fastapi import Header, Query, Request
from fastapi.responses import Response, StreamingResponse
from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event
from pydantic import BaseModel, Field

from service.api import described_route
from service.api.app_state import state_of
from service.api.dependencies import Asks, Config, Store
from service.api.error_handlers import DAMAGED, damage_told
from service.api.judgement import is_settled
from service.api.media_types import EVENT_STREAM
from service.api.openapi_responses import problems
from service.api.problem_details import problem_body, translated_problem
from service.api.routes.runs import RunId, find_readable
from service.api.routes.trajectory import fields_of, head_of, view_of
from service.api.run_changes import RunChanges
from service.api.serializers.runs import serialize_run
from service.api.streaming import Stream, look_up
from service.core.exceptions import InvalidError, header_error
from service.core.languages import asked_language
from service.core.run_record import Run
from service.core.run_status import FINISHED, RunStatus
from service.core.settings import Settings
from service.schemas.responses import runs as responses
from service.storage import runs, trajectories
from service.storage.database import Database
from service.storage.errors import CorruptError, GoneError
from service.storage.queue_position import position_of
from service.storage.runs import RunState
from service.trajectories import export

router = described_route.router("trajectory", prefix="/runs")

LOOK_SECONDS = 0.2
"""Between two looks at a run: less often than a worker stores its steps, nothing new is seen."""
QUIET_SECONDS = 15.0
"""The time without an event until a comment, so that no proxy closes the connection as idle."""
RETRY_MILLISECONDS = 1000
MOST_EVERY = 2**62
"""No run has as many steps, and numpy's integers have 63 bits."""
EVENT = {
    "type": "object",
    "description": "One event.",
    "required": ["event", "data"],
    "properties": {
        "event": {"enum": ["status", "progress", "problem", "finished"]},
        "data": {"type": "string", "description": "JSON: the run, the columns of the new steps, or a problem."},
        "id": {"type": "string", "description": "progress: the number of its last step."},
    },
}
HEADERS = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
"""For proxies: no caching and no buffering of events."""


class EventsQuery(BaseModel):
    """The steps and columns to send."""

    from_step: int = Field(0, ge=0, description="The first step. `Last-Event-ID` overrides it.")
    every: int = Field(1, ge=1, description="Only the steps whose number is a multiple of k.")
    fields: str | None = Field(None, description="Names of columns, as of the trajectory.")


@router.get(
    "/{run_id}/events",
    response_class=StreamingResponse,
    summary="Follow the progress of a run",
    responses={
        200: {
            "description": "Server-sent events until the run is finished.",
            "content": {EVENT_STREAM: {"schema": EVENT}},
        },
        **problems(404, 422),
    },
)
async def follow_run(
    request: Request,
    run_id: RunId,
    store: Store,
    settings: Config,
    caller: Asks,
    query: Annotated[EventsQuery, Query()],
    last_event_id: Annotated[
        str | None,
        Header(
            description="The `id` of the last received event; the events continue after it.",
            json_schema_extra={"pattern": "^[0-9]{1,18}$"},
        ),
    ] = None,
) -> Response:
    """`status` has the run, at the start and at each change of its status; `progress` has the columns of new steps, in
    the format of the trajectory, and the number of the last one as `id`; `finished` has the run at the end. Steps come
    from the database: a client that reconnects with `Last-Event-ID` gets each step once, also after a restart.

    A run whose row is damaged is failed, with the error `damaged_data`. Damaged steps end the stream: `problem` has the
    reason, as a problem of RFC 9457.
    """
    state = state_of(request)
    state.followers.check(request.state.user)  # a refusal costs neither a thread nor a look at the database
    run = await look_up(request, find_readable, store, run_id, caller)
    first = query.from_step if last_event_id is None else _step_of(last_event_id) + 1
    every = min(query.every, MOST_EVERY)
    fields = fields_of(run, query.fields) if run.columns else []
    follower = _Follower(store, settings, run.seq, fields, every, first)
    look = partial(state.readers.read, request.state.user, follower.look)
    content = _sent(follower, look, state.run_changes, state.is_stopping)
    return Stream(state.followers, request.state.user, content, EVENT_STREAM, HEADERS)


def _step_of(last_event_id: str) -> int:
    if last_event_id.isascii() and last_event_id.isdigit() and len(last_event_id) < 19:
        return int(last_event_id)
    raise InvalidError(
        [header_error("Last-Event-ID", "This is not a step number.", "Send the `id` of the last received event.")]
    )


async def _sent(
    follower: "_Follower",
    look: Callable[[], Awaitable[list[bytes]]],
    run_changes: RunChanges,
    is_stopping: Callable[[], bool],
) -> AsyncIterator[bytes]:
    yield format_sse_event(retry=RETRY_MILLISECONDS)
    spoken = time.monotonic()
    with run_changes.of(follower.seq) as changes:
        while not (follower.is_over or is_stopping()):
            found = await look()
            for event in found:
                yield event
            if found:
                spoken = time.monotonic()
            elif time.monotonic() - spoken > QUIET_SECONDS:
                spoken = time.monotonic()
                yield KEEPALIVE_COMMENT
            if not (follower.is_behind or follower.is_over):
                await asyncio.sleep(LOOK_SECONDS)
                await changes.wait(LOOK_SECONDS if follower.awaits_judgement else QUIET_SECONDS)


@dataclass
class _Follower:
    """What a client of one run has been told, and what is to be told next."""

    store: Database
    settings: Settings
    seq: int
    fields: Sequence[str]
    every: int
    next_step: int
    status: RunStatus | None = None
    is_over: bool = False
    is_settled: bool = False
    """Whether the run is finished, and no convergence is soon to follow."""
    is_behind: bool = False
    """Whether more is stored already than was told."""

    @property
    def awaits_judgement(self) -> bool:
        """Whether the run is finished, and its convergence may follow."""
        return self.status in FINISHED and not self.is_settled

    def look(self) -> list[bytes]:
        """What has happened since the last look. A deleted run is over without a word."""
        try:
            return self._news()
        except GoneError:
            self.is_over = True
            return []

    def _news(self) -> list[bytes]:
        """Raises GoneError."""
        with self.store.reading() as connection:
            state = runs.state(connection, self.seq)
            self.is_settled = is_settled(state)
            if state is not None and not self._is_news(state):
                return []
            run = runs.find_readable_by_seq(connection, self.seq)
            if run is None:
                raise GoneError
            answer = serialize_run(run, position_of(connection, run, self.settings))
        found = [] if run.status == self.status else [_event("status", answer)]
        self.status = run.status
        steps = self._steps(run)
        if steps:
            found.append(self._progress(run, steps))
        self.is_behind = not self.is_over and len(self._steps(run)) > 0
        if run.is_finished and (self.is_settled or self.is_over) and not self.is_behind:
            self.is_over = True
            found.append(_event("finished", answer))
        return found

    def _is_news(self, state: RunState) -> bool:
        return state.status != self.status or state.rows_done > self.next_step or self.is_settled

    def _steps(self, run: Run) -> range:
        """The next steps, as many as one event has."""
        most = trajectories.chunk_rows(run.width)
        first = -(-self.next_step // self.every) * self.every
        return range(first, run.rows_done, self.every)[:most]

    def _progress(self, run: Run, steps: range) -> bytes:
        """The event of these steps; of damaged steps a problem, after which the stream is over."""
        view = view_of(run, self.fields, steps, self.store)
        try:
            columns = b"".join(export.as_json(view, {**head_of(run, is_sampled=self.every > 1), "best": run.best}))
        except CorruptError as error:
            self.is_over = True
            damage = problem_body(500, damage_told(error), title=DAMAGED)
            return format_sse_event(
                event="problem", data_str=translated_problem(orjson.dumps(damage), asked_language()).decode()
            )
        self.next_step = steps[-1] + 1
        return format_sse_event(event="progress", id=str(steps[-1]), data_str=columns.decode())


def _event(name: str, run: responses.Run) -> bytes:
    return format_sse_event(event=name, data_str=orjson.dumps(run).decode())
