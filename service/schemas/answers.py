"""The bodies that the service answers with, as its description tells them. The routes build them as plain dictionaries;
tests hold the two to each other.
"""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from service.lifecycle import RunStatus

Number = float | None


class Answer(BaseModel):
    """An answer has these fields and no other."""

    model_config = ConfigDict(extra="forbid")


class Problem(BaseModel):
    """What is wrong, where, and what to change (RFC 9457)."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str
    errors: list[dict[str, Any]] = Field(
        default=[], description="Entries of `pointer` (into the body) or `parameter`, `message` and often `hint`."
    )


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
    coefficients: dict[str, Number] = Field(description="θ by name in the data's own units, also when standardised.")
    train_loss: Number
    train_mse: Number
    validation_mse: Number = None
    test_mse: Number
    train_accuracy: Number = None
    validation_accuracy: Number = None
    test_accuracy: Number = None
    train_precision: Number = None
    validation_precision: Number = None
    test_precision: Number = None
    train_recall: Number = None
    validation_recall: Number = None
    test_recall: Number = None
    train_f1: Number = None
    validation_f1: Number = None
    test_f1: Number = None


class Optimum(Answer):
    """The least E(θ) there is, in closed form."""

    theta: list[Number]
    coefficients: dict[str, Number]
    train_loss: Number


class Finding(Answer):
    """What went wrong, in numbers, and what mends it."""

    code: str
    evidence: dict[str, Any]
    sentence: str
    change: dict[str, Any] = Field(description="A merge patch (RFC 7396) for the request: submit it changed so.")


class Best(Answer):
    """The step with the least test MSE."""

    step: int
    theta: list[Number]
    test_mse: Number


class ForkedFrom(Answer):
    """The step that a fork began at."""

    run_id: str
    step: int


class Difference(Answer):
    """A number that came out otherwise."""

    column: str
    stored: Number
    recomputed: Number


class Verification(Answer):
    """What came of recomputing a run."""

    identical: bool | None = Field(description="Whether every number is the stored one. Null while it is not known.")
    step: int | None = Field(description="The first step that differs.")
    differences: list[Difference] = Field(
        description="The numbers of that step that differ; none if a side ends there."
    )
    error: dict[str, str] | None = Field(description="Why it could not be found out.")
    verified_at: str | None


class Run(Answer):
    """A run: what was asked, where it stands, what came out."""

    id: str
    name: str | None
    tags: dict[str, str]
    status: RunStatus
    stop_reason: str | None = Field(
        description="max_steps, gradient_norm, loss_change, patience, diverged, cancelled, or null."
    )
    created_at: str
    started_at: str | None
    finished_at: str | None
    request: dict[str, Any] = Field(description="The request with every default filled in.")
    parameters: list[str]
    classes: list[str] | list[int] | None = Field(description="A classification's classes in the order of their codes.")
    learning_rate: Number = Field(description="The number used; null until the run has begun.")
    dataset: RunDataset
    steps_done: int
    steps_total: int
    final: Criteria | None
    best: Best | None = Field(description="Null where there are no test rows.")
    diverged_at: int | None = Field(description="The first step whose θ or E(θ) was not finite.")
    optimum: Optimum | None = Field(description="For linear and polynomial models with sse or mse and without l1.")
    diagnosis: list[Finding] = Field(description="Findings about a finished run; none for a healthy one.")
    error: dict[str, str] | None
    forked_from: ForkedFrom | None
    verification: Verification | None = Field(description="What came of the last POST /runs/{id}/verify.")
    trajectory_sha256: str | None = Field(
        description="Of the steps so far, one after the other: θ and the run's columns as little-endian float64."
    )
    timings: dict[str, Any] = Field(
        description="Seconds, and `ways`: the shortcuts that the engine took, reduction, affine or replay."
    )
    links: dict[str, str]


class Runs(Answer):
    """A page of runs."""

    data: list[Run]
    has_more: bool
    next: str | None


class Price(Answer):
    """What a request would cost."""

    valid: bool
    steps: int
    parameters: int
    bytes: int
    gradient_evaluations: int


Numbers = list[Number]


class Trajectory(BaseModel):
    """Columns of equal length; the columns of a classification come on top of these."""

    model_config = ConfigDict(extra="allow")

    run_id: str
    status: RunStatus
    parameters: list[str]
    total_steps: int = Field(description="The rows there are so far, step 0 included.")
    complete: bool = Field(description="Whether the trajectory will grow no more.")
    sampled: bool = Field(description="Whether steps were left out, as asked by `every` or `max_points`.")
    step: list[int] = []
    theta: list[Numbers] = []
    train_loss: Numbers = []
    train_mse: Numbers = []
    test_mse: Numbers = []
    gradient_norm: Numbers = []
    learning_rate: Numbers = []


class ColumnSummary(Answer):
    """A column in numbers. A text target is summed up by its codes."""

    name: str
    min: float
    max: float
    mean: Number
    standard_deviation: Number


class Dataset(Answer):
    """A dataset without its rows."""

    id: str
    name: str | None
    rows: int
    features: list[str]
    target: str
    classes: list[str] | None = Field(description="The labels of a text target, sorted.")
    sha256: str
    columns: list[ColumnSummary]
    created_at: str
    links: dict[str, str]
    ignored: Annotated[list[str], Field(description="Text columns of the file that were left out.")] = []


class Datasets(Answer):
    """A page of datasets."""

    data: list[Dataset]
    has_more: bool
    next: str | None


class DatasetRows(BaseModel):
    """Rows of a dataset, in the form of an inline dataset."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True, serialize_by_alias=True)

    id: str
    first: Annotated[int, Field(alias="from")]
    last: Annotated[int, Field(alias="to")]
    feature_names: list[str]
    target_name: str
    x: list[list[float]]
    y: list[float] | list[str]


class SampleOut(Answer):
    """A dataset that ships with the service."""

    name: str
    title: str
    description: str
    source: str
    task: str
    rows: int
    features: list[str]
    target: str
    certified: dict[str, Any] | None


class Samples(Answer):
    """The datasets that ship with the service."""

    data: list[SampleOut]


class Limit(Answer):
    """A bound."""

    value: float
    unit: str
    description: str


class Limits(Answer):
    """Every bound by the name of its setting."""

    limits: dict[str, Limit]


class Health(Answer):
    """All is well."""

    status: str
