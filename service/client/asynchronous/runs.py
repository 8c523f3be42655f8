"""A run of a service: waits for it, follows it, reads its steps, and makes others of it."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing, suppress
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from uuid import uuid4

from service.client.asynchronous.connection import AsyncConnection
from service.client.asynchronous.resources import LONG_POLL_SECONDS, AsyncResource
from service.client.data import JsonObject, chosen, rows_of
from service.client.errors import DescentError, NotReachableError, RunFailedError, ServiceError
from service.client.event_stream import Event, EventParser
from service.client.facts import RunFacts
from service.client.files import form_of, path_of, quoted, written
from service.client.many_rows import HEADERS, MANY_VALUES, many_rows, npz_pieces, predictions_of
from service.client.picture import Picture
from service.client.progress import ASYNC_PROGRESS, is_notebook
from service.client.retrying import backoff, may_come_back
from service.client.trajectory import Trajectory

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

QUIET_SECONDS = 30.0
"""The longest time without a sign of life in a stream of events; the service sends one twice as often."""
VERDICT_LOOKS = 8
"""The looks for the verdict of a run that has ended: five seconds."""
JUDGED = ("succeeded", "diverged")
ACCEPTED = 202
PAGE = 200
"""The most runs of one page."""


class AsyncRun(RunFacts, AsyncResource):
    """A run. Its facts are those of the last answer; `refresh` asks for them again."""

    PATH = "/runs"

    async def wait(self, timeout: float | None = None, *, progress: bool | None = ASYNC_PROGRESS) -> Self:
        """Waits for the end of the run. The run goes on if the wait is interrupted.

        Raises TimeoutError after `timeout` seconds, and RunFailedError for a run that failed. A run that diverged has a
        result.
        """
        await self._wait(timeout, progress)
        for attempt in range(VERDICT_LOOKS):  # the verdict follows the end, on a busy machine some seconds later
            if self.facts["convergence"] is not None or self.status not in JUDGED:
                break
            await asyncio.sleep(backoff(attempt, 1.0))
            await self.refresh()
        if self.status == "failed":
            raise RunFailedError(f"The run {self.id} failed: {self.facts['error']['message']}")
        if is_notebook() and self.facts["steps_done"]:
            with suppress(DescentError):  # a run without its picture is as good
                await self.plot()
        return self

    async def follow(
        self, *, fields: Sequence[str] | str | None = None, every: int | None = None, from_step: int | None = None
    ) -> AsyncIterator[Event]:
        """The events of the run until its end: each step once, also if the connection breaks in between.

        Raises ServiceError, and NotReachableError if the service does not come back.
        """
        query = {"fields": quoted(fields), "every": every, "from_step": from_step}
        last, attempt = None, 0
        while True:
            try:
                async with aclosing(self._events(query, last)) as events:
                    async for event in events:
                        if event.id != last:
                            attempt, last = 0, event.id
                        yield event
                        if event.kind == "finished":
                            return
                error: DescentError = NotReachableError(f"The events of the run {self.id} end before the run does.")
            except (NotReachableError, ServiceError) as broken:
                error = broken
            if attempt >= self._connection.retries or not may_come_back(error):
                raise error
            await asyncio.sleep(backoff(attempt))
            attempt += 1

    async def _events(self, query: Mapping[str, Any], last: str | None) -> AsyncGenerator[Event, None]:
        """The events of one connection, after the one with the id `last`. Raises ServiceError for damaged steps."""
        parser = EventParser(last)
        headers = {} if last is None else {"Last-Event-ID": last}
        async with self._connection.stream(
            self._path("/events"), "text/event-stream", query=query, headers=headers, quiet=QUIET_SECONDS
        ) as response:
            async for piece in response.aiter_bytes():
                for event in parser.add(piece):
                    if event.kind == "problem":
                        raise ServiceError(int(event.data.get("status", 500)), event.data)
                    if event.kind in ("status", "finished"):
                        self.facts = event.data
                    yield event

    async def trajectory(
        self,
        *,
        fields: Sequence[str] | str | None = None,
        from_step: int | None = None,
        to_step: int | None = None,
        every: int | None = None,
        max_points: int | None = None,
    ) -> Trajectory:
        """θ and both criteria at every stored step; nothing is left out unless `every` or `max_points` asks for it."""
        query: JsonObject = {"from_step": from_step, "to_step": to_step, "every": every, "max_points": max_points}
        query |= {"fields": quoted(fields), "format": "npz"}
        return Trajectory(BytesIO(await self._bytes("/trajectory", "application/x-npz", query)))

    async def predict(
        self, x: Any = None, *, dataset: str | None = None, step: int | str = "last"
    ) -> "npt.NDArray[Any]":
        """f(θ, x) for rows of features in the units of the data: numbers, or class labels; shape (n,).

        `dataset` is the id of a dataset with these columns, in place of x. `step` is a stored step, last, or best. A
        frame's columns are taken by the names of the features. A prediction that is not finite is NaN.
        """
        import numpy as np  # noqa: PLC0415 - takes a tenth of a second to import

        found = [y async for answer in self._predicted(x, dataset, step) for y in answer["y"]]
        return np.array(found, dtype=None if self.facts["classes"] else np.float64)

    async def predict_proba(
        self, x: Any = None, *, dataset: str | None = None, step: int | str = "last"
    ) -> "npt.NDArray[np.float64]":
        """The probability of each class, in the order of the run's `classes`: shape (n, k). Raises TypeError for a
        regression.
        """
        import numpy as np  # noqa: PLC0415

        if not self.facts["classes"]:
            raise TypeError(f"The run {self.id} is a regression, which has no probabilities.")
        found = [row async for answer in self._predicted(x, dataset, step) for row in answer["probabilities"]]
        return np.array(found, dtype=np.float64)

    async def _predicted(self, x: Any, dataset: str | None, step: int | str) -> AsyncIterator[JsonObject]:
        """The answers for the rows, as many in each as one request may have."""
        if (x is None) == (dataset is None):
            raise TypeError("A prediction needs either x or dataset=.")
        if dataset is not None:
            body: JsonObject = {"dataset": {"id": dataset}, "step": step}
            yield await self._connection.json("POST", self._path("/predict"), body=body, repeatable=True)
            return
        x = chosen(x, self.facts["dataset"]["features"]) if self.facts["dataset"] else x
        if (many := many_rows(x)) is not None:
            for content in npz_pieces(many):
                answer = await self._connection.send(
                    "POST",
                    self._path("/predict"),
                    query={"step": step},
                    content=content,
                    headers=HEADERS,
                    repeatable=True,
                )
                yield predictions_of(answer.content, self.facts["classes"])
            return
        rows = rows_of(x)
        height = max(1, MANY_VALUES // max(1, len(rows[0]) if rows else 1))
        for first in range(0, max(1, len(rows)), height):
            body = {"x": rows[first : first + height], "step": step}
            yield await self._connection.json("POST", self._path("/predict"), body=body, repeatable=True)

    async def fork(
        self,
        from_step: int,
        changes: Mapping[str, Any] | None = None,
        *,
        wait: bool = True,
        progress: bool | None = ASYNC_PROGRESS,
    ) -> Self:
        """A new run from the θ of a step, with the same data and split, and with changes of the request."""
        body = {"from_step": from_step, "changes": dict(changes or {})}
        headers = {"Idempotency-Key": uuid4().hex}
        facts = await self._connection.json("POST", self._path("/fork"), body=body, headers=headers)
        forked = type(self)(self._connection, facts)
        return await forked.wait(progress=progress) if wait else forked

    async def verify(self, timeout: float | None = None) -> JsonObject:
        """Recomputes the run: `identical`, or the first step that differs; `agrees` for a run of another
        platform; `error` if it cannot be recomputed.

        Raises TimeoutError after `timeout` seconds.
        """
        until = None if timeout is None else time.monotonic() + timeout
        while True:
            left = LONG_POLL_SECONDS if until is None else until - time.monotonic()
            if left <= 0:
                raise TimeoutError(f"The run {self.id} is not recomputed after {timeout} s.")
            wait = min(left, LONG_POLL_SECONDS)
            answer = await self._connection.send("POST", self._path("/verify"), wait=wait, repeatable=True)
            if answer.status_code != ACCEPTED:
                found: JsonObject = answer.json()
                return found
            await asyncio.sleep(min(backoff(0), left))

    async def pause(self) -> Self:
        """Pauses the run; `resume` continues after its last stored step."""
        return await self._changed("/pause")

    async def resume(self) -> Self:
        """Continues a paused run."""
        return await self._changed("/resume")

    async def plot(self) -> Picture:
        """Both criteria over the steps as SVG, which a notebook shows."""
        self.curves = Picture((await self._bytes("/curves.svg", "image/svg+xml", {})).decode())
        return self.curves

    async def model(self) -> JsonObject:
        """The parameters, the scaling and the formula of f(θ, x)."""
        return await self._connection.json("GET", self._path("/model"))

    async def save(self, file: str | Path) -> Path:
        """Writes what the ending of the name says: .py, .c, .xlsx the model; .csv, .json, .ndjson, .npz, .parquet every
        step; .svg, .png the curves; .html a page; .zip the bundle. Raises ValueError for another ending.
        """
        path = Path(file)
        place, query, media_type = form_of(path)
        async with self._connection.stream(self._path(place), media_type, query=query) as response:
            with written(path) as opened:
                async for piece in response.aiter_bytes():
                    opened.write(piece)
        return path

    async def _bytes(self, place: str, media_type: str, query: Mapping[str, Any]) -> bytes:
        async with self._connection.stream(self._path(place), media_type, query=query) as response:
            return await response.aread()


class AsyncRuns:
    """The runs of a service."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def get(self, run_id: str = "latest") -> AsyncRun:
        """The run with this id, or the newest one."""
        return AsyncRun(self._connection, await self._connection.json("GET", path_of("/runs", run_id), member="id"))

    async def list(
        self,
        *,
        status: str | Sequence[str] | None = None,
        name: str | None = None,
        tag: str | None = None,
        dataset: str | None = None,
        sweep: str | None = None,
        sort: str | None = None,
        limit: int = PAGE,
    ) -> list[AsyncRun]:
        """The newest runs that match all filters, or the first ones in another order; * in a name is any text."""
        query: JsonObject = {"status": status, "name": name, "tag": tag}
        query |= {"dataset": dataset, "sweep": sweep, "sort": sort}
        found: list[AsyncRun] = []
        page: JsonObject = {"has_more": True, "next": None}
        while page["has_more"] and len(found) < limit:
            more = {"limit": min(limit - len(found), PAGE), "after": page["next"]}
            page = await self._connection.json("GET", "/runs", query={**query, **more}, member="data")
            found += [AsyncRun(self._connection, facts) for facts in page["data"]]
        return found
