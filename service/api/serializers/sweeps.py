"""Serializers of sweeps and of their ranking."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from io import StringIO
from math import inf, isfinite
from typing import cast

import orjson

from service.api.serializers.runs import optional_timestamp, serialize_error
from service.core import sweep_record
from service.core.root_path import rooted
from service.core.run_record import Best, Criteria, Number
from service.core.run_status import FINISHED, RunStatus
from service.core.times import rfc3339
from service.schemas.responses.runs import State
from service.schemas.responses.sweeps import Member, Sweep, SweepStatus, SweepSummary
from service.storage.damaged_rows import Remains, error_of

_PLACES = (RunStatus.SUCCEEDED, RunStatus.DIVERGED, RunStatus.CANCELLED, RunStatus.FAILED)
"""The order of statuses in a ranking; unfinished runs come last."""


def serialize_sweep(sweep: sweep_record.Sweep | Remains, counts: Sequence[sweep_record.StatusCount]) -> SweepSummary:
    """A sweep without its ranking. `counts` are its rows of `storage.sweeps.counts`. A damaged one has an error."""
    statuses = {row.status: row.runs for row in counts}
    status = _status(set(statuses))
    is_finished = status == "finished"
    return {
        "id": sweep.id,
        "name": None if isinstance(sweep, Remains) else sweep.name,
        "status": status,
        "created_at": rfc3339(sweep.created_at),
        "finished_at": optional_timestamp(max((row.finished_at or 0.0 for row in counts), default=None))
        if is_finished
        else None,
        "varied": [] if isinstance(sweep, Remains) else sweep.varied,
        "rank_by": "" if isinstance(sweep, Remains) else sweep.rank_by,
        "members": sum(statuses.values()),
        "statuses": cast("dict[RunStatus, int]", {status.value: runs for status, runs in statuses.items()}),
        "steps_done": sum(row.steps_done for row in counts),
        "steps_total": sum(row.steps_total for row in counts),
        "error": serialize_error(error_of("sweep")) if isinstance(sweep, Remains) else None,
        "links": {
            "self": rooted(f"/sweeps/{sweep.id}"),
            "runs": rooted(f"/runs?sweep={sweep.id}"),
            "page": rooted(f"/#/sweeps/{sweep.id}"),
        },
    }


def _status(statuses: set[RunStatus]) -> SweepStatus:
    """The status of a sweep by the statuses of its runs; a sweep with a finished run has started."""
    unfinished = statuses - FINISHED
    if not unfinished:
        return "finished"
    if unfinished == {RunStatus.PAUSED}:
        return "paused"
    return "queued" if statuses == {RunStatus.QUEUED} else "running"


def serialize_ranking(members: Iterable[sweep_record.Member], rank_by: str) -> list[Member]:
    """The runs of a sweep: finished ones by the criterion, then diverged, cancelled, failed and unfinished ones.

    Only finished runs have a rank; equal values share it.
    """
    found = [_member(member, rank_by) for member in members]
    found.sort(key=lambda member: (_status_order(member), _sort_value(member["value"], rank_by)))
    return _numbered(found)


def _member(run: sweep_record.Member, rank_by: str) -> Member:
    final, best = run.final, run.best
    return {
        "rank": None,
        "run_id": run.id,
        "name": run.name,
        "status": run.status,
        "convergence": None if run.state is None else {"state": cast("State", run.state)},
        "findings": run.findings,
        "values": run.sweep["values"],
        "value": _value(final, best, rank_by),
        "train_mse": final["train_mse"] if final else None,
        "test_mse": final["test_mse"] if final else None,
        "best_step": best["step"] if best else None,
        "best_test_mse": best["test_mse"] if best else None,
        "learning_rate": run.learning_rate,
        "steps_done": max(run.rows_done - 1, 0),
        "steps_total": run.steps_total,
        "diverged_at": run.diverged_at,
    }


def _value(final: Criteria | None, best: Best | None, rank_by: str) -> Number:
    if rank_by == "best_test_mse":
        return best["test_mse"] if best else None
    return cast("Number", final.get(rank_by)) if final else None


def _status_order(member: Member) -> int:
    return _PLACES.index(member["status"]) if member["status"] in _PLACES else len(_PLACES)


def _sort_value(value: float | None, rank_by: str) -> float:
    """A sort key: smaller is better."""
    if value is None or not isfinite(value):
        return inf
    return value if rank_by.endswith(("_mse", "_loss")) else -value


def _numbered(members: list[Member]) -> list[Member]:
    rank = value = None
    for place, member in enumerate(members, 1):
        if member["status"] == RunStatus.SUCCEEDED and member["value"] is not None:
            rank = rank if member["value"] == value else place
            member["rank"], value = rank, member["value"]
    return members


_LAST_COLUMNS = (
    *("train_mse", "test_mse", "best_step", "best_test_mse", "learning_rate"),
    *("steps_done", "steps_total", "diverged_at", "findings"),
)


def ranking_csv(sweep: Sweep) -> bytes:
    """The ranking as CSV: a column for each varied field, by its pointer, and `value` for the criterion."""
    text = StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(["rank", "run_id", "name", "status", "state", *sweep["varied"], "value", *_LAST_COLUMNS])
    for run in sweep["ranking"]:
        facts = cast("Mapping[str, object]", run)
        state = run["convergence"] and run["convergence"]["state"]
        values = (_csv_cell(run["values"].get(pointer)) for pointer in sweep["varied"])
        rest = (facts[column] for column in _LAST_COLUMNS)
        lines.writerow([run["rank"], run["run_id"], run["name"], run["status"], state, *values, run["value"], *rest])
    return text.getvalue().encode()


def _csv_cell(value: object) -> object:
    """Text and null as they are, anything else as JSON."""
    return value if value is None or isinstance(value, str) else orjson.dumps(value).decode()
