"""Invariants of the row of a run, derived from the run's lifecycle."""

from collections.abc import Callable, Iterator

from service.core.run_record import Run
from service.core.run_status import FINISHED, HELD, RunStatus

_UNFINISHED = frozenset(RunStatus) - FINISHED

RULES: list[tuple[Callable[[Run], bool], str]] = [
    # Violation, and its description after "The run".
    (lambda run: run.status in FINISHED and run.finished_at is None, "is finished without an end time"),
    (lambda run: run.status in _UNFINISHED and run.finished_at is not None, "has an end time but is unfinished"),
    (lambda run: run.status in _UNFINISHED and run.deleted_at is not None, "is deleted but unfinished"),
    (
        lambda run: run.status in HELD and run.lease_expires_at is None,
        "has an active status but no lease",
    ),
    (lambda run: run.status not in HELD and run.lease_owner is not None, "has a lease owner but no active status"),
    (lambda run: run.status == RunStatus.SUCCEEDED and run.stop_reason is None, "is finished without a stop reason"),
    (lambda run: run.status == RunStatus.DIVERGED and run.diverged_at is None, "diverged at no step"),
    (lambda run: run.status == RunStatus.FAILED and not run.error, "failed without an error"),
    (lambda run: run.rows_done < 0 or run.rows_done > run.steps_total + 1, "has more steps than the request allows"),
]


def broken_rules(run: Run, *, has_checkpoint: bool) -> Iterator[str]:
    """Descriptions of the violated invariants of a run, each to follow "The run"."""
    for is_broken, description in RULES:
        if is_broken(run):
            yield description
    if run.status in _UNFINISHED and run.rows_done > 0 and not has_checkpoint:
        yield "cannot resume: the checkpoint after its last step is missing"
