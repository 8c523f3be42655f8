"""Serializers of runs and datasets."""

from datetime import UTC, datetime
from typing import Any

from service.core.run_status import FINISHED
from service.schemas.responses.datasets import Dataset
from service.schemas.responses.runs import Run, Verification


def timestamp(seconds: float) -> str:
    """RFC 3339 in UTC."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def optional_timestamp(seconds: float | None) -> str | None:
    """RFC 3339 in UTC; None for None."""
    return None if seconds is None else timestamp(seconds)


def run(row: Any) -> Run:
    """The answer for a run."""
    return {
        "id": row.id,
        "name": row.name,
        "tags": row.tags,
        "status": row.status,
        "stop_reason": row.stop_reason,
        "created_at": timestamp(row.created_at),
        "started_at": optional_timestamp(row.started_at),
        "finished_at": optional_timestamp(row.finished_at),
        "request": row.request,
        "parameters": row.parameters,
        "classes": row.classes,
        "learning_rate": row.learning_rate,
        "dataset": {
            "id": row.dataset_id,
            "rows": row.dataset_rows,
            "train_rows": row.train_rows,
            "validation_rows": row.validation_rows,
            "test_rows": row.test_rows,
            "features": row.dataset_features,
            "target": row.dataset_target,
        },
        "steps_done": max(row.rows_done - 1, 0),
        "steps_total": row.steps_total,
        "final": row.final,
        "best": row.best,
        "diverged_at": row.diverged_at,
        "optimum": row.optimum,
        "diagnosis": row.diagnosis,
        "error": row.error,
        "forked_from": row.forked_from,
        "sweep": row.sweep,
        "verification": verification(row) if row.verification else None,
        "trajectory_sha256": row.trajectory_sha256,
        "timings": row.timings,
        "links": run_links(row.id),
    }


def verification(row: Any | None) -> Verification:
    """The result of verifying a run; for None, the unknown result."""
    found = row.verification if row is not None else {}
    return {
        "identical": found.get("identical"),
        "step": found.get("step"),
        "differences": found.get("differences", []),
        "error": found.get("error"),
        "verified_at": optional_timestamp(found.get("verified_at")),
    }


def run_links(run_id: str) -> dict[str, str]:
    """Paths of a run."""
    return {"self": f"/runs/{run_id}", "trajectory": f"/runs/{run_id}/trajectory", "page": f"/#/runs/{run_id}"}


def is_finished(row: Any) -> bool:
    """Whether a run is finished."""
    return row.status in FINISHED


def dataset(row: Any) -> Dataset:
    """A dataset without its rows."""
    return {
        "id": row.id,
        "name": row.name,
        "rows": row.rows,
        "features": row.features,
        "target": row.target,
        "classes": row.labels if row.text_target else None,
        "sha256": row.sha256,
        "columns": row.summary,
        "created_at": timestamp(row.created_at),
        "links": {"self": f"/datasets/{row.id}", "rows": f"/datasets/{row.id}/rows"},
    }
