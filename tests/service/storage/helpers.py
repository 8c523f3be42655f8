"""Row factories for the storage tests, without API and engine."""

from typing import cast

import numpy as np
from sqlalchemy import Connection

from service.core.dataset_record import Column
from service.core.run_record import RunColumns
from service.core.run_request import StoredRequest
from service.storage import datasets, runs
from service.storage.database import Database
from service.storage.datasets import NewDataset

STEPS, STEP_BYTES = 10, 24
ROWS = np.arange(6.0).reshape(3, 2)


def column(name: str) -> Column:
    """A column of numbers without statistics."""
    return {
        "name": name,
        "kind": "number",
        "missing": 0,
        "min": None,
        "max": None,
        "mean": None,
        "standard_deviation": None,
        "categories": None,
    }


def new_dataset(name: str = "d") -> NewDataset:
    return NewDataset(
        id=name,
        sha256=name,
        name=name,
        rows=3,
        features=["x"],
        target="y",
        labels=None,
        text_target=False,
        columns=[column("x"), column("y")],
    )


def new_run(connection: Connection, dataset: str = "d", steps: int = STEPS) -> RunColumns:
    """Columns of a run, after the storage of its dataset."""
    return {
        "dataset_seq": datasets.add(connection, new_dataset(dataset), [ROWS], uploaded=False),
        "request": cast("StoredRequest", {}),
        "request_digest": "",
        "parameters": ["a", "b"],
        "columns": ["train_loss"],
        "train_rows": 3,
        "test_rows": 0,
        "steps_total": steps,
        "step_bytes": STEP_BYTES,
        "stored_bytes": STEP_BYTES * (steps + 1),
    }


def queue_run(
    database: Database,
    name: str = "d",
    tags: dict[str, str] | None = None,
    steps: int = STEPS,
    owner: str | None = None,
) -> str:
    with database.writing() as connection:
        return str(runs.create(connection, new_run(connection, name, steps) | {"owner": owner}, tags or {}).id)
