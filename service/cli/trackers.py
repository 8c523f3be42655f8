"""A run in the formats of TensorBoard and of MLflow, written by their own libraries."""

import re
from collections.abc import Iterator
from datetime import datetime
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING

from service.cli.run_report import fields_of

if TYPE_CHECKING:
    from mlflow import MlflowClient

    from service.client import Run, Trajectory

EXPERIMENT = "descent"
BATCH = 1000
"""The metrics of one request to MLflow, which takes no more."""
ENDS = {"succeeded": "FINISHED", "diverged": "FINISHED", "failed": "FAILED", "cancelled": "KILLED"}
"""MLflow's status of a run; a diverged one has a result."""


def to_tensorboard(run: "Run", steps: "Trajectory", folder: Path | None) -> str:
    """Writes each column as scalars of 32 bits below `folder`; returns the folder of the run. Raises ImportError."""
    from tensorboard.compat.proto.event_pb2 import Event  # noqa: PLC0415 - an extra
    from tensorboard.compat.proto.summary_pb2 import Summary  # noqa: PLC0415
    from tensorboard.summary.writer.event_file_writer import EventFileWriter  # noqa: PLC0415

    place = (folder or Path()) / run.id
    place.mkdir(parents=True, exist_ok=True)
    if any(place.iterdir()):
        raise ValueError(f"{place} has files already. Remove them, or choose another folder by -o.")
    writer = EventFileWriter(str(place))
    try:
        for step, numbers in _rows(steps):
            values = [Summary.Value(tag=name, simple_value=value) for name, value in numbers.items()]
            writer.add_event(Event(wall_time=_begin(run), step=step, summary=Summary(value=values)))
    finally:
        writer.close()
    return str(place)


def to_mlflow(run: "Run", steps: "Trajectory", _: Path | None) -> str:
    """Writes the request as parameters and columns as metrics. Returns the id of MLflow's run.

    Raises ImportError, and ValueError if MLflow refuses or does not answer.
    """
    from mlflow.exceptions import MlflowException  # noqa: PLC0415 - an extra

    try:
        return _logged(run, steps)
    except MlflowException as error:
        raise ValueError(f"MLflow: {error}") from None


def _logged(run: "Run", steps: "Trajectory") -> str:
    """The id of MLflow's run, with all parameters and metrics."""
    from mlflow import MlflowClient  # noqa: PLC0415
    from mlflow.exceptions import MlflowException  # noqa: PLC0415

    client, milliseconds = MlflowClient(), round(1000 * _begin(run))
    known = client.get_experiment_by_name(EXPERIMENT)
    experiment = client.create_experiment(EXPERIMENT) if known is None else known.experiment_id
    tags = {_name(name): value for name, value in run["tags"].items()} | {"descent.run": run.id}
    made = client.create_run(experiment, start_time=milliseconds, tags=tags, run_name=run.name or run.id)
    mlflow_id = str(made.info.run_id)
    try:
        _log(client, mlflow_id, run, steps, milliseconds)
    except MlflowException:
        client.set_terminated(mlflow_id, status="FAILED")  # else it would be running for ever
        raise
    client.set_terminated(mlflow_id, status=ENDS.get(run.status, "RUNNING"))
    return mlflow_id


def _log(client: "MlflowClient", mlflow_id: str, run: "Run", steps: "Trajectory", milliseconds: int) -> None:
    from mlflow.entities import Metric, Param  # noqa: PLC0415

    params = [Param(_name(path), value) for path, value in fields_of("", run["request"]) if value]
    client.log_batch(mlflow_id, params=params)
    metrics = [
        Metric(_name(name), value, milliseconds, step)
        for step, numbers in _rows(steps)
        for name, value in numbers.items()
    ]
    for first in range(0, len(metrics), BATCH):
        client.log_batch(mlflow_id, metrics=metrics[first : first + BATCH])


WRITERS = {"tensorboard": to_tensorboard, "mlflow": to_mlflow}


def _begin(run: "Run") -> float:
    """The time of a run in seconds: its start, or that of its request. The steps have no times."""
    return datetime.fromisoformat(run["started_at"] or run["created_at"]).timestamp()


def _rows(steps: "Trajectory") -> Iterator[tuple[int, dict[str, float]]]:
    """Each step with the numbers that apply, by the names of the columns."""
    columns = {name: column.tolist() for name, column in steps.items() if name not in ("step", "theta")}
    theta = {f"theta/{name}": column.tolist() for name, column in zip(steps.parameters, steps["theta"].T, strict=True)}
    columns |= theta
    for i, step in enumerate(steps["step"].tolist()):
        numbers = {name: float(column[i]) for name, column in columns.items()}
        yield step, {name: value for name, value in numbers.items() if isfinite(value)}


def _name(text: str) -> str:
    """The text as a name of MLflow, which has few signs."""
    return re.sub(r"[^\w\-. /]", "_", text)
