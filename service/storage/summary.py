"""Summary of a database file for its operator: how much it holds, and what the retention deletes."""

from typing import NamedTuple

from sqlalchemy import Connection, LargeBinary, cast, func, select

from service.storage.tables import datasets, runs


class Summary(NamedTuple):
    """The number of the runs by status and of the uploaded datasets, and of the runs that ended before a moment."""

    runs: dict[str, int]
    datasets: int
    old_runs: int


def summarize(connection: Connection, ended_before: float | None) -> Summary:
    """The summary of a database. Verifications and deleted runs do not count. `old_runs` is 0 without a moment."""
    listed = (runs.c.verifies.is_(None), runs.c.deleted_at.is_(None))
    status = cast(runs.c.status, LargeBinary)  # a damaged one may be no UTF-8
    statuses = select(status, func.count()).where(*listed).group_by(runs.c.status).order_by(runs.c.status)
    found = {name.decode(errors="replace"): int(count) for name, count in connection.execute(statuses)}
    uploaded = select(func.count()).select_from(datasets).where(datasets.c.uploaded)
    old_runs = 0
    if ended_before is not None:
        old = select(func.count()).select_from(runs).where(*listed, runs.c.finished_at < ended_before)
        old_runs = connection.execute(old).scalar_one()
    return Summary(found, connection.execute(uploaded).scalar_one(), old_runs)
