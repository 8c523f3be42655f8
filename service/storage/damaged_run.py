"""The record of a run whose row is damaged."""

from typing import Any

from service.core.run_record import Run
from service.core.run_status import RunStatus
from service.storage.damaged_rows import Remains, error_of


def damaged_run(remains: Remains) -> Run:
    """A failed run with what can be read of the row, and nothing else."""
    empty: dict[str, Any] = dict.fromkeys(Run._fields)
    empty |= {"tags": {}, "request": {}, "timings": {}}
    empty |= {name: [] for name in ("parameters", "columns", "diagnosis", "dataset_features")}
    empty |= dict.fromkeys(("dataset_seq", "train_rows", "validation_rows", "test_rows", "steps_total"), 0)
    empty |= dict.fromkeys(("rows_done", "lease_token", "losses", "dataset_rows"), 0)
    empty |= {"request_digest": "", "dataset_id": "", "dataset_target": ""}
    return Run(**empty | {"status": RunStatus.FAILED, "error": error_of("run")} | remains._asdict())
