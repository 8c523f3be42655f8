"""Random problems, well and badly conditioned, and the comparison of the engine's descents with the oracle's."""

from typing import Any

import numpy as np
from hypothesis import currently_in_test_context, note
from hypothesis import strategies as st

from gd_engine import (
    OPTIMIZERS,
    NoLearningRateError,
    Outcome,
    Problem,
    Split,
    auto_learning_rate,
    initial_theta,
    losses_for,
    pose,
)
from gd_engine.arrays import FloatArray
from tests.gd_engine import oracle
from tests.gd_engine.helpers import VARIANTS, descended
from tests.gd_engine.oracle import Task

TROUBLES = ["none", "scales", "collinear", "offset"]
CLOSE = 1e-9
ADAPTIVE = {"adagrad", "rmsprop", "adam", "adamw"}


def features(random: np.random.Generator, rows: int, columns: int, trouble: str) -> FloatArray:
    """Columns with a condition number of up to 1e6, or 1e4 deviations away from 0."""
    x = random.standard_normal((rows, columns))
    if trouble == "scales":
        x *= 10.0 ** random.uniform(-3, 3, columns)
    if trouble == "collinear":
        x[:, 1:] = x[:, :1] + 10.0 ** random.uniform(-6, 0) * x[:, 1:]
    if trouble == "offset":
        x += 1e4
    return x


def target(random: np.random.Generator, x: FloatArray, classes: int) -> FloatArray:
    """Targets: a noisy function of the features, or a class that depends on them."""
    z = (x - x.mean(axis=0)) / (x.std(axis=0) + 1e-300)
    s = z @ random.standard_normal(x.shape[1]) + random.uniform(0.1, 2.0) * random.standard_normal(len(x))
    if classes == 0:
        return np.asarray(10.0 ** random.uniform(-2, 2) * (s + random.uniform(-3, 3)))
    return np.asarray(np.digitize(s, np.quantile(s, np.arange(1, classes) / classes)), dtype=np.float64)


def parts(random: np.random.Generator, rows: int, *, test: bool, validation: bool) -> Split:
    """A split with rows in each part asked for."""
    order = random.permutation(rows)
    of_test = max(rows // 4, 1) if test else 0
    of_validation = of_test + (max(rows // 5, 1) if validation else 0)
    cuts = (order[of_validation:], order[of_test:of_validation], order[:of_test])
    return Split(*(np.sort(part) for part in cuts))


@st.composite
def tasks(draw: st.DrawFn, variant: str, *, rows: Any = None, troubles: Any = None) -> Task:
    """A random task for a variant of a model."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1), label="seed"))
    trouble = draw(st.sampled_from(TROUBLES) if troubles is None else troubles, label="trouble")
    x = features(
        random,
        draw(st.integers(3, 60) if rows is None else rows, label="rows"),
        draw(st.integers(1, 4), label="columns"),
        trouble,
    )
    plain = Task(variant, x, np.zeros(len(x)), Split(*[np.arange(0)] * 3), "mse")
    y = target(random, x, plain.classes)
    return plain._replace(
        y=y,
        split=parts(
            random, len(x), test=draw(st.booleans(), label="test"), validation=draw(st.booleans(), label="val")
        ),
        loss=draw(st.sampled_from(losses_for("classification" if plain.classes else "regression")), label="loss"),
        l1=draw(st.sampled_from([0.0, 0.0, 0.05]), label="l1"),
        l2=draw(st.sampled_from([0.0, 0.3]), label="l2"),
        standardize=draw(st.booleans(), label="standardize"),
    )


def posed(task: Task, *, reduce: bool = True) -> Problem:
    """The engine's problem for a task."""
    model = VARIANTS[task.variant]([f"x{i}" for i in range(task.x.shape[1])])
    options: dict[str, Any] = {"loss": task.loss, "l1": task.l1, "l2": task.l2, "standardize": task.standardize}
    return pose(model, task.x, task.y, task.split, reduce=reduce, **options)


def stable_rate(task: Task) -> float:
    """1/λmax of the Hessian at the first θ, or a small number where λmax is not positive.

    The curvature of |r|, and of the Huber loss for large r, is a rounding error; the curvature of r² replaces it.
    """
    problem = posed(task._replace(loss="mse") if task.loss in {"mae", "huber"} else task, reduce=False)
    try:
        return min(auto_learning_rate(problem.energy, first_theta(task)), 1e6)
    except NoLearningRateError:
        return 1e-3


def first_theta(task: Task) -> FloatArray:
    """A θ₀ that gives scores of about 1.

    At the engine's default, θ₀ = 0, rounding decides the sign of some components of ∇E (the errors of balanced classes
    cancel) and of weights that l1 keeps at 0.
    """
    model = VARIANTS[task.variant]([f"x{i}" for i in range(task.x.shape[1])])
    random = np.random.default_rng(len(task.y))
    if model.initial is not None:
        theta = initial_theta(model, len(task.y))
        return theta + 0.1 * random.standard_normal(len(theta))
    design = oracle.matrices(task)[0][0]
    size = np.repeat(np.sqrt(np.mean(design**2, axis=0)), model.width)
    return 0.3 * random.standard_normal(len(size)) / np.where(size > 0, size, 1.0)


class Difference(dict[str, float]):
    """The worst relative difference of θ and of each column."""


def compare(
    task: Task,
    optimizer: str,
    rate: float,
    steps: int,
    *,
    reduce: bool = True,
    replay: bool = True,
    affine: bool = True,
) -> tuple[Difference, Outcome, int]:
    """The differences between engine and oracle, the engine's outcome, and the oracle's number of finite steps.

    θ is relative to the largest |θ| of its step. A residual is the difference of numbers as large as |x|·|θ| and |y|,
    which limits its digits in float64: errors are relative to the squares of these numbers, and ∇E to its factors.
    """
    problem = posed(task, reduce=reduce)
    theta0 = first_theta(task)
    epsilon = _epsilon(task, optimizer, theta0)
    method = OPTIMIZERS[optimizer](epsilon=epsilon) if optimizer in ADAPTIVE else optimizer
    theirs = list(oracle.steps(task, optimizer, rate, steps, theta0, epsilon))
    ours, outcome = descended(problem, method, rate, steps, theta0, replay=replay, affine=affine)
    found = Difference()
    if currently_in_test_context():
        note(f"{optimizer} {rate=} {steps=} {theta0=}")
    count = min(len(theirs), len(ours["theta"]))
    rows = dict(zip(("train", "validation", "test"), oracle.matrices(task), strict=True))
    with np.errstate(all="ignore"):
        for k in range(count):
            step = theirs[k]
            _note(found, "theta", ours["theta"][k], step.theta, np.abs(step.theta).max())
            size = _size(task, step.theta, *rows["train"])
            terms = len(task.split.train) if task.loss == "sse" else 1
            _note(found, "train_loss", ours["train_loss"][k], step.energy, abs(step.energy) + size**2 * terms)
            steep = np.linalg.norm(rows["train"][0]) / (1.0 if task.loss == "sse" else np.sqrt(len(rows["train"][1])))
            slack = steep * size * (np.sqrt(terms) if task.loss == "sse" else 1.0)
            norm = np.linalg.norm(step.gradient)
            _note(found, "gradient_norm", ours["gradient_norm"][k], norm, norm + slack)
            for part, (x, y) in rows.items():
                if len(y):
                    mse = np.mean(oracle.errors(task, step.theta, x, y) ** 2)
                    _note(found, "mse", ours[f"{part}_mse"][k], mse, mse + _size(task, step.theta, x, y) ** 2)
    return found, outcome, len(theirs)


def _epsilon(task: Task, optimizer: str, theta0: FloatArray) -> float:
    """The ε of adaptive methods in a comparison: a thousandth of the first gradient.

    g / (√g² + ε) is the sign of g as ε → 0, and rounding decides the sign of a component that is 0 (the sum of balanced
    classes' errors). With the default ε the oracle disagrees with itself after a reordering of the rows.
    test_pytorch.py tests the defaults.
    """
    first = next(oracle.steps(task, "gd", 0.0, 0, theta0), None)
    size = np.abs(first.gradient).max() if first and optimizer in ADAPTIVE else 0.0
    return max(1e-3 * float(size), 1e-6) if np.isfinite(size) else 1e-8


def _size(task: Task, theta: FloatArray, x: FloatArray, y: FloatArray) -> float:
    """The size of predictions and targets, whose differences are the errors; of probabilities its square root."""
    first_layer = theta if len(theta) == x.shape[1] else np.full(x.shape[1], np.abs(theta).max())
    size = np.sqrt(np.mean((np.abs(x) @ np.abs(first_layer)) ** 2 + y**2))
    return float(np.sqrt(size) if task.classes else size)


def _note(found: Difference, name: str, ours: Any, theirs: Any, size: Any) -> None:
    if np.isfinite(size):
        off = float(np.max(np.abs(ours - theirs))) / max(float(size), 1e-300)
        found[name] = max(found.get(name, 0.0), off if off == off else np.inf)


def assert_agree(compared: tuple[Difference, Outcome, int], steps: int) -> None:
    """Asserts agreement to `CLOSE` and the outcome: all steps, or divergence at the oracle's first non-finite step."""
    found, outcome, count = compared
    assert outcome == (("max_steps", steps) if count == steps + 1 else ("diverged", count))
    assert len(found) >= (3 if count else 0)
    assert max(found.values(), default=0.0) <= CLOSE, dict(found)
