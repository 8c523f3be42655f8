"""What has to hold in the row of any run, whatever happened: the lifecycle's words as conditions."""

from collections.abc import Callable, Iterator

from service.core.run_record import Run
from service.core.run_status import FINISHED, HELD, RunStatus

_GOES_ON = frozenset(RunStatus) - FINISHED

RULES: list[tuple[Callable[[Run], bool], str]] = [
    # What must not be, and how it is told.
    (lambda run: run.status in FINISHED and run.finished_at is None, "is finished without a time"),
    (lambda run: run.status in _GOES_ON and run.finished_at is not None, "has a time of its end but goes on"),
    (lambda run: run.status in _GOES_ON and run.deleted_at is not None, "is deleted but goes on"),
    (lambda run: run.status in HELD and run.lease_expires_at is None, "is held by no worker, and nobody takes it up"),
    (lambda run: run.status not in HELD and run.lease_owner is not None, "has a worker though nobody works on it"),
    (lambda run: run.status == RunStatus.SUCCEEDED and run.stop_reason is None, "is finished without a reason"),
    (lambda run: run.status == RunStatus.DIVERGED and run.diverged_at is None, "diverged at no step"),
    (lambda run: run.status == RunStatus.FAILED and not run.error, "failed without an error"),
    (lambda run: run.rows_done < 0 or run.rows_done > run.steps_total + 1, "has more steps than it was to take"),
]


def broken_rules(run: Run, *, has_checkpoint: bool) -> Iterator[str]:
    """What is wrong with the row of a run."""
    for is_broken, told in RULES:
        if is_broken(run):
            yield told
    if run.status in _GOES_ON and run.rows_done > 0 and not has_checkpoint:
        yield "cannot go on: the state after its last step is missing"
