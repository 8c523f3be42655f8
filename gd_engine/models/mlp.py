"""The multilayer perceptron."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import autograd.numpy as anp
import numpy as np

from gd_engine.arrays import FloatArray
from gd_engine.autodiff.primitives import piece, relu, sigmoid, softmax, tanh
from gd_engine.models.base import Model, Task, identity
from gd_engine.models.linear import each

ACTIVATIONS: dict[str, Callable[[Any], Any]] = {"tanh": tanh, "relu": relu, "sigmoid": sigmoid}


def mlp(
    features: Sequence[str],
    *,
    hidden: Sequence[int] = (8,),
    activation: str = "tanh",
    task: Task = "regression",
    classes: Sequence[str] = (),
) -> Model:
    """A multilayer perceptron: layers z ← a(z W + b), the last one without a; two classes share one output through σ.

    Trained by gradients (Rumelhart, Hinton & Williams, 1986).

    θ has, layer by layer, the biases b and the weights W row by row; `w2[3,1]` leads from unit 3 of the first hidden
    layer to unit 1 of the next. The default θ₀ has normal weights of variance 1 / fan-in and zero biases (LeCun,
    Bottou, Orr & Müller, Efficient BackProp, 1998).
    """
    outputs = len(classes) if len(classes) > 2 else 1
    sizes = [len(features), *hidden, outputs]
    layers = list(pairwise(sizes))
    names = layer_names(features, layers)
    activate = ACTIVATIONS[activation]

    def score(theta: Any, design: Any) -> Any:
        z = hidden_units(layers, activate, theta, design)[-1]
        fan_in = layers[-1][0]
        at = len(names) - (fan_in + 1) * outputs
        if outputs == 1:
            return anp.dot(z, piece(theta, at + 1, (fan_in,))) + piece(theta, at, ())
        weights = anp.transpose(piece(theta, at + outputs, (fan_in, outputs)))
        return anp.dot(weights, anp.transpose(z)) + piece(theta, at, (outputs, 1))

    def initial(random: np.random.Generator) -> FloatArray:
        parts = []
        for fan_in, fan_out in layers:
            parts += [np.zeros(fan_out), random.standard_normal(fan_in * fan_out) / np.sqrt(fan_in)]
        return np.concatenate(parts)

    link = identity if task == "regression" else softmax if outputs > 1 else sigmoid
    return Model(
        kind="mlp",
        parameters=tuple(names),
        intercept=True,
        monomials=each(features),
        score=score,
        link=link,
        task=task,
        classes=len(classes),
        width=sizes[1],
        penalised=tuple(name.startswith("w") for name in names),
        layers=tuple(layers),
        activation=activation,
        initial=initial,
    )


def hidden_units(
    layers: Sequence[tuple[int, int]], activate: Callable[[Any], Any], theta: Any, design: Any
) -> list[Any]:
    """The outputs of each hidden layer, shapes (n, units). The biases are the weights of the design's ones."""
    (features, units), *deeper = layers[:-1]
    z = activate(anp.dot(design, piece(theta, 0, (features + 1, units))))
    found, at = [z], (features + 1) * units
    for fan_in, fan_out in deeper:
        z = activate(anp.dot(z, piece(theta, at + fan_out, (fan_in, fan_out))) + piece(theta, at, (fan_out,)))
        found.append(z)
        at += (fan_in + 1) * fan_out
    return found


def layer_names(features: Sequence[str], layers: Sequence[tuple[int, int]]) -> list[str]:
    """The names of the biases and weights, layer by layer; `layers` are the (fan-in, fan-out)."""
    names: list[str] = []
    for layer, (fan_in, fan_out) in enumerate(layers, start=1):
        sources = features if layer == 1 else range(1, fan_in + 1)
        names += [f"b{layer}[{unit}]" for unit in range(1, fan_out + 1)]
        names += [f"w{layer}[{source},{unit}]" for source in sources for unit in range(1, fan_out + 1)]
    return names
