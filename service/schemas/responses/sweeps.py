"""Answers about sweeps."""

from typing import Annotated, Literal

from pydantic import Field

from service.core.run_status import RunStatus
from service.schemas.responses.base import Answer, JsonObject, Number, Page
from service.schemas.responses.runs import Price

SweepStatus = Literal["queued", "running", "paused", "finished"]


class SweepPrice(Price):
    """What the runs of a sweep would cost together; `parameters` are those of the largest."""

    members: int


class SweepSummary(Answer):
    """A sweep and how its runs stand."""

    id: str
    name: str | None
    status: Annotated[
        SweepStatus,
        Field(description="finished as soon as all its runs are; paused where all that are not finished are paused."),
    ]
    created_at: str
    finished_at: str | None
    varied: Annotated[list[str], Field(description="JSON pointers into the members' requests: what they differ in.")]
    rank_by: str
    members: int
    statuses: Annotated[dict[RunStatus, int], Field(description="How many members there are of each status.")]
    steps_done: int
    steps_total: int
    links: dict[str, str]


class Member(Answer):
    """A run of a sweep."""

    rank: Annotated[int | None, Field(description="From 1, by `value`; null unless the run succeeded.")]
    run_id: str
    name: str | None
    status: RunStatus
    values: Annotated[JsonObject, Field(description="What varies, by JSON pointer.")]
    value: Annotated[Number, Field(description="The criterion that ranks, as the run stands.")]
    train_mse: Number
    test_mse: Number
    best_step: int | None
    best_test_mse: Number
    learning_rate: Number
    steps_done: int
    steps_total: int
    diverged_at: int | None


class Sweep(SweepSummary):
    """A sweep with its members, the best first; after them the diverged, the cancelled and failed, the unfinished."""

    ranking: list[Member]


class Sweeps(Page):
    """A page of sweeps."""

    data: list[SweepSummary]
