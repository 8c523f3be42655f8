"""The models of a request."""

from typing import Annotated, Literal

from pydantic import Field, Tag

from service.schemas.fields import Count
from service.schemas.strict_model import Strict, one_of


class LinearModel(Strict):
    """f(θ, x) = θ₀ + θ·x."""

    kind: Literal["linear"] = "linear"
    intercept: bool = Field(True, description="Whether there is a parameter θ₀ with factor 1, which no penalty counts.")


class PolynomialModel(Strict):
    """A polynomial in the features, with products of different features."""

    kind: Literal["polynomial"]
    degree: Annotated[int, Field(ge=1, le=30)] = Field(
        2, description="The highest total power: a higher one bends more, and overfits sooner."
    )
    intercept: bool = Field(True, description="Whether there is a parameter θ₀ with factor 1, which no penalty counts.")


class LogisticModel(Strict):
    """P(y = second class) = 1 / (1 + exp(−θ₀ − θ·x))."""

    kind: Literal["logistic"]
    intercept: bool = Field(True, description="Whether there is a parameter θ₀ with factor 1, which no penalty counts.")


class SoftmaxModel(Strict):
    """P(y = c) = exp(s_c) / Σ exp(sₖ), with a score sₖ = θ₀ₖ + θₖ·x for each class."""

    kind: Literal["softmax"]
    intercept: bool = Field(True, description="Whether there is a parameter θ₀ with factor 1, which no penalty counts.")


class MlpModel(Strict):
    """A multilayer perceptron with hidden layers and an output for the task."""

    kind: Literal["mlp"]
    hidden: Annotated[list[Count], Field(min_length=1, max_length=8)] = Field(
        [8], description="The number of units of each hidden layer: more of them fit finer shapes, and overfit sooner."
    )
    activation: Literal["tanh", "relu", "sigmoid"] = Field(
        "tanh", description="The bend between the layers: smooth for tanh and sigmoid, a kink at 0 for relu."
    )
    task: Literal["regression", "classification"] = Field(
        "regression", description="Whether the output is a number, or the probabilities of the classes."
    )


class FormulaModel(Strict):
    """A custom f(θ, x), such as b1*(1 - exp(-b2*x)): names that are not features are parameters."""

    kind: Literal["formula"]
    formula: str = Field(
        description="+ - * / ** and functions such as exp, log, sqrt, sin, tanh; at most 1000 characters."
    )


Model = Annotated[
    Annotated[LinearModel, Tag("?linear")]
    | Annotated[PolynomialModel, Tag("?polynomial")]
    | Annotated[LogisticModel, Tag("?logistic")]
    | Annotated[SoftmaxModel, Tag("?softmax")]
    | Annotated[MlpModel, Tag("?mlp")]
    | Annotated[FormulaModel, Tag("?formula")],
    one_of("linear", "polynomial", "logistic", "softmax", "mlp", "formula"),
]
