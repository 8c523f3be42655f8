"""Changes of single runs, for the coroutines that wait for them.

After commits one query looks at all runs that anybody waits for, and wakes only those who wait for a changed one: with
a look by each of them, a hundred who wait for a paused run would cost as much as a hundred requests at every commit.
"""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool

from service.api.changes import SAFETY_SECONDS, Changes, changes_of
from service.api.judgement import JUDGEMENT_SECONDS
from service.storage import runs
from service.storage.database import Database

REST = 4.0
"""The pause after a query, as a multiple of its time: commits in a burst share one."""


class RunChanges:
    """The runs of one process that are waited for. Its methods belong to the event loop."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: dict[int, set[Changes]] = {}
        self._known: dict[int, runs.Version] = {}
        self._task: asyncio.Task[None] | None = None

    @contextmanager
    def of(self, seq: int) -> Iterator[Changes]:
        """The changes of the run with this seq, its deletion included, as long as the `with` lasts."""
        changes = Changes()
        self._waiting.setdefault(seq, set()).add(changes)
        if self._task is None or self._task.done():  # by an error, which who waits sees by a look
            self._task = asyncio.create_task(self._follow())
        try:
            yield changes
        finally:
            self._waiting[seq].discard(changes)
            if not self._waiting[seq]:
                del self._waiting[seq]
                self._known.pop(seq, None)
            if not self._waiting and self._task is not None:
                self._task.cancel()
                self._task = None

    async def _follow(self) -> None:
        with changes_of(self._database.change_feed) as commits:
            while True:
                if await commits.wait(SAFETY_SECONDS):
                    begun = time.monotonic()
                    await self._wake()
                    await asyncio.sleep(REST * (time.monotonic() - begun))

    async def _wake(self) -> None:
        """Wakes those whose run has changed; all of them if the database does not answer, who see it themselves."""
        found: dict[int, runs.Version] = {}
        with suppress(SQLAlchemyError):
            found = await run_in_threadpool(self._look, list(self._waiting))
        for seq in self._waiting:
            version = found.get(seq)
            if version is None or version != self._known.get(seq):
                self._report(seq)
                if version is not None and version.finished_at is not None and not version.is_judged:
                    asyncio.get_running_loop().call_later(JUDGEMENT_SECONDS, self._report, seq)
        self._known = {seq: found[seq] for seq in self._waiting if seq in found}

    def _report(self, seq: int) -> None:
        """Wakes those who wait for this run. Called again later, for they wait no longer for a verdict that is late."""
        for changes in self._waiting.get(seq, ()):
            changes.set()

    def _look(self, seqs: list[int]) -> dict[int, runs.Version]:
        with self._database.reading() as connection:
            return runs.versions(connection, seqs)
