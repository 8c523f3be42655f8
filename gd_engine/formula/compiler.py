"""Compiler of a user's model f(θ, x), text such as `b1*(1 - exp(-b2*x))`, or of a function E(θ) without data, text such
as `(1 - a)**2 + 100*(b - a**2)**2`, to a function differentiable by autograd.

The compiler turns the text into a syntax tree and the tree into a closure over autograd.numpy. No text runs as Python:
evaluators of restricted Python had escapes (CVE-2025-24359, CVE-2026-32640, CVE-2023-39631). The allow-list of tree
nodes in `_build` is the safeguard; `gd_engine.formula.lexer` checks the text before it.

A name before a bracket is a function. Any other name is a feature, else the number `pi` or `e`, else a parameter, which
must not have a function's name.

Derivatives are autograd's: that of abs at 0 is 0, that of sqrt at 0 is ∞, and maximum and minimum of equal arguments
give half to each.
"""

import ast
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, NamedTuple

import autograd.numpy as anp
import numpy as np

from gd_engine.autodiff.primitives import piece, sigmoid, softplus, tanh
from gd_engine.formula.errors import TWINS, FormulaError, error, nearest
from gd_engine.formula.lexer import (
    MOST_CHARACTERS,
    MOST_COMPARED,
    MOST_DEPTH,
    MOST_LISTED,
    MOST_NAME,
    MOST_NODES,
    checked_names,
    no_feature,
)

__all__ = ["CONSTANTS", "FUNCTIONS", "TWO_ARGUMENTS", "Formula", "FormulaError", "Function", "parse", "parse_function"]
__all__ += [
    "MOST_CHARACTERS",
    "MOST_COMPARED",
    "MOST_DEPTH",
    "MOST_LISTED",
    "MOST_NAME",
    "MOST_NODES",
    "MOST_PARAMETERS",
]

MOST_PARAMETERS = 50
EXAMPLE = "(a - 1)**2 + b**2"
"""A function E(θ), for the hint of an error."""

CONSTANTS = {"pi": float(np.pi), "e": float(np.e)}
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "exp": anp.exp,
    "expm1": anp.expm1,
    "log": anp.log,
    "log10": anp.log10,
    "log1p": anp.log1p,
    "sqrt": anp.sqrt,
    "abs": anp.abs,
    "sin": anp.sin,
    "cos": anp.cos,
    "tan": anp.tan,
    "arcsin": anp.arcsin,
    "asin": anp.arcsin,
    "arccos": anp.arccos,
    "acos": anp.arccos,
    "arctan": anp.arctan,
    "atan": anp.arctan,
    "sinh": anp.sinh,
    "cosh": anp.cosh,
    "tanh": tanh,
    "sigmoid": sigmoid,
    "softplus": softplus,
    "maximum": anp.maximum,
    "minimum": anp.minimum,
}
TWO_ARGUMENTS = {"maximum", "minimum"}
ARGUMENTS = {name: 2 if name in TWO_ARGUMENTS else 1 for name in FUNCTIONS}
"""The number of arguments of each function."""
_OPERATORS: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: anp.add,
    ast.Sub: anp.subtract,
    ast.Mult: anp.multiply,
    ast.Div: anp.divide,
    ast.Pow: anp.power,
    ast.UAdd: lambda value: value,
    ast.USub: anp.negative,
}

# A number, or a function of the values of the formula's names.
_Part = float | Callable[[dict[str, Any]], Any]


class Formula(NamedTuple):
    """A model f(θ, x). `parameters` and `features` are the text's names in order of first appearance.

    `evaluate` maps θ, shape (p,), and x, shape (n, d), with a column for every feature given to `parse`, to
    predictions, shape (n,). autograd differentiates it and records the same graph for every θ. Overflows and NaN raise
    numpy's warnings.
    """

    parameters: tuple[str, ...]
    features: tuple[str, ...]
    evaluate: Callable[[Any, Any], Any]


class Part(NamedTuple):
    """A part of a formula: its text, its node, and its function of θ and x as that of `Formula`."""

    text: str
    node: ast.expr
    evaluate: Callable[[Any, Any], Any]


class Function(NamedTuple):
    """A function E(θ). `parameters` are the text's names in order of first appearance.

    `evaluate` maps θ, shape (p,), to a number, with the properties of `Formula.evaluate`.
    """

    parameters: tuple[str, ...]
    evaluate: Callable[[Any], Any]


def parse(text: str, features: Sequence[str]) -> Formula:
    """The formula of a text; x has a column for each of `features`. Raises FormulaError."""
    parameters, columns = _names(text, features)
    root = _closure(_build(_tree(text), {*columns, *parameters}))
    return Formula(tuple(parameters), tuple(columns), _of_names(root, parameters, columns))


def parse_parts(text: str, features: Sequence[str]) -> list[Part]:
    """The parts of a formula, each after the parts within it: the last one is the whole. Raises FormulaError."""
    parameters, columns = _names(text, features)
    found: list[Part] = []

    def visit(node: ast.expr) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr) and not (isinstance(node, ast.Call) and child is node.func):
                visit(child)
        root = _closure(_build(node, {*columns, *parameters}))
        found.append(Part(ast.unparse(node), node, _of_names(root, parameters, columns)))

    visit(_tree(text))
    return found


def _of_names(
    root: Callable[[dict[str, Any]], Any], parameters: Collection[str], columns: dict[str, int]
) -> Callable[[Any, Any], Any]:
    def evaluate(theta: Any, x: Any) -> Any:
        values = {name: piece(theta, i, ()) for i, name in enumerate(parameters)}
        values |= {name: x[:, j] for name, j in columns.items()}
        return root(values)

    return evaluate


def _names(text: str, features: Sequence[str]) -> tuple[list[str], dict[str, int]]:
    """The parameters in order, and the columns of x of the features. Raises FormulaError."""
    names = checked_names(text, features, ARGUMENTS)
    columns = {name: features.index(name) for name in names if name in features}
    parameters = _parameters(names, features)
    if not columns:
        raise no_feature(parameters, features)
    if not parameters:
        hint = f"A name that is no feature and no function, nor pi or e, is a parameter, as in b*{next(iter(columns))}."
        raise error("The formula has no parameter, so there is nothing to fit", 1, hint)
    return list(parameters), columns


def parse_function(text: str) -> Function:
    """The function E(θ) of a text, whose names except functions, `pi` and `e` are parameters. Raises FormulaError."""
    parameters = _parameters(checked_names(text, (), ARGUMENTS, example=f"a function, such as {EXAMPLE}"), ())
    if not parameters:
        hint = f"A name that is no function, nor pi or e, is a parameter, as in {EXAMPLE}."
        raise error("The formula has no parameter, so there is nothing to descend", 1, hint)
    root = _closure(_build(_tree(text), parameters))

    def evaluate(theta: Any) -> Any:
        return root({name: piece(theta, i, ()) for i, name in enumerate(parameters)})

    return Function(tuple(parameters), evaluate)


def _parameters(names: Mapping[str, int], features: Sequence[str]) -> dict[str, int]:
    """The parameters among the names of a formula, with their columns in the text. Raises FormulaError."""
    parameters = {name: at for name, at in names.items() if name not in features and name not in CONSTANTS}
    _check_parameters(parameters, features)
    return parameters


def _check_parameters(parameters: dict[str, int], features: Sequence[str]) -> None:
    """Raises FormulaError for too many parameters, and for one that looks like another name.

    `parameters` maps names to columns in the text.
    """
    if len(parameters) > MOST_PARAMETERS:
        column = [*parameters.values()][MOST_PARAMETERS]
        raise error(f"The formula has more than {MOST_PARAMETERS} parameters", column)
    seen = {name.translate(TWINS): name for name in [*features, *CONSTANTS, *FUNCTIONS]}
    for name, column in parameters.items():
        twin = seen.setdefault(name.translate(TWINS), name)
        if twin != name:
            raise error(f"The name {name} looks like {twin}, but has other letters", column, nearest(name, [twin]))


def _tree(text: str) -> ast.expr:
    try:
        return ast.parse(text.strip(), mode="eval").body
    # No known text raises these after the checks, but Python's parser changes with every release.
    except (SyntaxError, ValueError, RecursionError, MemoryError, SystemError) as cause:
        raise error("The formula cannot be read", 1, "Write it in a simpler way.") from cause


def _build(node: ast.AST, names: Collection[str]) -> _Part:
    """The closure of a syntax tree. `names` are features and parameters. Raises FormulaError for a forbidden node."""
    match node:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            return float(number)
        case ast.Name(id=name) if name in names:
            return lambda values: values[name]
        case ast.Name(id=name) if name in CONSTANTS:
            return CONSTANTS[name]
        case ast.BinOp(left=base, op=ast.Pow(), right=ast.Constant(value=2)):
            return _apply(anp.square, _build(base, names))  # exact and cheaper than a power
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            return _apply(_OPERATORS[type(op)], _build(left, names), _build(right, names))
        case ast.UnaryOp(op=op, operand=operand) if type(op) in _OPERATORS:
            return _apply(_OPERATORS[type(op)], _build(operand, names))
        # numpy would write its result to a surplus argument.
        case ast.Call(func=ast.Name(id=name), args=given, keywords=[]) if len(given) == ARGUMENTS.get(name):
            return _apply(FUNCTIONS[name], *[_build(argument, names) for argument in given])
    raise error(f"A {type(node).__name__} cannot stand in a formula", 1)


def _apply(function: Callable[..., Any], *parts: _Part) -> _Part:
    """The function applied to its parts; constant parts give a constant."""
    if all(isinstance(part, float) for part in parts):
        with np.errstate(all="ignore"):
            return float(function(*parts))
    first, last = _closure(parts[0]), _closure(parts[-1])
    # One frame of Python's stack for each level of the tree.
    if len(parts) == 1:
        return lambda values: function(first(values))
    return lambda values: function(first(values), last(values))


def _closure(part: _Part) -> Callable[[dict[str, Any]], Any]:
    return (lambda _: part) if isinstance(part, float) else part
