"""Summary of a database file for its operator: how much it holds, and what the retention deletes."""

from typing import NamedTuple

from sqlalchemy import Connection, func, inspect, select

from service.storage import deletion_state, run_counts
from service.storage.old_runs import count_finished_before
from service.storage.tables import datasets, deletion_by_age


class AnnouncedDeletion(NamedTuple):
    """The deletion of the runs that ended before a time. It begins at the time `at`."""

    runs: int
    ended_before: float
    at: float


class Summary(NamedTuple):
    """The number of the runs by status and of the uploaded datasets, and of the runs that ended before a moment."""

    runs: dict[str, int]
    datasets: int
    old_runs: int
    deletion: AnnouncedDeletion | None


def summarize(connection: Connection, ended_before: float | None, notice_seconds: float) -> Summary:
    """The summary of a database. Verifications and deleted runs do not count. `old_runs` is 0 without a moment."""
    found = run_counts.by_status(connection)
    uploaded = select(func.count()).select_from(datasets).where(datasets.c.uploaded)
    old_runs = 0 if ended_before is None else count_finished_before(connection, ended_before)
    announced = _announced(connection, notice_seconds)
    return Summary(found, connection.execute(uploaded).scalar_one(), old_runs, announced)


def _announced(connection: Connection, notice_seconds: float) -> AnnouncedDeletion | None:
    if not inspect(connection).has_table(deletion_by_age.name):  # a file of an earlier version
        return None
    state = deletion_state.find(connection)
    if state is None or state.ended_before is None or (at := state.due_at(notice_seconds)) is None:
        return None
    count = count_finished_before(connection, state.ended_before)
    return AnnouncedDeletion(count, state.ended_before, at) if count else None
