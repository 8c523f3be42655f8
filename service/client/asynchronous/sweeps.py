"""A sweep of a service: many runs that differ in some fields of the request."""

from typing import Self

from service.client.asynchronous.connection import AsyncConnection
from service.client.asynchronous.runs import LONG_POLL_SECONDS, LONGEST_PAUSE, AsyncRun
from service.client.data import JsonObject
from service.client.facts import SweepFacts
from service.client.pauses import async_pause
from service.client.progress import bar, is_shown
from service.client.retrying import backoff


class AsyncSweep(SweepFacts):
    """A sweep. Its facts are those of the last answer; `refresh` asks for them again."""

    def __init__(self, connection: AsyncConnection, facts: JsonObject) -> None:
        super().__init__(facts)
        self._connection = connection

    async def refresh(self, wait: float | None = None) -> Self:
        """Asks for the sweep; with `wait` the answer comes when all runs have ended, after so many seconds at most."""
        headers = {} if wait is None else {"Prefer": f"wait={max(1, round(wait))}"}
        self.facts = await self._connection.json("GET", f"/sweeps/{self.id}", headers=headers)
        return self

    async def wait(self, *, progress: bool | None = None) -> Self:
        """Waits for the end of all runs."""
        shown = is_shown(progress)
        attempt = 0
        with bar(self.name or f"sweep {self.id}", "steps", shown=shown) as show:
            while not self.is_finished:
                await self.refresh(wait=1.0 if shown else LONG_POLL_SECONDS)
                show(self.facts["steps_done"], self.facts["steps_total"])
                if not self.is_finished:
                    await async_pause(backoff(min(attempt, LONGEST_PAUSE)))
                    attempt += 1
        return self

    async def run(self, rank: int = 1) -> AsyncRun:
        """The run of this rank, from 1. Raises LookupError if none has it."""
        for member in self.facts["ranking"]:
            if member["rank"] == rank:
                return AsyncRun(self._connection, await self._connection.json("GET", f"/runs/{member['run_id']}"))
        raise LookupError(f"No finished run of the sweep {self.id} has the rank {rank}.")

    async def cancel(self) -> Self:
        """Ends all runs; their steps stay."""
        self.facts = await self._connection.json("POST", f"/sweeps/{self.id}/cancel")
        return self

    async def delete(self) -> None:
        """Deletes the sweep and its runs."""
        await self._connection.send("DELETE", f"/sweeps/{self.id}")
