"""The input of a diagnosis, a finished descent with its history, and its output, findings."""

from collections.abc import Mapping, Sequence
from math import floor, isfinite, log10
from typing import Any, NamedTuple

import numpy as np

from gd_engine.arrays import FloatArray, IntArray, Rows
from gd_engine.descent.trajectory import Outcome
from gd_engine.optim.config import DescentConfig
from gd_engine.optim.schedules import Backtracking
from gd_engine.problem import Problem

LINEAR_METHODS = ("gd", "momentum", "nesterov", "ista", "fista")
"""The optimisers whose step is proportional to the gradient; adaptive optimisers normalise it."""
PROXIMAL_METHODS = ("ista", "fista")
FISTA_MOMENTUM = 0.9
"""An estimate of fista's momentum, (k − 1)/(k + 2) at step k."""
MOST_SAMPLED = 20_000
"""Rows in a sample, enough for a curvature to within a few per cent."""
TOO_SHORT = ("too_few_steps", "ill_conditioned")
OF_COLUMNS = ("constant_column", "duplicate_columns")
"""The findings that a good descent may have, too."""
"""The codes of the findings of a descent that ended on its way."""
ROUNDING = 1e-12
"""A difference of E, of a function without data, that may be rounding."""

KEPT = 0.1
"""The least fall in the last quarter of the steps of an E that keeps falling, as a share of that before."""
DOWN = 1e-6
"""The least fall in both of them, as a share of the whole."""


class Stretch(NamedTuple):
    """Rows of a trajectory, in order: `step` (k,), `theta` (k, p), and its other columns by name, each (k,)."""

    step: IntArray
    theta: FloatArray
    columns: Mapping[str, FloatArray]


class History(NamedTuple):
    """Rows of a trajectory for a diagnosis.

    `overview` has rows spread over the whole descent, including the first and the last (2,000 suffice); `ending` has
    the last rows, consecutive (256 suffice). For a short descent both may have all rows.
    """

    overview: Stretch
    ending: Stretch


class Finding(NamedTuple):
    """A fault: a code, the numbers and names in the sentence, and the change that corrects it.

    `evidence` holds JSON values, its numbers finite. `change` is a JSON merge patch (RFC 7396) for the request.
    """

    code: str
    evidence: dict[str, Any]
    sentence: str
    change: dict[str, Any]


class Choices(NamedTuple):
    """The user's choices, which `DescentConfig` has only in their resolved form. The defaults are those of a request.

    `automatic` states whether the learning rate is 1/λmax at θ₀, `own_theta0` whether θ₀ differs from the model's
    default; `theta0` is θ₀, shape (p,), None for the default. `optimizer` and `schedule` are kinds;
    `optimizer_options` and `schedule_options` name their other fields.
    """

    standardize: bool = False
    automatic: bool = True
    optimizer: str = "gd"
    momentum: float = 0.9
    decay: float = 0.99
    weight_decay: float = 0.01
    optimizer_options: tuple[str, ...] = ()
    schedule: str = "constant"
    schedule_options: tuple[str, ...] = ()
    own_theta0: bool = False
    seed: int = 0
    theta0: FloatArray | None = None


class DiagnosisContext(NamedTuple):
    """A finished descent, and what its user chose.

    `null` is E of the best constant prediction, NaN if it does not exist; of a function without data, the range of E
    along the path. Both are a scale for differences of E.
    """

    problem: Problem
    config: DescentConfig
    outcome: Outcome
    history: History
    choices: Choices
    features: Sequence[str]
    null: float

    @property
    def kind(self) -> str:
        """The optimiser's name."""
        return self.choices.optimizer

    @property
    def momentum(self) -> float:
        """μ: the optimiser's momentum, 0 for plain gradient descent; that of fista grows from 0 to 1."""
        if self.kind == "fista":
            return FISTA_MOMENTUM
        if self.kind not in ("momentum", "nesterov"):
            return 0.0
        return self.choices.momentum

    @property
    def linear_method(self) -> bool:
        """Whether steps are proportional to the gradient of all rows, without a line search."""
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
        """The greatest learning rate of the overview's rows."""
        return float(self.history.overview.columns["learning_rate"].max())

    @property
    def sample(self) -> Problem:
        """The problem on at most MOST_SAMPLED of its rows, with the same scale of E."""
        return sampled(self.problem, MOST_SAMPLED)

    def energy_at(self, step: float) -> float:
        """E near a step: the median of three recorded rows, robust to one noisy step."""
        row = int(np.searchsorted(self.history.overview.step, step))
        return float(np.median(self.energy[max(row - 1, 0) : row + 2]))


def sampled(problem: Problem, most: int) -> Problem:
    """The problem on at most `most` of its rows, evenly spread, with the same scale of E."""
    train, loss = problem.train, problem.loss
    every = -(-len(train.design) // most)
    if every <= 1:
        return problem
    few = train.design[::every]
    rows = Rows(few, train.y[..., ::every], len(few))
    share = 1.0 if loss.mean else train.size / len(few)
    return problem._replace(train=rows, loss=loss._replace(total=lambda *given: share * loss.total(*given)))


def make_context(
    problem: Problem,
    config: DescentConfig,
    outcome: Outcome,
    history: History,
    choices: Choices,
    features: Sequence[str],
) -> DiagnosisContext:
    """The context of a finished descent, with the scale of E."""
    null = null_energy(problem) if problem.has_data else _range(history)
    return DiagnosisContext(problem, config, outcome, history, choices, features, null)


def _range(history: History) -> float:
    """The greatest minus the least E of a path, at least ROUNDING."""
    return max(float(np.ptp(history.overview.columns["train_loss"])), ROUNDING) if len(history.overview.step) else 0.0


def null_energy(problem: Problem) -> float:
    """E of the best constant prediction: the mean (the median for mae and huber), or the shares of the classes.

    For reduced rows the constant prediction is a multiple of the design's first column, the image of the ones; without
    an intercept it is 0.
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
    """The negligible distance of E from its least value; see `close_to`."""
    return close_to(context.problem, context.null, float(context.energy[0]), least)


def close_to(problem: Problem, null: float, first: float, least: float) -> float:
    """The negligible distance of E from its least value: 1 % of it, or 0.001 of a constant's E if that is greater.

    The second keeps R² within 0.001 of its best value. For a log loss the share is 0.005, since E still falls slowly
    once the predictions are stable. `null` is the constant's E, `first` is E(θ₀).
    """
    share = 5e-3 if problem.loss.name == "log_loss" else 1e-3
    rounding = 1e-14 * first
    if null <= rounding:  # a target that is the same in every row
        rounding = 1e-3 * first
    return max(0.01 * least, share * null, rounding)


def rise_margin(problem: Problem, null: float, energy: FloatArray) -> float:
    """The rise above E(θ₀) that noise and rounding explain. E of a function may have any constant in it."""
    first = abs(float(energy[0]))
    if not problem.has_data:
        return max(0.1 * float(energy[0] - energy.min()), ROUNDING * max(first, 1.0))
    return max(0.1 * first, 1e-3 * null if isfinite(null) else 0.0)


def ended_at(energy: FloatArray) -> float:
    """The least of the last three E, or of fewer in a descent of few steps: one noisy step raises it little."""
    return float(energy[-min(3, max(1, (len(energy) - 1) // 2)) :].min())


def keeps_falling(rows: Stretch) -> bool:
    """Whether E falls in the last quarter of the steps by a notable share of its fall in the quarter before.

    1/k falls by half of it, the power 1/k⁴ by a fifth, and an E near its minimum by next to nothing. A constant in E,
    or a factor, changes nothing.
    """
    energy, step = rows.columns["train_loss"], rows.step
    half, late = (float(energy[np.searchsorted(step, share * step[-1])]) for share in (0.5, 0.75))
    before, gained = half - late, late - float(energy[-1])
    return before > 0.0 and gained >= KEPT * before and before + gained >= DOWN * float(energy[0] - energy[-1])


def rounded_up(steps: float) -> int:
    """A number of steps, rounded up to two digits."""
    unit = 10.0 ** max(floor(log10(max(steps, 1.0))) - 1, 0)
    return int(np.ceil(steps / unit) * unit)


def two_digits(number: float) -> float:
    """A number rounded to two digits."""
    return float(f"{number:.1e}")


def told_apart(one: float, other: float) -> tuple[str, str]:
    """Two numbers in the fewest digits, three to six, in which they differ; equal texts for numbers equal in six."""
    for digits in range(3, 7):
        shown = f"{one:.{digits}g}", f"{other:.{digits}g}"
        if shown[0] != shown[1]:
            break
    return shown


def listed(names: Sequence[str]) -> str:
    """Names as a list in a sentence, at most four of them."""
    if len(names) == 1:
        return names[0]
    shown = list(names[:4]) + ([f"{len(names) - 4} more"] if len(names) > 4 else [])
    return ", ".join(shown[:-1]) + f" and {shown[-1]}"
