"""The life of a run: its statuses, and what may follow what. Imports nothing of ours.

queued ──claim──► running ──► succeeded | diverged | failed
 │ ▲ ▲              │ │ ▲
 │ │ └── hand back ─┤ │ └─ claimed again when the lease ran out
 │ │     (drain)    │ │
 │ └─ resume ──┐    │ └─ cancel ──► cancelling ──► failed
 ├─ pause ──► paused ◄── pause ─┘        │
 │             │                         │
 └─ cancel ────┴──────► cancelled ◄──────┘

To pause takes a run from its worker at once; it resumes from the last block that was stored.
"""

from enum import StrEnum


class RunStatus(StrEnum):
    """Where a run stands. The last four are for good."""

    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    CANCELLING = "cancelling"
    SUCCEEDED = "succeeded"
    DIVERGED = "diverged"
    FAILED = "failed"
    CANCELLED = "cancelled"


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
HELD = frozenset({RunStatus.RUNNING, RunStatus.CANCELLING})
"""The statuses in which a worker holds the run by a lease."""


def before(status: RunStatus) -> list[RunStatus]:
    """The statuses that `status` may follow."""
    return [earlier for earlier, following in TRANSITIONS.items() if status in following]
