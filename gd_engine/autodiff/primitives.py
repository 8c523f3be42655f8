"""Autograd primitives for models: functions that autograd lacks or differentiates at a high cost.

Their derivatives consist of primitives too, so second derivatives exist.
"""

from math import prod
from typing import Any

import autograd.numpy as anp
import numpy as np
from autograd.extend import defvjp, primitive


@primitive
def sigmoid(score: Any) -> Any:
    """σ(s) = 1 / (1 + e^−s), written with tanh so that no s overflows; σ′ = σ (1 − σ)."""
    half = np.tanh(0.5 * score)
    half += 1.0  # in place: allocation takes longer than addition
    half *= 0.5
    return half


@primitive
def softplus(score: Any) -> Any:
    """log(1 + eˢ) = max(s, 0) + log(1 + e^−|s|), which no s overflows; its derivative is σ(s)."""
    return np.maximum(score, 0.0) + np.log1p(np.exp(-np.abs(score)))


@primitive
def cross_entropy(score: Any, y: Any) -> Any:
    """−y log p − (1 − y) log(1 − p) of labels y ∈ {0, 1}, p = σ(s), shape (n,); its derivative by s is p − y.

    The form max(s, 0) − y s + log(1 + e^−|s|) overflows for no s; for a correct s the first two terms cancel exactly.
    """
    rest = np.abs(score)
    for function in (np.negative, np.exp, np.log1p):
        function(rest, out=rest)
    rest += np.maximum(score, 0.0) - y * score
    return rest


@primitive
def tanh(score: Any) -> Any:
    """tanh(s); its derivative 1 − tanh² avoids the cosh of autograd's tanh."""
    return np.tanh(score)


@primitive
def through_tanh(g: Any, t: Any) -> Any:
    """g (1 − t²): a gradient by tanh(s) = t as one by s."""
    slope = np.asarray(t * t)  # in a formula tanh may be of a number
    np.subtract(1.0, slope, out=slope)
    slope *= g
    return slope[()]


@primitive
def relu(score: Any) -> Any:
    """max(s, 0); its derivative at 0 is 0, as in PyTorch."""
    return np.maximum(score, 0.0)


@primitive
def log_sum_exp(scores: Any) -> Any:
    """log Σₖ e^sₖ of each row of the data, shape (k, n) → (n,), which no s overflows; its derivative is the softmax."""
    greatest = np.max(scores, axis=0)
    return np.log(np.sum(np.exp(scores - greatest), axis=0)) + greatest


@primitive
def piece(theta: Any, first: int, shape: tuple[int, ...]) -> Any:
    """The entries of θ from `first` on, as an array of this shape; () gives a number."""
    return theta[first : first + prod(shape)].reshape(shape) if shape else theta[first]


@primitive
def placed(values: Any, first: int, size: int) -> Any:
    """A vector of zeros with `values` in it from `first` on: the transpose of `piece`."""
    vector = np.zeros(size)
    if isinstance(values, np.ndarray):
        vector[first : first + values.size] = values.ravel()
    else:
        vector[first] = values
    return vector


def softmax(scores: Any) -> Any:
    """e^sₖ / Σ e^sⱼ of each row of the data, shape (k, n)."""
    return anp.exp(scores - log_sum_exp(scores))


defvjp(sigmoid, lambda ans, score: lambda g: g * (ans * (1.0 - ans)))
defvjp(softplus, lambda ans, score: lambda g: g * sigmoid(score))
defvjp(cross_entropy, lambda ans, score, y: lambda g: g * (sigmoid(score) - y), None)
defvjp(tanh, lambda ans, score: lambda g: through_tanh(g, ans))
defvjp(
    through_tanh,
    lambda ans, g, t: lambda h: through_tanh(h, t),
    lambda ans, g, t: lambda h: h * g * (-2.0 * t),
)
defvjp(relu, lambda ans, score: lambda g: g * anp.greater(score, 0.0))
defvjp(log_sum_exp, lambda ans, scores: lambda g: g * anp.exp(scores - ans))
defvjp(piece, lambda ans, theta, first, shape: lambda g: placed(g, first, len(theta)))
defvjp(placed, lambda ans, values, first, size: lambda g: piece(g, first, anp.shape(values)))
