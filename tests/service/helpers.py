"""Helpers of the HTTP tests: bodies, problems, numbers of rows, stored runs, and a real server."""

import json
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, cast
from unittest.mock import patch

import numpy as np
import uvicorn
from pydantic import TypeAdapter
from sqlalchemy import text

from service.core.run_record import RunColumns
from service.core.run_status import RunStatus
from service.core.settings import Settings
from service.jobs import submit
from service.jobs.quotas import Quotas
from service.schemas.responses.problems import Problem
from service.server.http_protocol import bounded
from service.storage import fair_shares, job_queue, runs, trajectories
from service.storage.database import Database
from service.storage.job_queue import Claim
from tests.waiting import until

X = [[1.0], [2.0], [3.0], [4.0], [5.0], [6.0], [7.0], [8.0]]
Y = [2.0, 4.5, 6.0, 8.5, 10.0, 12.5, 14.0, 16.5]
LINE = {"dataset": {"x": [[1], [2], [3], [4]], "y": [2, 4, 6, 8]}}
"""The minimal request of the contract."""
CSV = b"age,size,height\n1,0.5,2\n2,1.5,4\n4,2.5,7\n"
WAIT = {"Prefer": "wait=60"}
TABLES = ("sweeps", "runs", "run_tags", "datasets", "dataset_chunks", "trajectory_chunks")


def check_answer(shape: Any, answer: Any) -> None:
    """Asserts that an answer has the fields of its shape, a TypedDict, and no others."""
    adapter = _adapter(shape)
    assert adapter.dump_python(adapter.validate_python(answer), mode="json", by_alias=True) == answer


@cache
def _adapter(shape: Any) -> TypeAdapter[Any]:
    return TypeAdapter(shape)


def fit_body(**changes: Any) -> dict[str, Any]:
    """A valid request with changes, such as `descent={"steps": 3}`. An Ellipsis removes a field."""
    return merged({"dataset": {"x": X, "y": Y}, "descent": {"steps": 5, "learning_rate": 0.01}}, changes)


def merged(body: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The body with the nested changes."""
    result = dict(body)
    for name, value in changes.items():
        if value is ...:
            del result[name]
        elif isinstance(value, dict) and isinstance(result.get(name), dict):
            result[name] = merged(result[name], value)
        else:
            result[name] = value
    return result


def strict_json(content: bytes | str) -> Any:
    """The value of a JSON text, in which NaN and Infinity are not allowed."""

    def refuse(name: str) -> Any:
        raise AssertionError(f"{name} is no JSON")

    return json.loads(content, parse_constant=refuse)


def problem_of(response: Any, status: int) -> dict[str, Any]:
    """The problem of an answer, after a check of its form."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = strict_json(response.content)
    check_answer(Problem, problem)
    assert problem["status"] == status
    assert problem["type"].startswith("urn:descent:")
    assert problem["title"]
    assert len(problem["detail"]) > 10
    assert "Traceback" not in response.text
    assert 'File "' not in response.text
    for error in problem.get("errors", ()):
        assert error["message"]
        assert {"pointer", "parameter", "header", "row", "column", "message"} & set(error)
    return problem


def resolves(pointer: str, body: Any) -> bool:
    """True if a JSON pointer leads to a value of the body, or to a missing field of one of its objects."""
    for step in [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]:
        if isinstance(body, dict):
            body = body.get(step)
        elif isinstance(body, list) and step.isdigit() and int(step) < len(body):
            body = body[int(step)]
        else:
            return False
    return True


def counts(database: Database) -> dict[str, int]:
    """The number of rows of each table."""
    each = ", ".join(f"(SELECT count(*) FROM {table}) AS {table}" for table in TABLES)
    with database.reading() as connection:
        return dict(connection.execute(text(f"SELECT {each}")).mappings().one())  # constants


NOTHING = dict.fromkeys(TABLES, 0)


def until_finished(client: Any, run_id: str) -> dict[str, Any]:
    """The run once it is finished."""

    def finished() -> dict[str, Any] | None:
        run: dict[str, Any] = client.get(f"/runs/{run_id}").json()
        return run if run["finished_at"] else None

    return until(finished) or {}


@contextmanager
def separate_chunks() -> Iterator[None]:
    """Appended steps begin a new chunk, however short the last one is."""
    with patch.object(trajectories, "EXTENDED_BYTES", 0):
        yield


def stored_run(
    database: Database,
    body: Mapping[str, Any],
    rows: Any = None,
    *,
    chunks: Sequence[int] = (),
    status: RunStatus | None = RunStatus.SUCCEEDED,
    best: int | None = None,
    **values: Any,
) -> str:
    """Stores a run with the trajectory `rows`, shape (steps, columns), in chunks of these lengths. Returns its id.

    The columns are θ's, then the run's; optimality_gap, which is sent on request only, is NaN unless given. A `status`
    of None leaves the run running.
    """
    read = submit.read(json.dumps(body).encode(), database, Settings())
    run = submit.queue(database, read, None, Quotas(Settings()))
    with database.writing() as connection:
        claim = fair_shares.claim(connection, "test", 1000.0)
        assert claim is not None
        assert claim.run.id == run.id
        table = np.empty((0, read.plan.width)) if rows is None else np.asarray(rows, dtype=np.float64)
        missing = read.plan.width - table.shape[1]
        table = np.column_stack([table, np.full((len(table), missing), np.nan)])
        most = trajectories.chunk_rows(table.shape[1])
        cuts = np.cumsum(chunks or [most] * (len(table) // most))
        for chunk, first in zip(np.split(table, cuts), [0, *cuts], strict=True):
            if len(chunk):
                with separate_chunks():
                    trajectories.append(connection, run.seq, int(first), np.ascontiguousarray(chunk.T))
        found = cast("RunColumns", {"rows_done": len(table), "learning_rate": 0.1, **values})
        if best is not None:
            found["best"] = {"step": best, "theta": [], "test_mse": 0.0}
        job_queue.progress(connection, claim, 1000.0, found)
        if status is not None:
            job_queue.finish(connection, claim, status, {"stop_reason": "max_steps"})
    return str(run.id)


def append_steps(database: Database, run_id: str, rows: Any, **values: Any) -> None:
    """Appends steps to the running run, as its worker does. The rows have all columns."""
    with database.writing() as connection:
        run = runs.find(connection, run_id)
        assert run is not None
        if len(rows):
            trajectories.append(connection, run.seq, run.rows_done, np.ascontiguousarray(np.transpose(rows)))
        found = cast("RunColumns", {"rows_done": run.rows_done + len(rows), **values})
        job_queue.progress(connection, Claim(run), 1000.0, found)


@contextmanager
def served(app: Any) -> Iterator[str]:
    """Serves the app by a real server in a thread; its URL."""
    http = bounded(app.state.descent.settings)
    config = uvicorn.Config(app, http=http, host="127.0.0.1", port=0, log_config=None, access_log=False, lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.005)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
