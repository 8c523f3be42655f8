# Made from service/client/asynchronous/sweeps.py by `python -m tests.service.client.source`.
"""A sweep of a service: many runs that differ in some fields of the request."""

from typing import Self

from service.client.data import JsonObject
from service.client.files import path_of
from service.client.progress import PROGRESS
from service.client.synchronous.connection import Connection
from service.client.synchronous.resources import Resource
from service.client.synchronous.runs import Run


class Sweep(Resource):
    """A sweep: `facts` has its runs in the order of the criterion, as `ranking`."""

    PATH = "/sweeps"

    @property
    def is_finished(self) -> bool:
        """Whether all of its runs have ended."""
        return self.status == "finished"

    def wait(self, timeout: float | None = None, *, progress: bool | None = PROGRESS) -> Self:
        """Waits for the end of all runs. Raises TimeoutError after `timeout` seconds; the runs go on."""
        self._wait(timeout, progress)
        return self

    def run(self, rank: int = 1) -> Run:
        """The run of this rank, from 1. Raises LookupError if none has it."""
        for member in self.facts["ranking"]:
            if member["rank"] == rank:
                facts = self._connection.json("GET", f"{Run.PATH}/{member['run_id']}")
                return Run(self._connection, facts)
        raise LookupError(f"No finished run of the sweep {self.id} has the rank {rank}.")

    def __repr__(self) -> str:
        return f"<Sweep {self.id}: {self.status}, {self.facts['members']} runs>"


class Sweeps:
    """The sweeps of a service."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, sweep_id: str = "latest") -> Sweep:
        """The sweep with this id, or the newest one."""
        return Sweep(self._connection, self._connection.json("GET", path_of("/sweeps", sweep_id)))

    def list(self, limit: int = 50) -> list[JsonObject]:
        """The newest sweeps, without their runs."""
        answer = self._connection.json("GET", "/sweeps", query={"limit": limit})
        return list(answer["data"])
