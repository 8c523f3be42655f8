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
    """The path on a landscape, at most 500 of its steps."""

    step: Integers
    x: Vector
    y: Vector
    train_loss: Vector


class Landscape(Answer):
    """E(θ) on a grid around a run's path."""

    run_id: str
    kind: Annotated[
        LandscapeKind,
        Field(
            description="exact: there are no other parameters; pair: all others are held at the path's last θ; "
            "pca: the plane closest to the path."
        ),
    ]
    parameters: list[str]
    x: Axis
    y: Annotated[Axis, Field(description="Without a label, and one number long, where there is one parameter.")]
    energy: Annotated[Matrix, Field(description="E, a list along x for each y; null where it is not finite.")]
    explained: Annotated[Vector | None, Field(description="pca: the share of the path's variance along each axis.")]
    plane: Plane
    path: DrawnPath


class Contributions(Answer):
    """The training rows that add most to ∇E, the largest first."""

    rows: Annotated[Integers, Field(description="Their numbers in the dataset, from 0.")]
    y: Labels
    predictions: VectorOrMatrix
    gradients: Matrix


class Rest(Answer):
    """What all other training rows add to ∇E."""

    rows: int
    gradient: Vector


class StepArithmetic(Answer):
    """One step, θ ← θ + change, and what it is made of: the parts of `gradient` are those of the rows named, of all
    others, and of the penalty.
    """

    run_id: str
    step: int
    parameters: list[str]
    theta: Vector
    train_loss: Number
    gradient: Annotated[Vector, Field(description="∇E(θ) by autograd.")]
    central_differences: Annotated[Vector, Field(description="(E(θ + h) − E(θ − h)) / 2h, of the first 64 parameters.")]
    contributions: Contributions
    rest: Rest
    penalty: Vector
    used: Annotated[
        Vector, Field(description="What the update was made from: the gradient, a batch's, or a clipped one.")
    ]
    learning_rate: Number
    change: Vector
    next_theta: Vector
    taken: Annotated[bool, Field(description="False at the last θ, where the run went no further.")]
    update: Annotated[list[str], Field(description="The update with its numbers, for the first 64 parameters.")]


class PredictedAxis(Answer):
    """A feature's values on the grid."""

    feature: str
    values: Vector


class Points(Answer):
    """Rows of the data, at most 1,000 of them, evenly."""

    x: Matrix
    y: Annotated[Vector, Field(description="The target; for a classification the place of the class among `classes`.")]
    test: list[bool]


class Predictions(Answer):
    """f(θ, x) along a run's data, for drawing."""

    run_id: str
    features: list[str]
    classes: list[str] | Integers | None
    x: PredictedAxis
    y: PredictedAxis | None
    held: Annotated[Mapping[str, Number], Field(description="The features that are not drawn, at their mean.")]
    step: Integers
    prediction: Annotated[
        Matrix,
        Field(
            description="A list a step, along x for each y: numbers; or the chance of the second of two classes; "
            "or the place of the likeliest of several."
        ),
    ]
    fitted: Annotated[Matrix, Field(description="The same, a list a step, for each of the points.")]
    points: Points


class Predicted(Answer):
    """What a run predicts for the rows that were sent."""

    run_id: str
    step: int
    y: Vector | list[str] | Integers
    probabilities: NotRequired[Annotated[Matrix | None, Field(description="A list a row, a number for each class.")]]
