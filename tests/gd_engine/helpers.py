"""Helpers of the engine's tests: a model of every kind, and a descent as one table."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from gd_engine import (
    MODELS,
    OPTIMIZERS,
    Block,
    DescentConfig,
    Model,
    Outcome,
    Problem,
    descend,
    initial_theta,
    start,
)
from gd_engine.arrays import FloatArray

VARIANTS: dict[str, Callable[[Sequence[str]], Model]] = {
    "linear": MODELS["linear"],
    "linear, no intercept": lambda names: MODELS["linear"](names, intercept=False),
    "polynomial": lambda names: MODELS["polynomial"](names, degree=2),
    "logistic": MODELS["logistic"],
    "logistic, no intercept": lambda names: MODELS["logistic"](names, intercept=False),
    "softmax of 2": lambda names: MODELS["softmax"](names, classes=["p", "q"]),
    "softmax of 3": lambda names: MODELS["softmax"](names, classes=["p", "q", "r"]),
    "softmax of 3, no intercept": lambda names: MODELS["softmax"](names, classes=["p", "q", "r"], intercept=False),
    "mlp": lambda names: MODELS["mlp"](names, hidden=(3,)),
    "mlp, two layers": lambda names: MODELS["mlp"](names, hidden=(3, 2), activation="sigmoid"),
    "mlp, relu": lambda names: MODELS["mlp"](names, hidden=(4,), activation="relu"),
    "mlp of 2": lambda names: MODELS["mlp"](names, hidden=(3,), task="classification", classes=["p", "q"]),
    "mlp of 3": lambda names: MODELS["mlp"](names, hidden=(2, 3), task="classification", classes=["p", "q", "r"]),
    "formula": lambda names: MODELS["formula"](names, formula=f"b1*(1 - exp(-b2*{names[0]})) + b3*tanh({names[-1]})"),
}
"""Model constructors, one or more of every kind, by name."""


def joined(blocks: Iterable[Block]) -> dict[str, FloatArray]:
    """θ and the columns of all blocks together."""
    found = list(blocks)
    columns = {name: np.concatenate([b.columns[name] for b in found]) for name in found[0].columns}
    return columns | {"theta": np.concatenate([b.theta for b in found])}


def descended(
    problem: Problem,
    optimizer: str | Any,
    rate: Any,
    steps: int,
    theta0: FloatArray | None = None,
    *,
    replay: bool = True,
    affine: bool = True,
    **options: Any,
) -> tuple[dict[str, FloatArray], Outcome]:
    """The whole trajectory of a descent and its outcome. `options` are those of DescentConfig."""
    method = OPTIMIZERS[optimizer]() if isinstance(optimizer, str) else optimizer
    theta0 = initial_theta(problem.model, 1) if theta0 is None else theta0
    config = DescentConfig(method, rate, steps, **options)
    blocks = list(descend(problem, config, start(theta0, method), replay=replay, affine=affine))
    outcome = blocks[-1].outcome
    assert outcome is not None
    assert all(block.outcome is None for block in blocks[:-1])
    return joined(blocks), outcome


def assert_same_bits(ours: dict[str, FloatArray], theirs: dict[str, FloatArray]) -> None:
    """Asserts that every column of both tables has the same bits."""
    assert ours.keys() == theirs.keys()
    for name, column in ours.items():
        np.testing.assert_array_equal(column, theirs[name], err_msg=name, strict=True)
