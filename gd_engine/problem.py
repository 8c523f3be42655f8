"""The problem of a descent: a model, its prepared data, and E(θ) over the training rows."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from gd_engine.arrays import FloatArray, IntArray, Rows
from gd_engine.data.design_matrix import Gathered, Reduced
from gd_engine.data.preprocessing import (
    Expansion,
    Moments,
    Scaling,
    Split,
    expansion,
    in_data_units,
    no_scaling,
    standardization,
)
from gd_engine.data.qr import slice_rows
from gd_engine.losses import LOSSES, Loss, Penalty
from gd_engine.metrics import criteria_names
from gd_engine.models.base import Model, design_columns
from gd_engine.models.shape import Shape
from gd_engine.models.undefined import Undefined

MOST_REDUCED = 256
"""The most parameters for which data is reduced: the cost grows with their square."""


class FeatureScaling(NamedTuple):
    """The scaling of features before the powers of a polynomial, and the expansion of these powers."""

    scaling: Scaling
    expansion: Expansion


class TargetScaling(NamedTuple):
    """y ↦ (y − mean)/scale, of numbers. E is that of the scaled target; the metrics are in the units of the data."""

    mean: float = 0.0
    scale: float = 1.0


class Problem(NamedTuple):
    """Model, loss, penalty and rows. If `reduced`, the rows are triangular factors, see `gd_engine.data.qr`."""

    model: Model
    loss: Loss
    penalty: Penalty
    train: Rows
    validation: Rows
    test: Rows
    scaling: Scaling
    reduced: bool
    train_rows: IntArray | None = None
    """The numbers of the training rows in the data; None for reduced rows."""
    features: FeatureScaling | None = None
    """The scaling of the features before the powers of a polynomial; `scaling` is that of the columns after them."""
    target: TargetScaling = TargetScaling()

    def undefined(self, theta: FloatArray) -> Undefined | None:
        """The part of a formula that is not finite at θ in a training row, with the row's number in the data."""
        if self.model.undefined is None or self.train_rows is None:
            return None
        found = self.model.undefined(theta, self.train.design)
        return None if found is None else found._replace(row=int(self.train_rows[found.row]))

    def energy(self, theta: Any) -> Any:
        """E(θ), differentiable by autograd."""
        total = self.loss.total(self.model, theta, self.train.design, self.train.y)
        return total / self.divisor + self.penalty(self.model, theta)

    @property
    def divisor(self) -> int:
        """The divisor of the loss's total over the training rows: their number for a mean, 1 for a sum."""
        if not self.loss.mean:
            return 1
        # A row of k classes has k errors, but one likelihood.
        return self.train.size * (1 if self.loss.name == "log_loss" else self.model.outputs)

    @property
    def parts(self) -> dict[str, Rows]:
        """The rows by the name of their part; without validation rows there is no such part."""
        validation = {"validation": self.validation} if self.validation.size else {}
        return {"train": self.train, **validation, "test": self.test}

    @property
    def has_data(self) -> bool:
        """Whether E comes from data; false for a function, see `gd_engine.function_problem`."""
        return self.train.size > 0

    @property
    def quadratic(self) -> bool:
        """Whether E is quadratic in θ, with at most MOST_REDUCED parameters."""
        return is_quadratic(self.model, self.loss.name, self.penalty.l1)

    @property
    def columns(self) -> tuple[str, ...]:
        """The trajectory's columns besides θ, in order."""
        return column_names(self.model, self.loss.name, l1=self.penalty.l1, validation=self.validation.size > 0)

    def design(self, x: FloatArray) -> FloatArray:
        """The design matrix of other rows: x of shape (k, d), in the data's units → (k, c)."""
        x = x if self.features is None else self.features.scaling.apply(x)
        columns = self.scaling.apply(design_columns(self.model, x))
        return np.column_stack([np.ones(len(x)), columns]) if self.model.intercept else columns

    def coefficients(self, theta: FloatArray) -> FloatArray:
        """θ in the data's units, shape (p,); NaN where a model of a scaled target has none."""
        if self.target != TargetScaling():
            return np.full_like(theta, np.nan)
        if self.model.kind in ("formula", "function"):
            return theta
        found = in_data_units(theta, self.scaling, intercept=self.model.intercept, width=self.model.width)
        if self.features is None:
            return found
        return self.features.expansion.coefficients(found, intercept=self.model.intercept)

    def predict(self, theta: Any, design: Any) -> Any:
        """Predictions f(θ, x) in the units of the data, as `Model.predict` for an unscaled target."""
        found = self.model.predict(theta, design)
        return found if self.target == TargetScaling() else self.target.mean + self.target.scale * found


def is_quadratic(model: Model | Shape, loss: str, l1: float) -> bool:
    """Whether E is quadratic in θ and has at most MOST_REDUCED parameters."""
    squares = model.linear and model.task == "regression" and loss in {"sse", "mse"}
    return squares and l1 == 0.0 and model.size <= MOST_REDUCED


def column_names(model: Model | Shape, loss: str, *, l1: float = 0.0, validation: bool = False) -> tuple[str, ...]:
    """The names of a trajectory's columns besides θ, in order.

    Only an E quadratic in θ has the column optimality_gap, E(θ) − E(θ*).
    """
    parts = ("train", "validation", "test") if validation else ("train", "test")
    gap = ("optimality_gap",) if is_quadratic(model, loss, l1) else ()
    return ("train_loss", *criteria_names(model.task, parts), "gradient_norm", "learning_rate", *gap)


def pose(model: Model, x: FloatArray, y: FloatArray, split: Split, **options: Any) -> Problem:
    """The problem of fitting `model` to x, shape (n, d), and y, shape (n,). The options are those of `pose_blocks`."""
    return pose_blocks(model, [(x, y)], split, **options)


def pose_blocks(
    model: Model,
    blocks: Iterable[tuple[FloatArray, FloatArray]],
    split: Split,
    *,
    loss: str | Loss = "mse",
    l1: float = 0.0,
    l2: float = 0.0,
    standardize: bool = False,
    features: FeatureScaling | None = None,
    target: bool = False,
    reduce: bool = True,
) -> Problem:
    """The problem of fitting `model` to data in blocks of rows, x of shape (k, d) and y of shape (k,).

    y is a number, or for a classification the index of its class. The columns are powers of the features, scaled by
    `features` before, then standardised with the training rows' means and deviations. `target` standardises y likewise,
    for a regression that is not reduced. With `reduce` and an E quadratic in θ, only triangular
    factors of the data stay in memory; each block is read once. Raises ValueError if `split` names a missing row.
    """
    loss = LOSSES[loss]() if isinstance(loss, str) else loss
    reduced = reduce and is_quadratic(model, loss.name, l1)
    part_of = Reduced if reduced else Gathered
    parts = [part_of(len(model.monomials), len(rows), intercept=model.intercept) for rows in split]
    for first, x, rest in _slices(model, blocks):
        for part, rows in zip(parts, split, strict=True):
            chosen = _within(rows, first, len(x))
            if len(chosen):
                given = x[chosen] if features is None else features.scaling.apply(x[chosen])
                part.add(design_columns(model, given), rest[chosen])
    if any(part.filled != len(rows) for part, rows in zip(parts, split, strict=True)):
        raise ValueError("The split names rows that the data does not have.")
    scaling = parts[0].standardization() if standardize else no_scaling(len(model.monomials))
    train, validation, test = (_with_targets(model, part.rows(scaling)) for part in parts)
    kept = None if reduced else split.train
    posed = Problem(model, loss, Penalty(l1, l2), train, validation, test, scaling, reduced, kept, features)
    return _with_scaled_target(posed) if target else posed


def feature_scaling(
    model: Model, blocks: Iterable[tuple[FloatArray, FloatArray]], train_rows: IntArray
) -> FeatureScaling:
    """The scaling of the features that standardises the training rows, for `pose_blocks`; each block is read once.

    Powers of years about 2000 nearly depend on each other; those of the standardised years do not.
    """
    moments = Moments(model.monomials.shape[1])
    for first, x, _ in _slices(model, blocks):
        chosen = _within(train_rows, first, len(x))
        if len(chosen):
            moments.add(x[chosen])
    scaling = moments.scaling(centre=model.intercept)
    return FeatureScaling(scaling, expansion(model.monomials, scaling))


def _with_targets(model: Model, rows: Rows) -> Rows:
    """The rows with the targets of the model's predictions in place of y."""
    return rows._replace(y=model.targets(rows.y))


def _with_scaled_target(problem: Problem) -> Problem:
    """The problem with a target of mean 0 and standard deviation 1 on the training rows."""
    if problem.reduced or problem.model.task != "regression":
        raise ValueError("Only the target of a regression with all rows can be standardised.")
    [scale], [mean] = (standardization(problem.train.y[:, None], centre=True)[place] for place in (1, 0))
    train, validation, test = (
        rows._replace(y=(rows.y - mean) / scale) for rows in (problem.train, problem.validation, problem.test)
    )
    scaling = TargetScaling(float(mean), float(scale))
    return problem._replace(train=train, validation=validation, test=test, target=scaling)


def _slices(model: Model, blocks: Iterable[tuple[FloatArray, FloatArray]]) -> Iterator[tuple[int, Any, Any]]:
    """Slices of rows that fit in the cache: (number of the first row, x, y).

    Slices begin at multiples of one height, so the bits of a triangular factor do not depend on the blocks.
    """
    height = slice_rows(len(model.monomials) + 2)
    first, held = 0, 0
    parts: list[tuple[FloatArray, FloatArray]] = []
    for x, y in blocks:
        start = 0
        while start < len(x):
            stop = min(start + height - held, len(x))
            parts.append((x[start:stop], y[start:stop]))
            held, start = held + stop - start, stop
            if held == height:
                yield first, *_joined(parts)
                first, held, parts = first + height, 0, []
    if parts:
        yield first, *_joined(parts)


def _joined(parts: Sequence[tuple[FloatArray, FloatArray]]) -> tuple[FloatArray, FloatArray]:
    if len(parts) == 1:
        return parts[0]
    return np.concatenate([x for x, _ in parts]), np.concatenate([y for _, y in parts])


def _within(rows: IntArray, first: int, count: int) -> IntArray:
    low, high = np.searchsorted(rows, [first, first + count])
    return rows[low:high] - first
