"""Answers about sweeps."""

from typing import Annotated, Literal

from pydantic import Field

from service.core.run_record import RunError
from service.core.run_status import RunStatus
from service.schemas.responses.base import Answer, JsonObject, Number, Page, Time
from service.schemas.responses.runs import Price, State

SweepStatus = Literal["queued", "running", "paused", "finished"]


class SweepPrice(Price):
    """The total cost of the runs of a sweep; `parameters` is the number of the largest model."""

    members: int


class SweepSummary(Answer):
    """A sweep and the progress of its runs."""

    id: str
    name: str | None
    status: Annotated[
        SweepStatus,
        Field(description="finished: all runs are; paused: all unfinished runs are."),
    ]
    created_at: Time
    finished_at: Time | None
    varied: Annotated[
        list[str], Field(description="JSON pointers to the fields in which the requests of the runs differ.")
    ]
    rank_by: str
    members: int
    statuses: Annotated[dict[RunStatus, int], Field(description="The number of runs by status.")]
    steps_done: int
    steps_total: int
    error: Annotated[
        RunError | None, Field(description="`damaged_data` if the row of the sweep is damaged; it has no ranking then.")
    ]
    links: dict[str, str]


class MemberConvergence(Answer):
    """How the descent of a member ended; `GET /runs/{id}` has the reference and the sentence."""

    state: State


class Member(Answer):
    """A run of a sweep."""

    rank: Annotated[int | None, Field(description="The rank by `value`, from 1; null unless the run is finished.")]
    run_id: str
    name: str | None
    status: RunStatus
    convergence: Annotated[
        MemberConvergence | None, Field(description="How the run ended; null until its convergence is known.")
    ]
    findings: Annotated[int, Field(description="The number of findings in the diagnosis of the run.")]
    values: Annotated[JsonObject, Field(description="The values of the varied fields, by JSON pointer.")]
    value: Annotated[Number, Field(description="The current value of the criterion `rank_by`.")]
    train_mse: Number
    test_mse: Number
    best_step: int | None
    best_test_mse: Number
    learning_rate: Number
    steps_done: int
    steps_total: int
    diverged_at: int | None


class Sweep(SweepSummary):
    """A sweep with its runs: finished runs in order of rank, then diverged, cancelled, failed and unfinished ones."""

    ranking: list[Member]


class Sweeps(Page):
    """A page of sweeps."""

    data: list[SweepSummary]
