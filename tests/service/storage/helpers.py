"""Row factories for the storage tests, without API and engine."""

import numpy as np

from service.storage import datasets, runs
from service.storage.database import Database
from service.storage.datasets import NewDataset

ROWS = np.arange(6.0).reshape(3, 2)


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
        summary=[],
    )


def queue_run(database: Database, name: str = "d", tags: dict[str, str] | None = None, steps: int = 10) -> str:
    with database.writing() as connection:
        values = {
            "dataset_seq": datasets.add(connection, new_dataset(name), [ROWS], uploaded=False),
            "request": {},
            "request_digest": "",
            "parameters": ["a", "b"],
            "columns": ["train_loss"],
            "train_rows": 3,
            "test_rows": 0,
            "steps_total": steps,
        }
        return str(runs.create(connection, values, tags or {}).id)
