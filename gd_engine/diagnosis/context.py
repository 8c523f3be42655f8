"""What a diagnosis is made from, and what it says."""

from collections.abc import Mapping, Sequence
from math import floor, log10
from typing import Any, NamedTuple

import numpy as np

from gd_engine.arrays import FloatArray, IntArray
from gd_engine.data.design_matrix import Rows
from gd_engine.descent.trajectory import Outcome
from gd_engine.optim.config import DescentConfig
from gd_engine.optim.schedules import Backtracking
from gd_engine.problem import Problem

LINEAR_METHODS = ("gd", "momentum", "nesterov")
"""The optimisers whose step is in proportion to the gradient; the step of the others has a length of its own."""


MOST_SAMPLED = 20_000
"""Rows enough to tell a curvature to some per cent."""


class Stretch(NamedTuple):
    """Rows of a trajectory, in order: `step` (k,), `theta` (k, p), and its other columns by name, each (k,)."""

    step: IntArray
    theta: FloatArray
    columns: Mapping[str, FloatArray]


class History(NamedTuple):
    """A trajectory as far as a diagnosis needs it.

    `overview` has rows spread over the whole descent, the first and the last among them (some 2,000 are plenty);
    `ending` the last rows, consecutive (some 256). Of a short descent both may be all of it.
    """

    overview: Stretch
    ending: Stretch


class Finding(NamedTuple):
    """What went wrong: a code, the numbers and names that the sentence uses, and the change that mends it.

    `evidence` holds JSON values, its numbers finite. `change` is a JSON merge patch (RFC 7396) for the request.
    """

    code: str
    evidence: dict[str, Any]
    sentence: str
    change: dict[str, Any]


class DiagnosisContext(NamedTuple):
    """A finished descent. `request` is what was asked for, shaped as the body of POST /fit; what it leaves out has its
    default. `null` is E of the best constant prediction, NaN where there is none."""

    problem: Problem
    config: DescentConfig
    outcome: Outcome
    history: History
    request: Mapping[str, Any]
    features: Sequence[str]
    null: float

    @property
    def descent(self) -> Mapping[str, Any]:
        """What was asked of the descent."""
        asked: Mapping[str, Any] = self.request.get("descent") or {}
        return asked

    @property
    def standardized(self) -> bool:
        """Whether the columns of the design are standardised."""
        return bool(self.request.get("standardize", False))

    @property
    def automatic(self) -> bool:
        """Whether the learning rate was left to 1/λmax at θ₀."""
        return bool(self.descent.get("learning_rate", "auto") == "auto")

    @property
    def kind(self) -> str:
        """The optimiser's name."""
        return str((self.descent.get("optimizer") or {}).get("kind", "gd"))

    @property
    def momentum(self) -> float:
        """μ: the optimiser's momentum, 0 for plain gradient descent."""
        if self.kind not in ("momentum", "nesterov"):
            return 0.0
        return float((self.descent.get("optimizer") or {}).get("momentum", 0.9))

    @property
    def schedule(self) -> str:
        """The schedule's name."""
        return str((self.descent.get("schedule") or {}).get("kind", "constant"))

    @property
    def linear_method(self) -> bool:
        """Whether steps are in proportion to the gradient of all rows, with a rate that is not searched for."""
        plain = self.kind in LINEAR_METHODS and self.config.batch_size is None
        return plain and not isinstance(self.config.learning_rate, Backtracking)

    @property
    def energy(self) -> FloatArray:
        """E at the overview's rows, shape (k,)."""
        return self.history.overview.columns["train_loss"]

    @property
    def theta0(self) -> FloatArray:
        """θ at the first row, shape (p,)."""
        theta: FloatArray = self.history.overview.theta[0]
        return theta

    @property
    def theta(self) -> FloatArray:
        """θ at the last row, shape (p,)."""
        theta: FloatArray = self.history.overview.theta[-1]
        return theta

    @property
    def steps(self) -> int:
        """The last recorded step."""
        return int(self.history.overview.step[-1])

    @property
    def rate(self) -> float:
        """The greatest learning rate that was used, at any recorded row."""
        return float(self.history.overview.columns["learning_rate"].max())

    @property
    def sample(self) -> Problem:
        """The problem on some of its rows, where they are too many to ask for curvatures: the scale of E is kept."""
        train, most = self.problem.train, MOST_SAMPLED
        every = -(-len(train.design) // most)
        if every == 1:
            return self.problem
        few = train.design[::every]
        rows = Rows(few, train.y[..., ::every], len(few))
        loss, share = self.problem.loss, 1.0 if self.problem.loss.mean else train.size / len(few)
        return self.problem._replace(train=rows, loss=loss._replace(total=lambda *given: share * loss.total(*given)))

    def energy_at(self, step: float) -> float:
        """E at the recorded row next to a step; the median of three rows, lest one noisy step deceive."""
        row = int(np.searchsorted(self.history.overview.step, step))
        return float(np.median(self.energy[max(row - 1, 0) : row + 2]))


def make_context(
    problem: Problem,
    config: DescentConfig,
    outcome: Outcome,
    history: History,
    request: Mapping[str, Any],
    features: Sequence[str],
) -> DiagnosisContext:
    """The case, with what all findings need to know."""
    return DiagnosisContext(problem, config, outcome, history, request, features, null_energy(problem))


def null_energy(problem: Problem) -> float:
    """E of predicting the same for every row: the mean (the median for mae), or the shares of the classes.

    Reduced rows have no mean of their own; there the constant prediction is a multiple of the design's first column,
    which stands for ones, or without an intercept 0.
    """
    model, (design, y, _) = problem.model, problem.train
    if problem.reduced:
        first = design[:, 0] if model.intercept else np.zeros(len(y))
        rest = y - first * (float(first @ y) / max(float(first @ first), 1e-300))
        return float(rest @ rest) / problem.divisor
    constant: Any = _best_constant(problem)

    def score(theta: Any, design: Any) -> Any:  # noqa: ARG001
        return np.broadcast_to(theta, y.shape)

    total = float(problem.loss.total(model._replace(score=score), constant, design, y))
    return total / problem.divisor


def _best_constant(problem: Problem) -> Any:
    model, y = problem.model, problem.train.y
    if model.task == "regression":
        return float(np.median(y) if problem.loss.name in ("mae", "huber") else np.mean(y))
    share = np.atleast_1d(np.asarray(y.mean(axis=-1), dtype=np.float64)).clip(1e-12, 1.0 - 1e-12)
    return np.log(share)[:, None] if model.outputs > 1 else np.log(share) - np.log1p(-share)


def tolerance(context: DiagnosisContext, least: float) -> float:
    """How far E may be from its least value before that matters: 1 % of it, or 0.001 of what a constant leaves.

    The second says that the share of the variance that is explained, R², is within 0.001 of its best. A log loss
    creeps towards its least value long after the predictions have settled: there it is 0.005.
    """
    share = 5e-3 if context.problem.loss.name == "log_loss" else 1e-3
    rounding = 1e-14 * float(context.energy[0])
    if context.null <= rounding:  # a target that is the same in every row
        rounding = 1e-3 * float(context.energy[0])
    return max(0.01 * least, share * context.null, rounding)


def rounded_up(steps: float) -> int:
    """To two digits."""
    unit = 10.0 ** max(floor(log10(max(steps, 1.0))) - 1, 0)
    return int(np.ceil(steps / unit) * unit)


def two_digits(number: float) -> float:
    """A number as one would type it."""
    return float(f"{number:.1e}")


def listed(names: Sequence[str]) -> str:
    """Names in a sentence."""
    if len(names) == 1:
        return names[0]
    shown = list(names[:4]) + ([f"{len(names) - 4} more"] if len(names) > 4 else [])
    return ", ".join(shown[:-1]) + f" and {shown[-1]}"
