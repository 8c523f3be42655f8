"""Objective, optimiser, schedule, θ₀, mini-batches and early stopping of a request."""

from typing import Annotated, Any, Literal

from pydantic import Field, Tag

from service.schemas.fields import Count, Factor, Finite, NotNegative, Numbers, Positive, Seed, Share
from service.schemas.strict_model import TAG, Strict, by_type, is_number, one_of

EPSILON = "ε: keeps the division finite where gradients are tiny; a greater one makes such steps shorter."
BETA1 = "β₁: how long gradients are remembered, about 1/(1 − β₁) steps."
BETA2 = "β₂: how long squares of the gradient are remembered, about 1/(1 − β₂) steps."


class Objective(Strict):
    """E(θ): the loss over the training rows plus λ₁‖θ‖₁ + λ₂‖θ‖₂², intercepts and biases not penalised."""

    loss: Literal["sse", "mse", "mae", "huber", "log_loss"] | None = Field(
        None, description="Default: mse for a regression, log_loss for a classification."
    )
    delta: Positive | None = Field(None, description="huber: the residual from which the loss is linear. Default: 1.")
    l1: NotNegative = Field(
        0.0, description="λ₁, the factor of ‖θ‖₁: a greater one makes more parameters 0, by ista and fista exactly."
    )
    l2: NotNegative = Field(0.0, description="λ₂, the factor of ‖θ‖₂²: a greater one makes all parameters smaller.")


class Gd(Strict):
    """θ ← θ − η∇E(θ)."""

    kind: Literal["gd"] = "gd"


class Momentum(Strict):
    """v ← μv + ∇E(θ), θ ← θ − ηv."""

    kind: Literal["momentum"]
    momentum: Share = Field(
        0.9,
        description="μ: the part of the last change that goes on. Nearer 1 is faster in long valleys, and swings more.",
    )


class Nesterov(Strict):
    """v ← μv + ∇E(θ), θ ← θ − η(∇E(θ) + μv)."""

    kind: Literal["nesterov"]
    momentum: Share = Field(
        0.9,
        description="μ: the part of the last change that goes on. Nearer 1 is faster in long valleys, and swings more.",
    )


class Adagrad(Strict):
    """G ← G + ∇E(θ)², θ ← θ − η∇E(θ) / (√G + ε)."""

    kind: Literal["adagrad"]
    epsilon: Positive = Field(1e-10, description=EPSILON)


class Rmsprop(Strict):
    """G ← ρG + (1 − ρ)∇E(θ)², θ ← θ − η∇E(θ) / (√G + ε)."""

    kind: Literal["rmsprop"]
    decay: Share = Field(0.99, description="ρ: how long squares of the gradient are remembered, about 1/(1 − ρ) steps.")
    epsilon: Positive = Field(1e-8, description=EPSILON)


class Adam(Strict):
    """θ ← θ − η m̂ / (√v̂ + ε), with running means m̂ of the gradient and v̂ of its square."""

    kind: Literal["adam"]
    beta1: Share = Field(0.9, description=BETA1)
    beta2: Share = Field(0.999, description=BETA2)
    epsilon: Positive = Field(1e-8, description=EPSILON)


class Adamw(Strict):
    """adam with decoupled weight decay: also θ ← θ − ηwθ."""

    kind: Literal["adamw"]
    beta1: Share = Field(0.9, description=BETA1)
    beta2: Share = Field(0.999, description=BETA2)
    epsilon: Positive = Field(1e-8, description=EPSILON)
    weight_decay: NotNegative = Field(0.01, description="w: the share ηw by which each step shrinks every parameter.")


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
    every: Count = Field(description="The steps between two falls of the rate.")
    factor: Factor = Field(0.1, description="The factor of the rate at each fall; 1 is a constant rate.")


class Exponential(Strict):
    """η factorᵏ."""

    kind: Literal["exponential"]
    factor: Factor = Field(description="The factor of the rate at each step; 1 is a constant rate.")


class InverseTime(Strict):
    """η / (1 + rate k)."""

    kind: Literal["inverse_time"]
    rate: NotNegative = Field(description="How fast η falls: after 1/rate steps it is a half; 0 is a constant rate.")


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

    gradient_norm: NotNegative | None = Field(
        None, description="Stop when ‖∇E(θ)‖ is at most this: a greater one stops sooner."
    )
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
    scale: Positive = Field(1.0, description="The standard deviation of each number.")


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

    steps: Count = Field(100, description="The number of updates; a stopping rule may end the descent before.")
    learning_rate: LearningRate = Field(
        "auto",
        description='η > 0, or "auto": 1/λmax of the Hessian of E at θ₀; a line search where E is not convex there.',
    )
    optimizer: Optimizer = Field(Gd(), description="The rule of an update.")
    schedule: Schedule = Field(Constant(), description="The learning rate of each step k, from 0.")
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
