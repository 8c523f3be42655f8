"""Objective, optimiser, schedule, θ₀, mini-batches and early stopping of a request."""

from typing import Annotated, Any, Literal

from pydantic import Field, Tag

from service.schemas.fields import Count, Factor, Finite, NotNegative, Numbers, Positive, Seed, Share
from service.schemas.strict_model import TAG, Strict, by_type, is_number, one_of


class Objective(Strict):
    """E(θ): the loss over the training rows plus λ₁‖θ‖₁ + λ₂‖θ‖₂², intercepts and biases not penalised."""

    loss: Literal["sse", "mse", "mae", "huber", "log_loss"] | None = Field(
        None, description="Default: mse for a regression, log_loss for a classification."
    )
    delta: Positive | None = Field(None, description="huber: the residual from which the loss is linear. Default: 1.")
    l1: NotNegative = 0.0
    l2: NotNegative = 0.0


class Gd(Strict):
    """θ ← θ − η∇E(θ)."""

    kind: Literal["gd"] = "gd"


class Momentum(Strict):
    """v ← μv + ∇E(θ), θ ← θ − ηv."""

    kind: Literal["momentum"]
    momentum: Share = 0.9


class Nesterov(Strict):
    """v ← μv + ∇E(θ), θ ← θ − η(∇E(θ) + μv)."""

    kind: Literal["nesterov"]
    momentum: Share = 0.9


class Adagrad(Strict):
    """G ← G + ∇E(θ)², θ ← θ − η∇E(θ) / (√G + ε)."""

    kind: Literal["adagrad"]
    epsilon: Positive = 1e-10


class Rmsprop(Strict):
    """G ← ρG + (1 − ρ)∇E(θ)², θ ← θ − η∇E(θ) / (√G + ε)."""

    kind: Literal["rmsprop"]
    decay: Share = 0.99
    epsilon: Positive = 1e-8


class Adam(Strict):
    """θ ← θ − η m̂ / (√v̂ + ε), with running means m̂ of the gradient and v̂ of its square."""

    kind: Literal["adam"]
    beta1: Share = 0.9
    beta2: Share = 0.999
    epsilon: Positive = 1e-8


class Adamw(Strict):
    """adam with decoupled weight decay: also θ ← θ − ηwθ."""

    kind: Literal["adamw"]
    beta1: Share = 0.9
    beta2: Share = 0.999
    epsilon: Positive = 1e-8
    weight_decay: NotNegative = 0.01


class Ista(Strict):
    """θ ← soft(θ − η∇g(θ), ηλ₁): g is E without its l1 penalty, whose soft threshold makes parameters exactly 0.

    Without l1 it is gd (Beck & Teboulle, 2009).
    """

    kind: Literal["ista"]


class Fista(Strict):
    """ista from a point ahead, y = θ + (tₖ − 1)/tₖ₊₁ (θ − θ′), with θ′ the θ before: a momentum that grows to 1."""

    kind: Literal["fista"]


Optimizer = Annotated[
    Annotated[Gd, Tag("?gd")]
    | Annotated[Momentum, Tag("?momentum")]
    | Annotated[Nesterov, Tag("?nesterov")]
    | Annotated[Adagrad, Tag("?adagrad")]
    | Annotated[Rmsprop, Tag("?rmsprop")]
    | Annotated[Adam, Tag("?adam")]
    | Annotated[Adamw, Tag("?adamw")]
    | Annotated[Ista, Tag("?ista")]
    | Annotated[Fista, Tag("?fista")],
    one_of("gd", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "adamw", "ista", "fista"),
]


class Constant(Strict):
    """A constant learning rate η."""

    kind: Literal["constant"] = "constant"


class Step(Strict):
    """η factor^⌊k / every⌋."""

    kind: Literal["step"]
    every: Count
    factor: Factor = 0.1


class Exponential(Strict):
    """η factorᵏ."""

    kind: Literal["exponential"]
    factor: Factor


class InverseTime(Strict):
    """η / (1 + rate k)."""

    kind: Literal["inverse_time"]
    rate: NotNegative


class Cosine(Strict):
    """η (1 + cos(πk / steps)) / 2."""

    kind: Literal["cosine"]


class Backtracking(Strict):
    """The first of η, η/2, η/4, … that lowers E enough (Armijo), at every step; for gd."""

    kind: Literal["backtracking"]


Schedule = Annotated[
    Annotated[Constant, Tag("?constant")]
    | Annotated[Step, Tag("?step")]
    | Annotated[Exponential, Tag("?exponential")]
    | Annotated[InverseTime, Tag("?inverse_time")]
    | Annotated[Cosine, Tag("?cosine")]
    | Annotated[Backtracking, Tag("?backtracking")],
    one_of("constant", "step", "exponential", "inverse_time", "cosine", "backtracking"),
]


class Stop(Strict):
    """Early stopping: the run stops at the first condition met."""

    gradient_norm: NotNegative | None = Field(None, description="Stop when ‖∇E(θ)‖ is at most this.")
    loss_change: NotNegative | None = Field(None, description="Stop when E changes by at most this in a step.")
    patience: Count | None = Field(
        None,
        description="Stop when the validation MSE has not reached a new minimum for this many steps. It uses rows of "
        "training rows (split.validation_fraction) and never the test rows: a step chosen by the test error would make "
        "that error look smaller than it will be on new data.",
    )


def _rate_kind(value: Any) -> str | None:
    return TAG + "auto" if value == "auto" else TAG + "number" if is_number(value) else None


LearningRate = Annotated[
    Annotated[Positive, Tag("?number")] | Annotated[Literal["auto"], Tag("?auto")],
    by_type(_rate_kind, "rate_type"),
]


class NormalTheta0(Strict):
    """Independent normal numbers with mean 0, seeded by `seed`."""

    kind: Literal["normal"]
    scale: Positive = 1.0


def _theta0_kind(value: Any) -> str | None:
    if isinstance(value, NormalTheta0) or (isinstance(value, dict) and isinstance(value.get("kind"), str)):
        return TAG + "normal"
    if value == "zeros":
        return TAG + "zeros"
    return TAG + "by_name" if isinstance(value, dict) else TAG + "list" if isinstance(value, list) else None


Theta0 = Annotated[
    Annotated[Literal["zeros"], Tag("?zeros")]
    | Annotated[NormalTheta0, Tag("?normal")]
    | Annotated[Numbers, Tag("?list")]
    | Annotated[dict[str, Finite], Tag("?by_name")],
    by_type(_theta0_kind, "theta0_type"),
]


class Descent(Strict):
    """The algorithm: `steps` updates θ ← θ − η∇E(θ), or by another optimiser, from θ₀."""

    steps: Count = 100
    learning_rate: LearningRate = Field(
        "auto",
        description='η > 0, or "auto": 1/λmax of the Hessian of E at θ₀; a line search where E is not convex there.',
    )
    optimizer: Optimizer = Gd()
    schedule: Schedule = Constant()
    theta0: Theta0 | None = Field(
        None,
        description="θ₀: zeros, normal, a list in the order of the parameters, or by name. Default: zeros for a model "
        "linear in θ, ones for a formula, for an mlp normal weights scaled by fan-in and zero biases.",
    )
    batch_size: Count | None = Field(
        None, description="The rows of each mini-batch, in shuffled epochs. Default: all rows in every step."
    )
    seed: Seed = Field(0, description="The seed of a random θ₀ and of the order of mini-batches.")
    clip_norm: Positive | None = Field(
        None, description="The maximum norm of the gradient; longer ones are scaled down."
    )
    stop: Stop = Stop()
