"""The life of a run: its statuses, and what may follow what. Imports nothing of ours.

queued ──claim──► running ──► succeeded | diverged | failed
 │ ▲ ▲              │ │ ▲
 │ │ └── hand back ─┤ │ └─ claimed again when the lease ran out
 │ │  (drain,yield) │ │
 │ └─ resume ──┐    │ └─ cancel ──► cancelling ──► failed
 ├─ pause ──► paused ◄── pause ─┘        │
 │             │                         │
 └─ cancel ────┴──────► cancelled ◄──────┘

To pause takes a run from its worker at once; it resumes from the last block that was stored.
"""

from enum import StrEnum


class RunStatus(StrEnum):
    """The status of a run. The last four are final."""

    QUEUED = "queued"
    """The run waits for a worker. It has steps already if a worker gave it back."""
    RUNNING = "running"
    """A worker holds the run by a lease. When the lease runs out, another worker claims the run."""
    PAUSED = "paused"
    """A client took the run from the queue or from its worker. The stored steps and the checkpoint stay."""
    CANCELLING = "cancelling"
    """A client cancelled the run, and its worker has not stopped yet."""
    SUCCEEDED = "succeeded"
    """The descent took all its steps, met a stopping condition, or reached its deadline; `stop_reason` says which."""
    DIVERGED = "diverged"
    """θ or the train loss was not finite at the step `diverged_at`."""
    FAILED = "failed"
    """The run cannot go on, for the reason in `error`."""
    CANCELLED = "cancelled"
    """A client ended the run, or deleted it before it was finished. The stored steps stay."""

    @property
    def words(self) -> str:
        """The status in a sentence: a run that took its steps is finished, whatever came of them."""
        return "finished" if self is RunStatus.SUCCEEDED else self.value


TRANSITIONS: dict[RunStatus, frozenset[RunStatus]] = {
    RunStatus.QUEUED: frozenset({RunStatus.RUNNING, RunStatus.PAUSED, RunStatus.CANCELLED}),
    RunStatus.RUNNING: frozenset(
        {
            RunStatus.RUNNING,
            RunStatus.QUEUED,
            RunStatus.PAUSED,
            RunStatus.CANCELLING,
            RunStatus.SUCCEEDED,
            RunStatus.DIVERGED,
            RunStatus.FAILED,
        }
    ),
    RunStatus.PAUSED: frozenset({RunStatus.QUEUED, RunStatus.CANCELLED}),
    RunStatus.CANCELLING: frozenset({RunStatus.CANCELLED, RunStatus.FAILED}),
    RunStatus.SUCCEEDED: frozenset(),
    RunStatus.DIVERGED: frozenset(),
    RunStatus.FAILED: frozenset(),
    RunStatus.CANCELLED: frozenset(),
}

FINISHED = frozenset(status for status, following in TRANSITIONS.items() if not following)
WORKABLE = frozenset({RunStatus.QUEUED, RunStatus.RUNNING, RunStatus.CANCELLING})
"""The statuses in which a worker has, or will have, something to do with the run."""
JUDGED = frozenset({RunStatus.SUCCEEDED, RunStatus.DIVERGED})
"""The statuses of runs whose descent came to its end: the worker says how, perhaps a moment later."""
HELD = frozenset({RunStatus.RUNNING, RunStatus.CANCELLING})
"""The statuses in which a worker holds the run by a lease."""


def before(status: RunStatus) -> list[RunStatus]:
    """The statuses that `status` may follow."""
    return [earlier for earlier, following in TRANSITIONS.items() if status in following]
