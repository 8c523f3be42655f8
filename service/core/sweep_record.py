"""A sweep as the database holds it, and its members as far as a ranking needs them."""

from collections.abc import Sequence
from typing import Any, NamedTuple, Self

from service.core.run_record import Best, Criteria, SweepOfRun
from service.core.run_status import RunStatus


class Sweep(NamedTuple):
    """A sweep: the JSON pointers that its members differ in, and the criterion that ranks them."""

    seq: int
    id: str
    owner: str | None
    name: str | None
    varied: list[str]
    rank_by: str
    idempotency_key: str | None
    request_digest: str
    created_at: float

    @classmethod
    def from_row(cls, row: Sequence[Any]) -> Self:
        """The record of a row that has the fields in their order."""
        return cls._make(row)


class Member(NamedTuple):
    """A run of a sweep, as far as a ranking needs it."""

    status: RunStatus
    seq: int
    id: str
    name: str | None
    sweep: SweepOfRun
    learning_rate: float | None
    rows_done: int
    steps_total: int
    final: Criteria | None
    best: Best | None
    diverged_at: int | None
    finished_at: float | None
    state: str | None
    """`state` of the convergence."""
    findings: int

    @classmethod
    def from_row(cls, row: Sequence[Any]) -> Self:
        """The record of a row that has the fields in their order."""
        return cls._make((RunStatus(row[0]), *row[1:]))


class StatusCount(NamedTuple):
    """The runs of a sweep that have a status: their number and their steps."""

    status: RunStatus
    sweep_seq: int
    runs: int
    steps_done: int
    steps_total: int
    finished_at: float | None

    @classmethod
    def from_row(cls, row: Sequence[Any]) -> Self:
        """The record of a row that has the fields in their order."""
        return cls._make((RunStatus(row[0]), *row[1:]))
