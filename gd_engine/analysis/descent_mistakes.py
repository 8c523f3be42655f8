"""The usual mistakes of a hand-written descent, each as a variant of the correct one."""

from collections.abc import Callable, Iterator
from itertools import permutations
from typing import Literal, NamedTuple

import numpy as np

from gd_engine.arrays import FloatArray, Rows
from gd_engine.data.preprocessing import standardization
from gd_engine.descent.evaluator import Evaluator
from gd_engine.losses import Penalty
from gd_engine.optim.optimizers import Optimizer, gd, momentum, nesterov
from gd_engine.problem import Problem

Mistake = Literal[
    "sign",
    "missing_factor_2",
    "sum_for_mean",
    "mean_for_sum",
    "no_intercept",
    "one_by_one",
    "off_by_one",
    "test_rows",
    "halved_rate",
    "doubled_rate",
    "broadcast",
    "parameter_order",
    "ddof",
    "scaled_with_test_rows",
    "tenfold_rate",
    "tenth_rate",
    "divided_by_n_minus_1",
    "no_penalty",
    "plain_steps",
    "added_momentum",
    "too_narrow",
    "other_factor",
]
RATES: dict[Mistake, float] = {"halved_rate": 0.5, "doubled_rate": 2.0, "tenfold_rate": 10.0, "tenth_rate": 0.1}
"""The usual factors of the learning rate."""
MOST_PERMUTED = 4
"""The most parameters of which every order is tried; of more, the reversed one and that with the first one last."""

Gradient = Callable[[FloatArray], FloatArray]
Family = Callable[[float], "Variant"]
"""Variants that differ in one number."""
Estimate = Callable[[Family, float], float]
"""The number of a family's member that is nearest to the given path, from a first guess."""
_Named = Iterator[tuple[Mistake, "Variant"]]


class Variant(NamedTuple):
    """A variant of the descent.

    `one_by_one` is the order of the parameters if they change one by one, `columns` the places of the parameters in a
    given θ. `rate` is a factor of the learning rate. `optimizer` replaces that of the descent. Without `penalised` a
    proximal method has no threshold.
    """

    gradient: Gradient
    one_by_one: tuple[int, ...] = ()
    rate: float = 1.0
    columns: tuple[int, ...] = ()
    optimizer: Optimizer | None = None
    penalised: bool = True


def gradient_of(problem: Problem) -> Gradient:
    """∇E, shape (p,) → (p,)."""
    evaluator = Evaluator(problem, replay=True)
    return lambda theta: evaluator.at(theta).gradient


def variants(
    problem: Problem, gradient: Gradient, optimizer: Optimizer, estimate: Estimate, *, has_penalty: bool
) -> _Named:
    """The variants with a mistake, the likeliest first. `gradient` is the correct ∇E of the problem.

    `has_penalty` counts the l1 penalty of a proximal method, too, which is no part of this E.
    """
    yield "sign", Variant(lambda theta: -gradient(theta))
    if problem.has_data:
        for mistake, factor in _gradient_factors(problem).items():
            yield from _scaled(problem, gradient, mistake, factor)
        yield from _broadcast(problem)
    for mistake, factor in RATES.items():
        yield mistake, Variant(gradient, rate=factor)
    if has_penalty:
        yield "no_penalty", Variant(gradient_of(problem._replace(penalty=Penalty())), penalised=False)
    yield from _of_optimizers(gradient, optimizer, estimate)
    if problem.model.intercept:
        rest = np.array(problem.model.penalised, dtype=np.float64)  # one intercept, or one of each class
        yield "no_intercept", Variant(lambda theta: gradient(theta) * rest)
    order = tuple(range(problem.model.size))
    if len(order) > 1:
        yield "one_by_one", Variant(gradient, order)
        yield "one_by_one", Variant(gradient, order[::-1])
    for columns in _orders(order):
        yield "parameter_order", Variant(gradient, columns=columns)
    yield from _of_rows(problem)


def _gradient_factors(problem: Problem) -> dict[Mistake, float]:
    """The usual factors of the gradient."""
    size = problem.train.size
    if not problem.loss.mean:
        return {"missing_factor_2": 0.5, "mean_for_sum": 1 / size}
    found: dict[Mistake, float] = {"missing_factor_2": 0.5, "sum_for_mean": size}
    return found | ({"divided_by_n_minus_1": size / (size - 1)} if size > 1 else {})


def _scaled(problem: Problem, gradient: Gradient, mistake: Mistake, factor: float) -> _Named:
    """A factor of ∇E, and of its part of the data alone where E has a penalty."""
    yield mistake, Variant(lambda theta: gradient(theta) * factor)
    if problem.penalty != Penalty():
        of_data = gradient_of(problem._replace(penalty=Penalty()))
        yield mistake, Variant(lambda theta: gradient(theta) + (factor - 1) * of_data(theta))


def _of_optimizers(gradient: Gradient, optimizer: Optimizer, estimate: Estimate) -> _Named:
    """Plain steps instead of those of the optimiser, and the reverse."""
    if optimizer.proximal:
        return
    if len(optimizer.init(np.zeros(1))):
        yield "plain_steps", Variant(gradient, optimizer=gd())
        return
    for method in (momentum, nesterov):
        share = estimate(lambda share, method=method: Variant(gradient, optimizer=method(share)), 0.5)  # type: ignore[misc]
        for each in short_first(share):
            if 0.0 < each < 1.0:
                yield "added_momentum", Variant(gradient, optimizer=method(each))


def short_first(estimate: float) -> tuple[float, float]:
    """The estimate with two digits, for rounded paths give no more of it, and as it is."""
    return float(f"{estimate:.2g}"), estimate


def _broadcast(problem: Problem) -> _Named:
    if problem.model.task == "regression" and problem.loss.name in {"mse", "sse"}:
        # Predictions of shape (n,) minus targets of shape (n, 1) are n × n errors. Their gradient is that of n targets
        # which all are the mean, n times: once for the mean of the n × n, n times for their sum by rows.
        train = problem.train
        equal = gradient_of(problem._replace(train=train._replace(y=np.full_like(train.y, train.y.mean()))))
        if problem.loss.mean:
            yield "broadcast", Variant(equal)
        yield "broadcast", Variant(lambda theta: equal(theta) * train.size)


def _orders(order: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    if len(order) <= MOST_PERMUTED:
        yield from list(permutations(order))[1:]
    else:
        yield from ((order[-1], *order[:-1]), order[::-1])


def _of_rows(problem: Problem) -> _Named:
    """Mistakes of the rows: of the gradient's, and of those that standardise."""
    has_others = bool(problem.test.size or problem.validation.size)
    if has_others:
        yield "test_rows", Variant(gradient_of(problem._replace(train=_all_rows(problem))))
    has_powers = (problem.model.monomials.sum(axis=1) > 1).any()  # they are taken of the standardised features
    if (problem.scaling.scale != 1.0).any() and not has_powers and problem.train.size > 1:
        first = 1 if problem.model.intercept else 0
        ddof = problem.train.design.copy()
        ddof[:, first:] *= np.sqrt((problem.train.size - 1) / problem.train.size)
        yield "ddof", Variant(_with_design(problem, ddof))
        if has_others:
            # A standardisation of standardised columns is that of the columns.
            scaling = standardization(_all_rows(problem).design[:, first:], centre=problem.model.intercept)
            design = problem.train.design.copy()
            design[:, first:] = scaling.apply(design[:, first:])
            yield "scaled_with_test_rows", Variant(_with_design(problem, design))


def _with_design(problem: Problem, design: FloatArray) -> Gradient:
    return gradient_of(problem._replace(train=problem.train._replace(design=design)))


def _all_rows(problem: Problem) -> Rows:
    parts = [rows for rows in problem.parts.values() if rows.size]
    design = np.concatenate([rows.design for rows in parts])
    return Rows(design, np.concatenate([rows.y for rows in parts], axis=-1), sum(rows.size for rows in parts))
