"""A sweep of a service: many runs that differ in some fields of the request."""

from typing import Self

from service.client.asynchronous.connection import AsyncConnection
from service.client.asynchronous.resources import AsyncResource
from service.client.asynchronous.runs import AsyncRun
from service.client.data import JsonObject
from service.client.files import path_of
from service.client.progress import ASYNC_PROGRESS


class AsyncSweep(AsyncResource):
    """A sweep: `facts` has its runs in the order of the criterion, as `ranking`."""

    PATH = "/sweeps"

    @property
    def is_finished(self) -> bool:
        """Whether all of its runs have ended."""
        return self.status == "finished"

    async def wait(self, timeout: float | None = None, *, progress: bool | None = ASYNC_PROGRESS) -> Self:
        """Waits for the end of all runs. Raises TimeoutError after `timeout` seconds; the runs go on."""
        await self._wait(timeout, progress)
        return self

    async def run(self, rank: int = 1) -> AsyncRun:
        """The run of this rank, from 1. Raises LookupError if none has it."""
        for member in self.facts["ranking"]:
            if member["rank"] == rank:
                facts = await self._connection.json("GET", f"{AsyncRun.PATH}/{member['run_id']}")
                return AsyncRun(self._connection, facts)
        raise LookupError(f"No finished run of the sweep {self.id} has the rank {rank}.")

    def __repr__(self) -> str:
        return f"<Sweep {self.id}: {self.status}, {self.facts['members']} runs>"


class AsyncSweeps:
    """The sweeps of a service."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def get(self, sweep_id: str = "latest") -> AsyncSweep:
        """The sweep with this id, or the newest one."""
        return AsyncSweep(self._connection, await self._connection.json("GET", path_of("/sweeps", sweep_id)))

    async def list(self, limit: int = 50) -> list[JsonObject]:
        """The newest sweeps, without their runs."""
        answer = await self._connection.json("GET", "/sweeps", query={"limit": limit})
        return list(answer["data"])
