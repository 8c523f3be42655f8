"""E(θ): what the descent minimises, a loss over the training rows plus a penalty."""

from collections.abc import Callable
from typing import Any

import autograd.numpy as anp

from gd_engine.arrays import FloatArray
from gd_engine.models import Model


def sse(model: Model, theta: Any, design: FloatArray, y: FloatArray) -> Any:
    """The sum of squared errors, Σᵢ (f(θ, xᵢ) − yᵢ)²: the course's E."""
    return anp.sum((model.predict(theta, design) - y) ** 2)


def mse(model: Model, theta: Any, design: FloatArray, y: FloatArray) -> Any:
    """The mean of squared errors, Σᵢ (f(θ, xᵢ) − yᵢ)² / n."""
    return anp.mean((model.predict(theta, design) - y) ** 2)


def log_loss(model: Model, theta: Any, design: FloatArray, y: FloatArray) -> Any:
    """The mean negative log-likelihood of labels y ∈ {0, 1}.

    −y log p − (1 − y) log(1 − p) with p = σ(s) is log(1 + eˢ) − y s, which no score overflows.
    """
    score = model.score(theta, design)
    return anp.mean(anp.logaddexp(0.0, score) - y * score)


LOSSES: dict[str, Callable[..., Any]] = {"sse": sse, "mse": mse, "log_loss": log_loss}


def losses_for(task: str) -> list[str]:
    """The losses that suit a task, its default first: the log loss is of probabilities."""
    return ["log_loss", "mse", "sse"] if task == "classification" else ["mse", "sse"]


def objective(model: Model, loss: str, design: FloatArray, y: FloatArray, l2: float = 0.0) -> Callable[[Any], Any]:
    """E(θ) = loss(θ) + l2 ‖θ‖₂², the intercept not penalised. Differentiable by autograd."""
    of = LOSSES[loss]
    if l2 == 0.0:
        return lambda theta: of(model, theta, design, y)
    first = 1 if model.intercept else 0
    return lambda theta: of(model, theta, design, y) + l2 * anp.sum(theta[first:] ** 2)
