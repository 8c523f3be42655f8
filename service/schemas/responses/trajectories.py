"""Answers about the steps of a run, and about a path that a client sends."""

from collections.abc import Mapping
from typing import Annotated, NotRequired

from pydantic import Field

from service.core.run_status import RunStatus
from service.schemas.responses.base import Answer, Matrix, Number, OpenAnswer, Vector


class TrajectoryHead(OpenAnswer):
    """The fields of a trajectory before its columns."""

    run_id: str
    status: RunStatus
    parameters: list[str]
    total_steps: Annotated[int, Field(description="The rows there are so far, step 0 included.")]
    complete: Annotated[bool, Field(description="Whether the trajectory will grow no more.")]
    sampled: Annotated[bool, Field(description="Whether steps were left out, as asked by `every` or `max_points`.")]


class Trajectory(TrajectoryHead):
    """Columns of equal length; the columns of a classification come on top of these."""

    step: NotRequired[list[int]]
    theta: NotRequired[Matrix]
    train_loss: NotRequired[Vector]
    train_mse: NotRequired[Vector]
    test_mse: NotRequired[Vector]
    gradient_norm: NotRequired[Vector]
    learning_rate: NotRequired[Vector]


class Mistake(Answer):
    """A mistake that explains every step."""

    code: str
    title: str
    detail: str


class Verdict(Answer):
    """What came of a check. `step` is the first that differs."""

    right: bool
    step: int | None
    expected: Annotated[Mapping[str, Number] | None, Field(description="What θ has to be there, from the θ before it.")]
    given: Mapping[str, Number] | None
    mistakes: Annotated[list[Mistake], Field(description="Each explains every step; the likeliest first.")]
    steps: int
    parameters: list[str]
