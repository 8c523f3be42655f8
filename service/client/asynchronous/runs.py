"""A run of a service: waits for it, follows it, reads its steps, and makes others of it."""

import time
from collections.abc import AsyncIterator, Mapping, Sequence
from io import BytesIO
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote
from uuid import uuid4

from service.client.asynchronous.connection import AsyncConnection
from service.client.data import JsonObject, rows_of
from service.client.errors import NotReachableError, RunFailedError, ServiceError
from service.client.event_stream import Event, EventParser
from service.client.facts import RunFacts
from service.client.files import form_of, written
from service.client.pauses import async_pause
from service.client.picture import Picture
from service.client.progress import bar, is_notebook, is_shown
from service.client.retrying import REFUSED, backoff
from service.client.trajectory import Trajectory

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

LONG_POLL_SECONDS, SHOWN_SECONDS = 20.0, 1.0
"""The time for which a request waits for the end of a run; shorter where progress is shown."""
MOST_VALUES = 200_000
"""The values of one request for predictions: some MB."""
LONGEST_PAUSE = 5
"""The attempt whose pause is the longest one between two looks."""


class AsyncRun(RunFacts):
    """A run. Its facts are those of the last answer; `refresh` asks for them again."""

    def __init__(self, connection: AsyncConnection, facts: JsonObject) -> None:
        super().__init__(facts)
        self._connection = connection

    async def refresh(self, wait: float | None = None) -> Self:
        """Asks for the run; with `wait` the answer comes when it has ended, after so many seconds at the latest."""
        headers = {} if wait is None else {"Prefer": f"wait={max(1, ceil(wait))}"}
        self.facts = await self._connection.json("GET", self._path(), headers=headers)
        return self

    async def wait(self, timeout: float | None = None, *, progress: bool | None = None) -> Self:
        """Waits for the end of the run, and shows its progress on a terminal or as asked.

        Raises TimeoutError after `timeout` seconds, and RunFailedError for a run that failed. A run that diverged has a
        result. The run goes on if the wait is interrupted.
        """
        until = None if timeout is None else time.monotonic() + timeout
        shown = is_shown(progress)
        attempt = 0
        with bar(self.name or f"run {self.id}", "steps", shown=shown) as show:
            while not self.is_finished:
                left = LONG_POLL_SECONDS if until is None else until - time.monotonic()
                if left <= 0:
                    raise TimeoutError(f"The run {self.id} is {self.status} after {timeout} s. It goes on.")
                begun, asked = time.monotonic(), min(left, SHOWN_SECONDS if shown else LONG_POLL_SECONDS)
                await self.refresh(wait=asked)
                show(self.facts["steps_done"], self.facts["steps_total"])
                if (
                    not self.is_finished and time.monotonic() - begun < asked / 2
                ):  # the service lets no more requests wait
                    await async_pause(min(backoff(min(attempt, LONGEST_PAUSE)), max(left, 0)))
                    attempt += 1
        await self._end()
        return self

    async def _end(self) -> None:
        if self.status == "failed":
            error: JsonObject = self.facts["error"]
            raise RunFailedError(f"The run {self.id} failed: {error['message']}")
        if is_notebook() and self.facts["steps_done"]:
            self.curves = str(await self.plot())

    async def follow(
        self, *, fields: Sequence[str] | None = None, every: int | None = None, from_step: int | None = None
    ) -> AsyncIterator[Event]:
        """The events of the run until its end: each step once, also if the connection breaks in between.

        Raises ServiceError, and NotReachableError if the service does not come back.
        """
        query = {"fields": fields and ",".join(fields), "every": every, "from_step": from_step}
        last, attempt = None, 0
        while True:
            try:
                async for event in self._events(query, last):
                    attempt, last = 0, event.id
                    yield event
                    if event.kind == "finished":
                        return
            except NotReachableError:
                if attempt >= self._connection.retries:
                    raise
            except ServiceError as error:
                if error.status not in REFUSED or attempt >= self._connection.retries:
                    raise
            await async_pause(backoff(attempt))
            attempt += 1

    async def _events(self, query: Mapping[str, Any], last: str | None) -> AsyncIterator[Event]:
        """The events of one connection, after the one with the id `last`. Raises ServiceError for damaged steps."""
        parser = EventParser(last)
        headers = {} if last is None else {"Last-Event-ID": last}
        async with self._connection.stream(self._path("/events"), query=query, headers=headers) as response:
            async for line in response.aiter_lines():
                if event := parser.add(line):
                    if event.kind == "problem":
                        raise ServiceError(int(event.data["status"]), event.data)
                    if event.kind in ("status", "finished"):
                        self.facts = event.data
                    yield event

    async def trajectory(
        self,
        *,
        fields: Sequence[str] | None = None,
        from_step: int | None = None,
        to_step: int | None = None,
        every: int | None = None,
        max_points: int | None = None,
    ) -> Trajectory:
        """θ and both criteria at every stored step; nothing is left out unless `every` or `max_points` asks for it."""
        query = {"from_step": from_step, "to_step": to_step, "every": every, "max_points": max_points}
        query |= {"fields": fields and ",".join(fields), "format": "npz"}  # type: ignore[dict-item]
        return Trajectory(BytesIO(await self._bytes("/trajectory", query)))

    async def predict(self, x: Any, *, step: int | str = "last") -> "npt.NDArray[Any]":
        """f(θ, x) for rows of features in the units of the data: numbers or class labels, shape (n,).

        `step` is a stored step, last, or best. A frame's columns are taken by the names of the features.
        """
        import numpy as np  # noqa: PLC0415 - takes a tenth of a second to import

        return np.array([y async for answer in self._predicted(x, step) for y in answer["y"]])

    async def predict_proba(self, x: Any, *, step: int | str = "last") -> "npt.NDArray[np.float64]":
        """The probability of each class, in the order of the run's `classes`: shape (n, k)."""
        import numpy as np  # noqa: PLC0415

        return np.array([row async for answer in self._predicted(x, step) for row in answer["probabilities"]])

    async def _predicted(self, x: Any, step: int | str) -> AsyncIterator[JsonObject]:
        """The answers for the rows, as many in each as one request may have."""
        rows = rows_of(x, self.facts["dataset"]["features"] if self.facts["dataset"] else None)
        height = max(1, MOST_VALUES // max(1, len(rows[0]) if rows else 1))
        for first in range(0, max(1, len(rows)), height):
            body = {"x": rows[first : first + height], "step": step}
            answer = await self._connection.send("POST", self._path("/predict"), body=body, repeatable=True)
            yield answer.json()

    async def fork(
        self,
        from_step: int,
        changes: Mapping[str, Any] | None = None,
        *,
        wait: bool = True,
        progress: bool | None = None,
    ) -> Self:
        """A new run from the θ of a step, with the same data and split, and with changes of the request."""
        body = {"from_step": from_step, "changes": dict(changes or {})}
        forked = type(self)(self._connection, await self._posted("/fork", body))
        return await forked.wait(progress=progress) if wait else forked

    async def verify(self, timeout: float | None = None) -> JsonObject:
        """Recomputes the run: `identical`, or the first step that differs. Raises TimeoutError after `timeout` s."""
        until = None if timeout is None else time.monotonic() + timeout
        found = await self._connection.json(
            "POST", self._path("/verify"), headers={"Prefer": f"wait={LONG_POLL_SECONDS:.0f}"}
        )
        attempt = 0
        while found["identical"] is None:
            if until is not None and time.monotonic() > until:
                raise TimeoutError(f"The run {self.id} is not recomputed after {timeout} s.")
            await async_pause(backoff(min(attempt, LONGEST_PAUSE)))
            attempt += 1
            await self.refresh()
            found = self.facts["verification"]
        return found

    async def cancel(self) -> Self:
        """Ends the run; its steps stay."""
        return await self._changed("/cancel")

    async def pause(self) -> Self:
        """Pauses the run; `resume` continues after its last stored step."""
        return await self._changed("/pause")

    async def resume(self) -> Self:
        """Continues a paused run."""
        return await self._changed("/resume")

    async def rename(self, name: str | None) -> Self:
        """Gives the run a name; None removes it."""
        self.facts = await self._connection.json("PATCH", self._path(), body={"name": name})
        return self

    async def delete(self) -> None:
        """Deletes the run and its steps."""
        await self._connection.send("DELETE", self._path())

    async def plot(self) -> Picture:
        """Both criteria over the steps as SVG, which a notebook shows."""
        return Picture((await self._bytes("/curves.svg", {})).decode())

    async def model(self) -> JsonObject:
        """The parameters, the scaling and the formula of f(θ, x)."""
        return await self._connection.json("GET", self._path("/model"))

    async def save(self, file: str | Path) -> Path:
        """Writes what the ending of the name says: .py, .c, .xlsx the model; .csv, .json, .ndjson, .npz, .parquet every
        step; .svg, .png the curves; .zip the bundle. Raises ValueError for another ending.
        """
        path = Path(file)
        place, query = form_of(path)
        with written(path) as opened:
            async with self._connection.stream(self._path(place), query=query) as response:
                async for piece in response.aiter_bytes():
                    opened.write(piece)
        return path

    def _path(self, place: str = "") -> str:
        return f"/runs/{quote(self.id, safe='')}{place}"

    async def _bytes(self, place: str, query: Mapping[str, Any]) -> bytes:
        return (await self._connection.send("GET", self._path(place), query=query)).content

    async def _posted(self, place: str, body: JsonObject) -> JsonObject:
        return await self._connection.json(
            "POST", self._path(place), body=body, headers={"Idempotency-Key": uuid4().hex}
        )

    async def _changed(self, place: str) -> Self:
        self.facts = await self._connection.json("POST", self._path(place))
        return self
