"""Answers that are computed on request: loss landscapes, step breakdowns, predictions."""

from collections.abc import Mapping
from typing import Annotated, Literal, NotRequired

from pydantic import Field

from service.schemas.responses.base import Answer, Integers, Labels, Matrix, Number, Vector, VectorOrMatrix

LandscapeKind = Literal["exact", "pair", "pca"]


class Axis(Answer):
    """One side of a landscape."""

    label: str | None
    values: Vector


class Plane(Answer):
    """θ = origin + x·axes[0] + y·axes[1]; the axes are orthonormal."""

    origin: Vector
    axes: Matrix


class DrawnPath(Answer):
    """The path on a landscape, at most 500 steps; over the window of a function up to the last step in the window."""

    step: Integers
    x: Vector
    y: Vector
    train_loss: Vector


class DrawnMinimum(Answer):
    """A minimum of a function on its landscape."""

    x: float
    y: float
    value: float


class Landscape(Answer):
    """E(θ) on a grid around the path of a run."""

    run_id: str
    kind: Annotated[
        LandscapeKind,
        Field(
            description="exact: the model has no other parameters; pair: all others keep their last value; "
            "pca: the plane closest to the path."
        ),
    ]
    parameters: list[str]
    x: Axis
    y: Annotated[Axis, Field(description="For a model of one parameter: no label and one value.")]
    energy: Annotated[Matrix, Field(description="E: a list along x for each y; null if not finite.")]
    explained: Annotated[Vector | None, Field(description="pca: the fraction of the path's variance along each axis.")]
    plane: Plane
    path: DrawnPath
    minima: Annotated[
        list[DrawnMinimum],
        Field(description="All minima inside the window of a function that ships; empty for any other run."),
    ]


class Contributions(Answer):
    """The training rows with the largest contributions to ∇E, the largest first; none for a function without data."""

    rows: Annotated[Integers, Field(description="Row numbers in the dataset, from 0.")]
    y: Labels
    predictions: VectorOrMatrix
    gradients: Matrix


class Rest(Answer):
    """The sum of the contributions of all other training rows to ∇E; without data, the gradient of the function."""

    rows: int
    gradient: Vector


class StepArithmetic(Answer):
    """The parts of one step, θ ← θ + change: `gradient` is the sum of the contributions of the listed rows, of all
    other rows and of the penalty.
    """

    run_id: str
    step: int
    parameters: list[str]
    theta: Vector
    train_loss: Number
    gradient: Annotated[Vector, Field(description="∇E(θ) by autograd.")]
    central_differences: Annotated[Vector, Field(description="(E(θ + h) − E(θ − h)) / 2h, of the first 64 parameters.")]
    difference_errors: Annotated[
        Vector, Field(description="The estimated error of each central difference, from a second width 2h.")
    ]
    contributions: Contributions
    rest: Rest
    penalty: Vector
    used: Annotated[
        Vector,
        Field(
            description="The gradient that the update uses: of all rows or of a batch, possibly clipped; for ista and "
            "fista of E without its l1 penalty, at `point`."
        ),
    ]
    point: Annotated[Vector, Field(description="Where `used` is taken: θ, or the point ahead of fista.")]
    threshold: Annotated[
        Vector | None,
        Field(
            description="ηλ₁ of each parameter, for ista and fista with l1: the next θ is "
            "soft(point − η · used, threshold), which is 0 within the threshold."
        ),
    ]
    learning_rate: Number
    change: Vector
    next_theta: Vector
    taken: Annotated[bool, Field(description="False for the last stored θ, from which the run took no step.")]
    update: Annotated[list[str], Field(description="The update with its numbers, for the first 64 parameters.")]


class PredictedAxis(Answer):
    """A feature's values on the grid."""

    feature: str
    values: Vector


class Points(Answer):
    """At most 1,000 rows of the data, evenly spaced."""

    x: Matrix
    y: Annotated[Vector, Field(description="The target; for a classification the index in `classes`.")]
    test: list[bool]


class Predictions(Answer):
    """f(θ, x) over the range of the data, for plots."""

    run_id: str
    features: list[str]
    classes: list[str] | Integers | None
    x: PredictedAxis
    y: PredictedAxis | None
    held: Annotated[Mapping[str, Number], Field(description="The other features, fixed at their mean.")]
    step: Integers
    prediction: Annotated[
        Matrix,
        Field(
            description="A list for each step, along x for each y: numbers, the probability of the second of two "
            "classes, or the index of the likeliest of several."
        ),
    ]
    fitted: Annotated[Matrix, Field(description="The same for each of the points.")]
    points: Points


class Predicted(Answer):
    """The predictions of a run for the rows of the request."""

    run_id: str
    step: int
    y: Vector | list[str] | Integers
    probabilities: NotRequired[
        Annotated[Matrix | None, Field(description="A list for each row, with a probability for each class.")]
    ]
