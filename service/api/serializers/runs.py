"""Serializers of runs and datasets."""

from collections.abc import Sequence
from typing import cast

from service.core import dataset_record, run_record
from service.core.convergence_sentences import sentence
from service.core.languages import asked_language
from service.core.root_path import rooted
from service.core.times import rfc3339
from service.core.translation import finding_sentence, translated
from service.jobs.functions import described
from service.schemas.responses.datasets import Dataset
from service.schemas.responses.runs import (
    Convergence,
    ListedRun,
    Queue,
    Reference,
    Run,
    RunDataset,
    State,
    StopReason,
    Verification,
)
from service.storage.damaged_rows import Remains, error_of
from service.storage.queue_position import QueuePosition


def optional_timestamp(seconds: float | None) -> str | None:
    """RFC 3339 in UTC; None for None."""
    return None if seconds is None else rfc3339(seconds)


def serialize_run(row: run_record.Run, position: QueuePosition | None) -> Run:
    """The answer for one run, with its position if it is queued."""
    place: Queue | None = None
    if position is not None:
        place = {"position": position.position, "starts_in_seconds": position.starts_in_seconds}
    return {**serialize_listed(row), "queue": place}


def serialize_listed(row: run_record.Run) -> ListedRun:
    """A run in a list, without its position: among 10,000 queued runs, one position takes a tenth of the time of a page
    of 200.
    """
    return {
        "id": row.id,
        "name": row.name,
        "tags": row.tags,
        "status": row.status,
        "stop_reason": cast("StopReason | None", row.stop_reason),
        "created_at": rfc3339(row.created_at),
        "started_at": optional_timestamp(row.started_at),
        "finished_at": optional_timestamp(row.finished_at),
        "request": row.request,
        "parameters": row.parameters,
        "classes": row.classes,
        "learning_rate": row.learning_rate,
        "function": described(row.request["function"]) if row.dataset_id is None else None,
        "dataset": None if row.dataset_id is None else _dataset(row, row.dataset_id),
        "steps_done": row.last_step,
        "steps_total": row.steps_total,
        "bytes": row.trajectory_bytes,
        "final": row.final,
        "best": row.best,
        "diverged_at": row.diverged_at,
        "optimum": row.optimum,
        "diagnosis": [_finding(finding) for finding in row.diagnosis],
        "convergence": _convergence(row.convergence) if row.convergence else None,
        "error": _error(row.error),
        "forked_from": row.forked_from,
        "sweep": row.sweep,
        "verification": serialize_verification(row.verification) if row.verification else None,
        "trajectory_sha256": row.trajectory_sha256,
        "environments": row.environments,
        "timings": row.timings,
        "links": _links(row.id),
    }


def _convergence(found: run_record.Convergence) -> Convergence:
    """How a descent ended, with its sentence in the client's language."""
    return {
        "state": cast("State", found["state"]),
        "sentence": sentence(found["clauses"], found["values"], asked_language()),
        "loss": found["loss"],
        "reference": cast("Reference | None", found["reference"]),
        "relative_gap": found["relative_gap"],
    }


def _finding(finding: run_record.Finding) -> run_record.Finding:
    """The finding with its sentence in the client's language; `evidence` has the same numbers for programs.

    Earlier versions stored no promise.
    """
    text = finding_sentence(finding["code"], finding["sentence"], asked_language())
    return cast("run_record.Finding", {"promise": None, **finding, "sentence": text})


def _dataset(row: run_record.Run, dataset_id: str) -> RunDataset:
    return {
        "id": dataset_id,
        "rows": row.dataset_rows,
        "train_rows": row.train_rows,
        "validation_rows": row.validation_rows,
        "test_rows": row.test_rows,
        "features": row.dataset_features,
        "target": row.dataset_target,
    }


def serialize_verification(found: run_record.Verification | None) -> Verification:
    """The result of verifying a run; for None, the unknown result."""
    if found is None:
        return {
            "identical": None,
            "agrees": None,
            "tolerance": None,
            "platform_changes": [],
            "step": None,
            "differences": [],
            "error": None,
            "verified_at": None,
        }
    return {
        "identical": found["identical"],
        "agrees": found.get("agrees", found["identical"]),
        "tolerance": found.get("tolerance", None if found["identical"] is None else 0.0),
        "platform_changes": found.get("platform_changes", []),
        "step": found.get("step"),
        "differences": found.get("differences", []),
        "error": _error(found.get("error")),
        "verified_at": rfc3339(found["verified_at"]),
    }


def _error(error: run_record.RunError | None) -> dict[str, str] | None:
    return None if error is None else cast("dict[str, str]", serialize_error(error))


def serialize_error(error: run_record.RunError) -> run_record.RunError:
    """An error of a run, or of damage, with its message in the client's language."""
    return {"code": error["code"], "message": translated(error["message"], asked_language())}


def _links(run_id: str) -> dict[str, str]:
    """Paths of a run."""
    path = rooted(f"/runs/{run_id}")
    return {"self": path, "trajectory": f"{path}/trajectory", "page": rooted(f"/#/runs/{run_id}")}


def serialize_report(report: Sequence[dataset_record.ReportEntry]) -> list[dataset_record.ReportEntry]:
    """What the reader of a file did, in the client's language."""
    return [{**entry, "message": translated(entry["message"], asked_language())} for entry in report]


def serialize_dataset(row: dataset_record.Dataset | Remains) -> Dataset:
    """A dataset without its rows. A damaged one has an error and no facts."""
    facts: Dataset = {
        "id": row.id,
        "name": None,
        "rows": 0,
        "features": [],
        "target": "",
        "classes": None,
        "sha256": "",
        "columns": [],
        "report": [],
        "created_at": rfc3339(row.created_at),
        "error": serialize_error(error_of("dataset")),
        "links": {"self": rooted(f"/datasets/{row.id}"), "rows": rooted(f"/datasets/{row.id}/rows")},
    }
    if isinstance(row, Remains):
        return facts
    return {
        **facts,
        "name": row.name,
        "rows": row.rows,
        "features": row.features,
        "target": row.target,
        "classes": [str(label) for label in row.labels] if row.text_target and row.labels else None,
        "sha256": row.sha256,
        "columns": row.columns,
        "report": serialize_report(row.report),
        "error": None,
    }
