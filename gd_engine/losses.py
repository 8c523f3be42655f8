"""The objective E(θ): a loss over the training rows plus a penalty."""

from collections.abc import Callable
from typing import Any, NamedTuple

import autograd.numpy as anp
import numpy as np

from gd_engine.autodiff.primitives import cross_entropy, log_sum_exp
from gd_engine.models.base import Model

Total = Callable[[Model, Any, Any, Any], Any]


class Loss(NamedTuple):
    """`total(model, θ, design, targets)` is a sum over rows, differentiable by autograd; `mean` divides it by n."""

    name: str
    total: Total
    mean: bool


class Penalty(NamedTuple):
    """λ₁‖θ‖₁ (Tibshirani, 1996) + λ₂‖θ‖₂² (Hoerl & Kennard, 1970), intercepts and biases not penalised."""

    l1: float = 0.0
    l2: float = 0.0

    def __call__(self, model: Model, theta: Any) -> Any:
        """The penalty, differentiable by autograd; the derivative of |θⱼ| at 0 is 0, as in PyTorch."""
        weights = theta * np.array(model.penalised, dtype=np.float64)
        l1 = self.l1 * anp.sum(anp.abs(weights)) if self.l1 else 0.0
        l2 = self.l2 * anp.sum(anp.square(weights)) if self.l2 else 0.0
        return l1 + l2


def sse() -> Loss:
    """The sum of squared errors, Σᵢ (f(θ, xᵢ) − yᵢ)²: the course's E (Legendre, 1805)."""
    return Loss("sse", _squares, mean=False)


def mse() -> Loss:
    """The mean of squared errors, Σᵢ (f(θ, xᵢ) − yᵢ)² / n (Gauss, 1809)."""
    return Loss("mse", _squares, mean=True)


def mae() -> Loss:
    """The mean of absolute errors, Σᵢ |f(θ, xᵢ) − yᵢ| / n (Boscovich, 1757).

    The derivative of |r| at 0 is 0, as in PyTorch.
    """
    return Loss("mae", lambda *rows: anp.sum(anp.abs(_residuals(*rows))), mean=True)


def huber(delta: float = 1.0) -> Loss:
    """The mean of r²/2 where |r| ≤ δ and of δ (|r| − δ/2) beyond (Huber, 1964; `torch.nn.HuberLoss`)."""

    def total(*rows: Any) -> Any:
        residual = _residuals(*rows)
        # With c = r clipped to ±δ, both pieces are c (r − c/2), and dc drops out of the derivative.
        clipped = anp.clip(residual, -delta, delta)
        return anp.sum(clipped * (residual - 0.5 * clipped))

    return Loss("huber", total, mean=True)


def log_loss() -> Loss:
    """The mean negative log-likelihood of the classes, −Σᵢ log P(yᵢ) / n (Fisher, 1922).

    For y ∈ {0, 1}, −y log p − (1 − y) log(1 − p) with p = σ(s) is log(1 + eˢ) − y s; for more classes it is
    log Σₖ e^sₖ − s_y. No score overflows either.
    """

    def total(model: Model, theta: Any, design: Any, y: Any) -> Any:
        score = model.score(theta, design)
        if model.outputs == 1:
            return anp.sum(cross_entropy(score, y))
        return anp.sum(log_sum_exp(score)) - anp.sum(y * score)

    return Loss("log_loss", total, mean=True)


LOSSES: dict[str, Callable[..., Loss]] = {"sse": sse, "mse": mse, "mae": mae, "huber": huber, "log_loss": log_loss}


def losses_for(task: str) -> list[str]:
    """The losses of a task, its default first. The log loss needs probabilities, so a regression has none."""
    return ["log_loss", "mse", "sse"] if task == "classification" else ["mse", "sse", "mae", "huber"]


def _residuals(model: Model, theta: Any, design: Any, y: Any) -> Any:
    return model.predict(theta, design) - y


def _squares(*rows: Any) -> Any:
    return anp.sum(anp.square(_residuals(*rows)))
