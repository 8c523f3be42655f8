# Made from service/client/asynchronous/sweeps.py by `python -m tests.service.client.source`.
"""A sweep of a service: many runs that differ in some fields of the request."""

from typing import Self

from service.client.data import JsonObject
from service.client.facts import SweepFacts
from service.client.pauses import pause
from service.client.progress import bar, is_shown
from service.client.retrying import backoff
from service.client.synchronous.connection import Connection
from service.client.synchronous.runs import LONG_POLL_SECONDS, LONGEST_PAUSE, Run


class Sweep(SweepFacts):
    """A sweep. Its facts are those of the last answer; `refresh` asks for them again."""

    def __init__(self, connection: Connection, facts: JsonObject) -> None:
        super().__init__(facts)
        self._connection = connection

    def refresh(self, wait: float | None = None) -> Self:
        """Asks for the sweep; with `wait` the answer comes when all runs have ended, after so many seconds at most."""
        headers = {} if wait is None else {"Prefer": f"wait={max(1, round(wait))}"}
        self.facts = self._connection.json("GET", f"/sweeps/{self.id}", headers=headers)
        return self

    def wait(self, *, progress: bool | None = None) -> Self:
        """Waits for the end of all runs."""
        shown = is_shown(progress)
        attempt = 0
        with bar(self.name or f"sweep {self.id}", "steps", shown=shown) as show:
            while not self.is_finished:
                self.refresh(wait=1.0 if shown else LONG_POLL_SECONDS)
                show(self.facts["steps_done"], self.facts["steps_total"])
                if not self.is_finished:
                    pause(backoff(min(attempt, LONGEST_PAUSE)))
                    attempt += 1
        return self

    def run(self, rank: int = 1) -> Run:
        """The run of this rank, from 1. Raises LookupError if none has it."""
        for member in self.facts["ranking"]:
            if member["rank"] == rank:
                return Run(self._connection, self._connection.json("GET", f"/runs/{member['run_id']}"))
        raise LookupError(f"No finished run of the sweep {self.id} has the rank {rank}.")

    def cancel(self) -> Self:
        """Ends all runs; their steps stay."""
        self.facts = self._connection.json("POST", f"/sweeps/{self.id}/cancel")
        return self

    def delete(self) -> None:
        """Deletes the sweep and its runs."""
        self._connection.send("DELETE", f"/sweeps/{self.id}")
