"""Answers about runs."""

from collections.abc import Mapping
from typing import Annotated, NotRequired

from pydantic import Field

from service.core.run_status import RunStatus
from service.schemas.responses.base import Answer, JsonObject, Number, Page


class RunDataset(Answer):
    """The data of a run."""

    id: str
    rows: int
    train_rows: int
    validation_rows: int
    test_rows: int
    features: list[str]
    target: str


class Criteria(Answer):
    """A step and what it reached. Metrics that the run does not have are null."""

    step: int
    theta: list[Number]
    coefficients: Annotated[
        Mapping[str, Number], Field(description="θ by name in the data's own units, also when standardised.")
    ]
    train_loss: Number
    train_mse: Number
    validation_mse: NotRequired[Number]
    test_mse: Number
    train_accuracy: NotRequired[Number]
    validation_accuracy: NotRequired[Number]
    test_accuracy: NotRequired[Number]
    train_precision: NotRequired[Number]
    validation_precision: NotRequired[Number]
    test_precision: NotRequired[Number]
    train_recall: NotRequired[Number]
    validation_recall: NotRequired[Number]
    test_recall: NotRequired[Number]
    train_f1: NotRequired[Number]
    validation_f1: NotRequired[Number]
    test_f1: NotRequired[Number]


class Optimum(Answer):
    """The least E(θ) there is, in closed form."""

    theta: list[Number]
    coefficients: Mapping[str, Number]
    train_loss: Number


class Finding(Answer):
    """What went wrong, in numbers, and what mends it."""

    code: str
    evidence: JsonObject
    sentence: str
    change: Annotated[JsonObject, Field(description="A merge patch (RFC 7396) for the request: submit it changed so.")]


class Best(Answer):
    """The step with the least test MSE."""

    step: int
    theta: list[Number]
    test_mse: Number


class ForkedFrom(Answer):
    """The step that a fork began at."""

    run_id: str
    step: int


class SweepOfRun(Answer):
    """The sweep of a run, and what varies in it, by JSON pointer."""

    id: str
    values: JsonObject


class Difference(Answer):
    """A number that came out otherwise."""

    column: str
    stored: Number
    recomputed: Number


class Verification(Answer):
    """What came of recomputing a run."""

    identical: Annotated[
        bool | None, Field(description="Whether every number is the stored one. Null while it is not known.")
    ]
    step: Annotated[int | None, Field(description="The first step that differs.")]
    differences: Annotated[
        list[Difference], Field(description="The numbers of that step that differ; none if a side ends there.")
    ]
    error: Annotated[dict[str, str] | None, Field(description="Why it could not be found out.")]
    verified_at: str | None


class Run(Answer):
    """A run: what was asked, where it stands, what came out."""

    id: str
    name: str | None
    tags: dict[str, str]
    status: RunStatus
    stop_reason: Annotated[
        str | None, Field(description="max_steps, gradient_norm, loss_change, patience, diverged, cancelled, or null.")
    ]
    created_at: str
    started_at: str | None
    finished_at: str | None
    request: Annotated[JsonObject, Field(description="The request with every default filled in.")]
    parameters: list[str]
    classes: Annotated[
        list[str] | list[int] | None, Field(description="A classification's classes in the order of their codes.")
    ]
    learning_rate: Annotated[Number, Field(description="The number used; null until the run has begun.")]
    dataset: RunDataset
    steps_done: int
    steps_total: int
    final: Criteria | None
    best: Annotated[Best | None, Field(description="Null where there are no test rows.")]
    diverged_at: Annotated[int | None, Field(description="The first step whose θ or E(θ) was not finite.")]
    optimum: Annotated[
        Optimum | None, Field(description="For linear and polynomial models with sse or mse and without l1.")
    ]
    diagnosis: Annotated[list[Finding], Field(description="Findings about a finished run; none for a healthy one.")]
    error: dict[str, str] | None
    forked_from: ForkedFrom | None
    sweep: Annotated[SweepOfRun | None, Field(description="The sweep that the run is a member of.")]
    verification: Annotated[Verification | None, Field(description="What came of the last POST /runs/{id}/verify.")]
    trajectory_sha256: Annotated[
        str | None,
        Field(
            description="Of the steps so far, one after the other: θ and the run's columns as little-endian float64."
        ),
    ]
    timings: Annotated[
        JsonObject,
        Field(
            description="Seconds, and `ways`: the shortcuts that the engine took, reduction, affine, replay or batched."
        ),
    ]
    links: dict[str, str]


class Runs(Page):
    """A page of runs."""

    data: list[Run]


class Price(Answer):
    """What a request would cost."""

    valid: bool
    steps: int
    parameters: int
    bytes: int
    gradient_evaluations: int
