"""A finished run with a long trajectory, put into a real store by the store's own functions."""

from typing import NamedTuple

import numpy as np
import orjson
from sqlalchemy import Connection

from service.core.run_status import RunStatus
from service.core.settings import Settings
from service.jobs import submit
from service.jobs.quotas import Quotas
from service.storage import fair_shares, job_queue, trajectories
from service.storage.database import Database
from service.storage.trajectories import Columns

STEPS, PARAMETERS = 100_000, 10


class Stored(NamedTuple):
    """A run's id, and what was stored: shape (columns, steps), θ first."""

    run_id: str
    names: list[str]
    columns: Columns


def finished_run(database: Database, settings: Settings) -> Stored:
    """Random doubles, none of them short to write."""
    random = np.random.default_rng(0)
    x, y = random.standard_normal((20, PARAMETERS - 1)), random.standard_normal(20)
    request = {"dataset": {"x": x, "y": y}, "descent": {"steps": STEPS - 1}}
    body = orjson.dumps(request, option=orjson.OPT_SERIALIZE_NUMPY)
    run = submit.queue(database, submit.read(body, database, settings), None, Quotas(settings))
    columns = random.standard_normal((PARAMETERS + len(run.columns), STEPS))
    with database.writing() as connection:
        claim = fair_shares.claim(connection, "benchmark", 60)
        assert claim is not None
        append_all(connection, run.seq, columns)
        job_queue.progress(connection, claim, 60, {"rows_done": STEPS})
        job_queue.finish(connection, claim, RunStatus.SUCCEEDED, {"stop_reason": "max_steps"})
    return Stored(run.id, run.columns, columns)


def append_all(connection: Connection, run_seq: int, columns: Columns) -> None:
    """The whole trajectory, chunk by chunk as a worker does it."""
    rows = trajectories.chunk_rows(len(columns))
    for first in range(0, columns.shape[1], rows):
        trajectories.append(connection, run_seq, first, columns[:, first : first + rows])
