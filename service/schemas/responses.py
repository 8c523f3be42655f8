"""The bodies that the service answers with, as its description tells them. The routes build them as plain dictionaries;
tests hold the two to each other.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from service.core.run_status import RunStatus

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


class SweepOfRun(Answer):
    """The sweep of a run, and what varies in it, by JSON pointer."""

    id: str
    values: dict[str, Any]


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
    sweep: SweepOfRun | None = Field(description="The sweep that the run is a member of.")
    verification: Verification | None = Field(description="What came of the last POST /runs/{id}/verify.")
    trajectory_sha256: str | None = Field(
        description="Of the steps so far, one after the other: θ and the run's columns as little-endian float64."
    )
    timings: dict[str, Any] = Field(
        description="Seconds, and `ways`: the shortcuts that the engine took, reduction, affine, replay or batched."
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


class SweepPrice(Price):
    """What the runs of a sweep would cost together; `parameters` are those of the largest."""

    members: int


class SweepSummary(Answer):
    """A sweep and how its runs stand."""

    id: str
    name: str | None
    status: Literal["queued", "running", "paused", "finished"] = Field(
        description="finished as soon as all its runs are; paused where all that are not finished are paused."
    )
    created_at: str
    finished_at: str | None
    varied: list[str] = Field(description="JSON pointers into the members' requests: what they differ in.")
    rank_by: str
    members: int
    statuses: dict[RunStatus, int] = Field(description="How many members there are of each status.")
    steps_done: int
    steps_total: int
    links: dict[str, str]


class Member(Answer):
    """A run of a sweep."""

    rank: int | None = Field(description="From 1, by `value`; null unless the run succeeded.")
    run_id: str
    name: str | None
    status: RunStatus
    values: dict[str, Any] = Field(description="What varies, by JSON pointer.")
    value: Number = Field(description="The criterion that ranks, as the run stands.")
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


class Sweeps(Answer):
    """A page of sweeps."""

    data: list[SweepSummary]
    has_more: bool
    next: str | None


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


class Axis(Answer):
    """One side of a landscape."""

    label: str | None
    values: list[Number]


class Plane(Answer):
    """θ = origin + x·axes[0] + y·axes[1]; the axes are orthonormal."""

    origin: Numbers
    axes: list[Numbers]


class DrawnPath(Answer):
    """The path on a landscape, at most 500 of its steps."""

    step: list[int]
    x: Numbers
    y: Numbers
    train_loss: Numbers


class Landscape(Answer):
    """E(θ) on a grid around a run's path."""

    run_id: str
    kind: Literal["exact", "pair", "pca"] = Field(
        description="exact: there are no other parameters; pair: all others are held at the path's last θ; "
        "pca: the plane closest to the path."
    )
    parameters: list[str]
    x: Axis
    y: Axis = Field(description="Without a label, and one number long, where there is one parameter.")
    energy: list[Numbers] = Field(description="E, a list along x for each y; null where it is not finite.")
    explained: Numbers | None = Field(description="pca: the share of the path's variance along each axis.")
    plane: Plane
    path: DrawnPath


class Contributions(Answer):
    """The training rows that add most to ∇E, the largest first."""

    rows: list[int] = Field(description="Their numbers in the dataset, from 0.")
    y: list[float | int | str]
    predictions: list[Number | Numbers]
    gradients: list[Numbers]


class Rest(Answer):
    """What all other training rows add to ∇E."""

    rows: int
    gradient: Numbers


class StepArithmetic(Answer):
    """One step, θ ← θ + change, and what it is made of: the parts of `gradient` are those of the rows named, of all
    others, and of the penalty.
    """

    run_id: str
    step: int
    parameters: list[str]
    theta: Numbers
    train_loss: Number
    gradient: Numbers = Field(description="∇E(θ) by autograd.")
    central_differences: Numbers = Field(description="(E(θ + h) − E(θ − h)) / 2h, of the first 64 parameters.")
    contributions: Contributions
    rest: Rest
    penalty: Numbers
    used: Numbers = Field(description="What the update was made from: the gradient, a batch's, or a clipped one.")
    learning_rate: Number
    change: Numbers
    next_theta: Numbers
    taken: bool = Field(description="False at the last θ, where the run went no further.")
    update: list[str] = Field(description="The update with its numbers, for the first 64 parameters.")


class PredictedAxis(Answer):
    """A feature's values on the grid."""

    feature: str
    values: Numbers


class Points(Answer):
    """Rows of the data, at most 1,000 of them, evenly."""

    x: list[Numbers]
    y: Numbers = Field(description="The target; for a classification the place of the class among `classes`.")
    test: list[bool]


class Predictions(Answer):
    """f(θ, x) along a run's data, for drawing."""

    run_id: str
    features: list[str]
    classes: list[str] | list[int] | None
    x: PredictedAxis
    y: PredictedAxis | None
    held: dict[str, Number] = Field(description="The features that are not drawn, at their mean.")
    step: list[int]
    prediction: list[Numbers] = Field(
        description="A list a step, along x for each y: numbers; or the chance of the second of two classes; "
        "or the place of the likeliest of several."
    )
    fitted: list[Numbers] = Field(description="The same, a list a step, for each of the points.")
    points: Points


class Predicted(Answer):
    """What a run predicts for the rows that were sent."""

    run_id: str
    step: int
    y: list[Number] | list[str] | list[int]
    probabilities: list[Numbers] | None = Field(None, description="A list a row, a number for each class.")


class Mistake(Answer):
    """A mistake that explains every step."""

    code: str
    title: str
    detail: str


class Verdict(Answer):
    """What came of a check. `step` is the first that differs."""

    right: bool
    step: int | None
    expected: dict[str, Number] | None = Field(description="What θ has to be there, from the θ before it.")
    given: dict[str, Number] | None
    mistakes: list[Mistake] = Field(description="Each explains every step; the likeliest first.")
    steps: int
    parameters: list[str]


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
