"""Value and derivatives of a formula, with numpy alone: each part has its value and its derivatives by θ."""

import ast
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

Dual = tuple[np.ndarray, np.ndarray]
"""A value, a number or of shape (n,), and its derivatives by θ, shape (p, 1) or (p, n)."""


class Scored(NamedTuple):
    """Scores, shape (n,) or (n, k) for k > 2 classes, and the function from the slope by the scores to that by θ."""

    score: np.ndarray
    pull: Callable[[np.ndarray], np.ndarray]


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
    known: dict[str, Dual] = {name: (theta[i], np.eye(len(theta))[:, [i]]) for i, name in enumerate(parameters)}
    none = np.zeros((len(theta), 1))
    known |= {"pi": (np.pi, none), "e": (np.e, none)} | {name: (value, none) for name, value in names.items()}

    def value_of(node: ast.expr) -> Dual:
        if isinstance(node, ast.Constant):
            return float(node.value), none
        if isinstance(node, ast.Name):
            return known[node.id]
        if isinstance(node, ast.UnaryOp):
            value, slope = value_of(node.operand)
            return (-value, -slope) if isinstance(node.op, ast.USub) else (value, slope)
        if isinstance(node, ast.BinOp):
            return of_operator(node.op, value_of(node.left), value_of(node.right))
        given = [value_of(each) for each in node.args]
        if node.func.id in ("maximum", "minimum"):
            return of_extreme(node.func.id, *given)
        function, derivative = FUNCTIONS[node.func.id]
        [(value, slope)] = given
        return function(value), derivative(value) * slope

    value, slope = value_of(ast.parse(text.strip(), mode="eval").body)
    return Scored(value, lambda by_score: (slope * by_score).sum(axis=1))


def of_operator(operator: ast.operator, left: Dual, right: Dual) -> Dual:
    """The value and the derivatives of a sum, a difference, a product, a quotient, or a power."""
    (a, da), (b, db) = left, right
    if isinstance(operator, ast.Add):
        return a + b, da + db
    if isinstance(operator, ast.Sub):
        return a - b, da - db
    if isinstance(operator, ast.Mult):
        return a * b, da * b + a * db
    if isinstance(operator, ast.Div):
        return a / b, da / b - a * db / b**2
    a, b = np.float64(a), np.float64(b)  # numbers of Python raise an error where numpy gives infinity
    power = a**b
    slope = da * (b * a ** np.where(b != 0, b - 1, 1.0)) if da.any() else da
    return power, slope + (db * (power * np.log(np.where(a != 0, a, 1.0))) if db.any() else db)


def of_extreme(name: str, left: Dual, right: Dual) -> Dual:
    """The greater or the lesser of two; equal ones have half of the derivative each."""
    (a, da), (b, db) = left, right
    value = np.maximum(a, b) if name == "maximum" else np.minimum(a, b)
    share = (np.equal(a, value) + 0.0) / (1.0 + np.equal(a, b))
    return value, da * share + db * (1.0 - share)
