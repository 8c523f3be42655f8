"""Group commit: writes of several threads in one transaction.

A durable commit takes some milliseconds, independent of its size. Writes that arrive during a commit wait together.
The next transaction contains all of them. Each write is acknowledged after its commit is durable.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection

from service.storage.errors import PASSING, failure_of
from service.storage.sqlite.engine import execute

Result = TypeVar("Result")


class _Job(Generic[Result]):
    """A waiting write with its result or its error."""

    def __init__(self, work: Callable[[Connection], Result]) -> None:
        self.work = work
        self.done = False
        self.result: Result
        self.error: Exception | None = None


class GroupCommit:
    """Queue of writes. The first waiting thread commits the writes of all waiting threads."""

    def __init__(self, writing: Callable[[], AbstractContextManager[Connection]]) -> None:
        self._writing = writing
        self._waiting: deque[_Job[Any]] = deque()
        self._turn = threading.Lock()

    @property
    def waiting(self) -> int:
        """The number of writes that wait for the transaction after the present one."""
        return len(self._waiting)

    def write(self, work: Callable[[Connection], Result]) -> Result:
        """The result of `work`, after its commit. An error of `work` is raised, and its changes are rolled back."""
        job = _Job(work)
        self._waiting.append(job)
        with self._turn:
            if not job.done:  # else another thread has committed it
                self._commit([self._waiting.popleft() for _ in range(len(self._waiting))])
        if job.error is not None:
            raise job.error
        return job.result

    def _commit(self, jobs: Sequence[_Job[Any]]) -> None:
        try:
            with self._writing() as connection:
                for job in jobs:
                    _do(job, connection)
                if all(job.error for job in jobs):
                    connection.rollback()  # an empty commit is as slow as any other
        except Exception as error:  # noqa: BLE001 - raised in the waiting threads
            for job in jobs:
                job.error = error
        for job in jobs:
            job.done = True


def _do(job: _Job[Any], connection: Connection) -> None:
    """Runs a job in a savepoint. Its own errors roll back this job alone; failures of the whole database are raised."""
    execute(connection, "SAVEPOINT job")
    try:
        job.result = job.work(connection)
    except Exception as error:
        if failure_of(error) in PASSING:
            raise
        execute(connection, "ROLLBACK TO job")
        job.error = error
    execute(connection, "RELEASE job")
