"""The part of a formula that has no finite value, or no finite gradient, and the row of the data where it has none."""

import ast
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import autograd.numpy as anp
import numpy as np
from autograd import grad

from gd_engine.arrays import FloatArray
from gd_engine.formula.compiler import parse_parts

Evaluate = Callable[[Any, Any], Any]


class Undefined(NamedTuple):
    """The innermost part of a formula without a finite value, or gradient if `of_gradient`, and the row's features."""

    part: str
    row: int
    values: dict[str, float]
    of_gradient: bool

    @property
    def sentence(self) -> str:
        """The fault in words, without a full stop."""
        where = ", ".join(f"{name} = {value:.6g}" for name, value in self.values.items())
        what = "The gradient of the formula" if self.of_gradient else "The formula"
        return f"{what} is not a finite number at θ₀ in row {self.row} ({where}): {self.part}"


def undefined_part(text: str, features: Sequence[str], theta: FloatArray, x: FloatArray) -> Undefined | None:
    """The first row of x, shape (n, d), where the formula or its gradient is not finite at θ; None without one."""
    parts = parse_parts(text, features)
    with np.errstate(all="ignore"):
        for of_gradient in (False, True):
            row = _first_row(parts[-1].evaluate, theta, x, of_gradient=of_gradient)
            if row is not None:
                break
        else:
            return None
        one = x[row : row + 1]
        faulty = (part for part in parts if not _is_finite(part.evaluate, theta, one, of_gradient=of_gradient))
        part = next(faulty, None)
    if part is None:  # only the sum over the rows is not finite
        return None
    used = {node.id for node in ast.walk(part.node) if isinstance(node, ast.Name)}
    values = {name: float(one[0, j]) for j, name in enumerate(features) if name in used}
    return Undefined(part.text, row, values or {features[0]: float(one[0, 0])}, of_gradient)


def _first_row(evaluate: Evaluate, theta: FloatArray, x: FloatArray, *, of_gradient: bool) -> int | None:
    """The first row where the value or the gradient is not finite, by bisection."""
    if _is_finite(evaluate, theta, x, of_gradient=of_gradient):
        return None
    low, high = 0, len(x)
    while high - low > 1:
        middle = (low + high) // 2
        if _is_finite(evaluate, theta, x[low:middle], of_gradient=of_gradient):
            low = middle
        else:
            high = middle
    return low


def _is_finite(evaluate: Evaluate, theta: FloatArray, x: FloatArray, *, of_gradient: bool) -> bool:
    if not of_gradient:
        return bool(np.isfinite(evaluate(theta, x)).all())

    def total(t: Any) -> Any:
        return anp.sum(evaluate(t, x) * np.ones(len(x))) + 0.0 * anp.sum(t)  # a part may not depend on θ

    return bool(np.isfinite(grad(total)(theta)).all())
