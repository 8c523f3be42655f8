"""A descent for Descent and its rivals: a model, rows in memory, a rate, a number of steps; and how Descent runs it."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from gd_engine import MODELS, OPTIMIZERS, Block, DescentConfig, Model, Split, descend, initial_theta, pose, start
from gd_engine import split_by_fraction as split

TRIAL_STEPS = 20
"""As many as tell how many threads a rival had best use."""
LAYER = (5, 8)
"""The shape of the first weights of the perceptron: four features and a one, eight units."""

Recorded = tuple[Any, Sequence[Any]]
"""θ of every step, shape (steps + 1, p), and the task's columns, each of shape (steps + 1,)."""


class Task(NamedTuple):
    """`train` and `test` are (design, y) as the rivals get them, split beforehand, which ours is not."""

    what: str
    model: Model
    x: Any
    y: Any
    split: Split
    train: tuple[Any, Any]
    test: tuple[Any, Any]
    theta0: Any
    rate: float
    steps: int

    @property
    def classifies(self) -> bool:
        """Whether y is a class, 0 or 1."""
        return self.model.task == "classification"

    @property
    def columns(self) -> tuple[str, ...]:
        """The recorded columns besides θ, in order. E of a regression is its train_mse."""
        if self.classifies:
            return ("train_loss", "train_mse", "train_accuracy", "test_mse", "test_accuracy")
        return ("train_loss", "test_mse")

    @property
    def pieces(self) -> list[tuple[int, ...]]:
        """The shapes of the arrays that θ is made of."""
        shapes: dict[str, list[tuple[int, ...]]] = {"mlp": [LAYER, (), (LAYER[1],)], "formula": [(), ()]}
        return shapes.get(self.model.kind, [self.theta0.shape])


def ours(task: Task) -> list[Block]:
    """From arrays in memory to all blocks, which have the gradient's norm and the rate as well."""
    problem = pose(task.model, task.x, task.y, task.split, loss="log_loss" if task.classifies else "mse")
    optimizer = OPTIMIZERS["gd"]()
    return list(descend(problem, DescentConfig(optimizer, task.rate, task.steps), start(task.theta0, optimizer)))


def assert_same(task: Task, blocks: Sequence[Block], recorded: Recorded) -> None:
    """Every number of the rival's to nine digits."""
    thetas, columns = recorded
    same = [np.allclose(np.concatenate([block.theta for block in blocks]), np.asarray(thetas), rtol=1e-9, atol=1e-9)]
    for name, column in zip(task.columns, columns, strict=True):
        own = np.concatenate([block.columns[name] for block in blocks])
        same.append(np.allclose(own, np.asarray(column), rtol=1e-9, atol=1e-9))
    assert all(same), f"{task.what}: {dict(zip(('theta', *task.columns), same, strict=True))}"


def linear(rows: int, features: int, steps: int) -> Task:
    """y = x·w + noise."""
    x, y = _plane(rows, features)
    return _task("linear", MODELS["linear"](_names(features)), x, y, rate=0.005, steps=steps)


def logistic(rows: int, features: int, steps: int) -> Task:
    """Which side of the plane x·w + noise is on."""
    x, y = _plane(rows, features)
    return _task("logistic", MODELS["logistic"](_names(features)), x, (y > 0).astype(np.float64), rate=0.5, steps=steps)


def perceptron(steps: int) -> Task:
    """4-8-1 with tanh, a regression of a squashed plane."""
    x, y = _plane(1_000, LAYER[0] - 1)
    return _task("perceptron", MODELS["mlp"](_names(4), hidden=LAYER[1:]), x, np.tanh(y), rate=0.05, steps=steps)


def misra1a(steps: int) -> Task:
    """The formula of NIST's Misra1a, on more rows and on a scale on which plain descent gets somewhere."""
    random = np.random.default_rng(0)
    x = random.uniform(0.5, 8.0, (1_000, 1))
    y = 2.4 * (1.0 - np.exp(-0.55 * x[:, 0])) + 0.05 * random.standard_normal(1_000)
    return _task("Misra1a", MODELS["formula"](["x"], formula="b1*(1 - exp(-b2*x))"), x, y, rate=0.1, steps=steps)


def _task(name: str, model: Model, x: Any, y: Any, *, rate: float, steps: int) -> Task:
    rows, features = x.shape
    parts = split(rows, 0.25)
    design = x[:, 0] if model.kind == "formula" else np.column_stack([np.ones(rows), x])
    train, test = ((design[chosen], y[chosen]) for chosen in (parts.train, parts.test))
    what = f"{name}, {rows:,} × {features}, {steps:,} steps"
    return Task(what, model, x, y, parts, train, test, initial_theta(model), rate, steps)


def _plane(rows: int, features: int) -> tuple[Any, Any]:
    random = np.random.default_rng(0)
    x = random.standard_normal((rows, features))
    return x, x @ random.standard_normal(features) + random.standard_normal(rows)


def _names(features: int) -> list[str]:
    return [f"x{i}" for i in range(features)]
