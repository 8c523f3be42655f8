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

Result = TypeVar("Result")


class _Job(Generic[Result]):
    """A write, and in the end what came of it. Its work must be safe to do again after it was rolled back."""

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
                results = [job.work(connection) for job in jobs]
        except Exception as error:  # noqa: BLE001 - handed to the thread that it concerns
            if len(jobs) == 1:
                jobs[0].error, jobs[0].done = error, True
                return
            for job in jobs:  # one's mistake is not the others': each alone
                self._commit([job])
            return
        for job, result in zip(jobs, results, strict=True):
            job.result, job.done = result, True
