"""Answers about the steps of a run, and about a path that a client sends."""

from collections.abc import Mapping
from typing import Annotated, Literal, NotRequired

from pydantic import Field

from service.core.run_status import RunStatus
from service.schemas.responses.base import Answer, Matrix, Number, OpenAnswer, Vector


class TrajectoryHead(OpenAnswer):
    """The fields of a trajectory before its columns."""

    run_id: str
    status: RunStatus
    parameters: list[str]
    total_steps: Annotated[int, Field(description="The number of stored steps, step 0 included.")]
    complete: Annotated[bool, Field(description="Whether all steps are stored.")]
    sampled: Annotated[bool, Field(description="Whether `every` or `max_points` left steps out.")]


class Trajectory(TrajectoryHead):
    """Columns of equal length. A classification has further columns."""

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


class Precision(Answer):
    """The last place of rounded numbers."""

    unit: Literal["decimals", "significant_digits"]
    number: int


class Verdict(Answer):
    """The result of a check. `step` is the first wrong step."""

    right: bool
    step: int | None
    expected: Annotated[
        Mapping[str, Number] | None, Field(description="The correct θ of that step, computed from the θ before it.")
    ]
    given: Mapping[str, Number] | None
    mistakes: Annotated[list[Mistake], Field(description="Mistakes that each explain every step, the likeliest first.")]
    precision: Annotated[
        Precision | None,
        Field(description="The precision of the given numbers, up to which they were compared; null if unrounded."),
    ]
    steps: int
    parameters: list[str]
