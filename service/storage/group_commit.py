"""Several threads' writes in one transaction.

To make a write durable takes the disk some milliseconds, whatever its size. So while one transaction commits, the
writes that come in wait together, and the next transaction takes all of them: each is acknowledged only when it is on
the disk, and many submissions a commit are as safe as one.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection

from service.storage.errors import PASSING, failure_of

Result = TypeVar("Result")


class _Job(Generic[Result]):
    """A write, and in the end what came of it."""

    def __init__(self, work: Callable[[Connection], Result]) -> None:
        self.work = work
        self.done = False
        self.result: Result
        self.error: Exception | None = None


class Batch:
    """Whoever comes first writes for all who wait behind."""

    def __init__(self, writing: Callable[[], AbstractContextManager[Connection]]) -> None:
        self._writing = writing
        self._waiting: deque[_Job[Any]] = deque()
        self._turn = threading.Lock()

    def write(self, work: Callable[[Connection], Result]) -> Result:
        """What `work` returns, once it is committed. Raises what it raises; then nothing of it is stored."""
        job = _Job(work)
        self._waiting.append(job)
        with self._turn:
            if not job.done:  # else another thread has taken it along
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
                    connection.rollback()  # an empty commit costs as much as any
        except Exception as error:  # noqa: BLE001 - handed to the threads that it concerns
            for job in jobs:  # nothing is stored
                job.error = error
        for job in jobs:
            job.done = True


def _do(job: _Job[Any], connection: Connection) -> None:
    """A job that fails by itself is undone alone. Raises a failure of the database, which concerns all jobs."""
    connection.exec_driver_sql("SAVEPOINT job")
    try:
        job.result = job.work(connection)
    except Exception as error:
        if failure_of(error) in PASSING:
            raise
        connection.exec_driver_sql("ROLLBACK TO job")
        job.error = error
    connection.exec_driver_sql("RELEASE job")
