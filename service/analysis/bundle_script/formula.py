"""Value and derivatives of a formula, with numpy alone: each part has its value and its derivatives by θ."""

import ast
from collections.abc import Callable
from typing import NamedTuple

import numpy as np


class Dual(NamedTuple):
    """A part of a formula. Its rounding is a share of the sizes, which no cancellation makes smaller."""

    value: np.ndarray
    """A number, or of shape (n,)."""
    slope: np.ndarray
    """Its derivatives by θ, shape (p, 1) or (p, n)."""
    size: np.ndarray
    slope_size: np.ndarray


class Scored(NamedTuple):
    """Scores, shape (n,) or (n, k) for k > 2 classes, and the function from the slope by the scores to that by θ.

    `size` is that of the numbers whose sum a score is, `slope_size` maps the size of a slope likewise.
    """

    score: np.ndarray
    pullback: Callable[[np.ndarray], np.ndarray]
    size: np.ndarray
    slope_size: Callable[[np.ndarray], np.ndarray]


FUNCTIONS = {
    "exp": (np.exp, np.exp),
    "expm1": (np.expm1, np.exp),
    "log": (np.log, lambda v: 1 / v),
    "log10": (np.log10, lambda v: 1 / (v * np.log(10.0))),
    "log1p": (np.log1p, lambda v: 1 / (1 + v)),
    "sqrt": (np.sqrt, lambda v: 0.5 / np.sqrt(v)),
    "abs": (np.abs, np.sign),
    "sin": (np.sin, np.cos),
    "cos": (np.cos, lambda v: -np.sin(v)),
    "tan": (np.tan, lambda v: 1 / np.cos(v) ** 2),
    "arcsin": (np.arcsin, lambda v: 1 / np.sqrt(1 - v * v)),
    "arccos": (np.arccos, lambda v: -1 / np.sqrt(1 - v * v)),
    "arctan": (np.arctan, lambda v: 1 / (1 + v * v)),
    "sinh": (np.sinh, np.cosh),
    "cosh": (np.cosh, np.sinh),
    "tanh": (np.tanh, lambda v: 1 - np.tanh(v) ** 2),
    "sigmoid": (lambda v: 0.5 * (1 + np.tanh(0.5 * v)), lambda v: 0.25 * (1 - np.tanh(0.5 * v) ** 2)),
    "softplus": (lambda v: np.logaddexp(0.0, v), lambda v: 0.5 * (1 + np.tanh(0.5 * v))),
}
"""The functions of a formula, and their derivatives."""
FUNCTIONS |= {"asin": FUNCTIONS["arcsin"], "acos": FUNCTIONS["arccos"], "atan": FUNCTIONS["arctan"]}


def evaluate(theta: np.ndarray, names: dict[str, np.ndarray], parameters: list[str], text: str) -> Scored:
    """The value of a formula and its derivatives, part by part; `names` are the features."""
    none = np.zeros((len(theta), 1))
    known = {name: Dual(value, none, np.abs(value), none) for name, value in ({"pi": np.pi, "e": np.e} | names).items()}
    for i, name in enumerate(parameters):
        unit = np.eye(len(theta))[:, [i]]
        known[name] = Dual(theta[i], unit, np.abs(theta[i]), unit)

    def part(node: ast.expr) -> Dual:
        if isinstance(node, ast.Constant):
            number = np.float64(node.value)  # a number of Python raises an error where numpy gives infinity
            return Dual(number, none, np.abs(number), none)
        if isinstance(node, ast.Name):
            return known[node.id]
        if isinstance(node, ast.UnaryOp):
            found = part(node.operand)
            return found._replace(value=-found.value, slope=-found.slope) if isinstance(node.op, ast.USub) else found
        if isinstance(node, ast.BinOp):
            return of_operator(node.op, part(node.left), part(node.right))
        given = [part(each) for each in node.args]
        return of_extreme(node.func.id, *given) if len(given) == 2 else of_function(node.func.id, *given)

    whole = part(ast.parse(text.strip(), mode="eval").body)
    return Scored(
        whole.value,
        lambda by_score: (whole.slope * by_score).sum(axis=1),
        whole.size,
        lambda by_score: (whole.slope_size * by_score).sum(axis=1),
    )


def times(slope: np.ndarray, factor: np.ndarray) -> np.ndarray:
    """The product; 0 where the slope is, though the factor be infinite: what does not depend on θ has no derivative."""
    return np.where(slope == 0.0, 0.0, slope * factor)


def finite(size: np.ndarray) -> np.ndarray:
    """The size, where it is finite: rounding says nothing about a number whose derivative is infinite."""
    return np.where(np.isfinite(size), size, 0.0)


def of_function(name: str, given: Dual) -> Dual:
    """The value and the derivatives of a function."""
    function, derivative = FUNCTIONS[name]
    value, steepness = function(given.value), derivative(given.value)
    size = np.abs(value) + finite(np.abs(steepness) * given.size)
    return Dual(value, times(given.slope, steepness), size, times(given.slope_size, np.abs(steepness)))


def of_operator(operator: ast.operator, a: Dual, b: Dual) -> Dual:
    """The value and the derivatives of a sum, a difference, a product, a quotient, or a power."""
    if isinstance(operator, ast.Add | ast.Sub):
        sign = 1.0 if isinstance(operator, ast.Add) else -1.0
        size, slope_size = a.size + b.size, a.slope_size + b.slope_size
        return Dual(a.value + sign * b.value, a.slope + sign * b.slope, size, slope_size)
    if isinstance(operator, ast.Mult):
        slope = times(a.slope, b.value) + times(b.slope, a.value)
        slope_size = times(a.slope_size, b.size) + times(b.slope_size, a.size)
        return Dual(a.value * b.value, slope, a.size * b.size, slope_size)
    if isinstance(operator, ast.Div):
        by = np.abs(b.value)
        slope = times(a.slope, 1.0 / b.value) - times(b.slope, a.value / b.value**2)
        slope_size = times(a.slope_size, 1.0 / by) + times(b.slope_size, a.size / by**2)
        return Dual(a.value / b.value, slope, finite(a.size * b.size / by**2), slope_size)
    return of_power(a, b)


def of_power(a: Dual, b: Dual) -> Dual:
    """The value and the derivatives of a power; a square is a product, exactly."""
    value = a.value * a.value if np.ndim(b.value) == 0 and b.value == 2 else a.value**b.value
    by_base = b.value * a.value ** np.where(b.value != 0, b.value - 1, 1.0) if a.slope.any() else 0.0
    by_power = value * np.log(np.where(a.value != 0, a.value, 1.0)) if b.slope.any() else 0.0
    slope = times(a.slope, by_base) + times(b.slope, by_power)
    size = np.abs(value) + finite(np.abs(by_base) * a.size) + finite(np.abs(by_power) * b.size)
    slope_size = times(a.slope_size, np.abs(by_base)) + times(b.slope_size, np.abs(by_power))
    return Dual(value, slope, size, slope_size)


def of_extreme(name: str, a: Dual, b: Dual) -> Dual:
    """The greater or the lesser of two; equal ones have half of the derivative each."""
    value = np.maximum(a.value, b.value) if name == "maximum" else np.minimum(a.value, b.value)
    share = (np.equal(a.value, value) + 0.0) / (1.0 + np.equal(a.value, b.value))
    slope = times(a.slope, share) + times(b.slope, 1.0 - share)
    return Dual(value, slope, np.maximum(a.size, b.size), np.maximum(a.slope_size, b.slope_size))
