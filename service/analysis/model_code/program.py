"""A model f(θ, x) as assignments of single numbers, from which code in any language is written."""

import ast
from collections.abc import Sequence
from functools import partial, reduce
from typing import NamedTuple

import numpy as np

from gd_engine import CONSTANTS, FUNCTIONS, Model, Problem, Scaling, TargetScaling
from service.analysis.model_code.expression import Call, Expression, Feature, Number, Operation, Sum, Theta, Variable

MOST_TERMS = 100
"""The most terms of a sum in one assignment. A cell of a spreadsheet has at most 8,192 characters."""
SIGNS: dict[type[ast.operator], str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**"}
SYNONYMS = {"asin": "arcsin", "acos": "arccos", "atan": "arctan"}
OPERATORS = {"+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide, "**": np.power}
MOST_DEPTH = 20
REPEATED = {"expm1", "log1p", "softplus"}
"""The functions whose argument stands several times in a cell of a spreadsheet."""


class ExportedModel(NamedTuple):
    """A model to write: its program, its θ, and its names."""

    run_id: str
    step: int
    features: list[str]
    target: str
    classes: list[str] | list[int] | None
    parameters: list[str]
    theta: list[float]
    program: "Program"


class Program:
    """Assignments, each of which may use θ, the features and the earlier ones; the last ones are the outputs.

    The outputs are the prediction in the units of the data, or the probability of each class.
    """

    def __init__(self) -> None:
        self.assignments: list[Expression] = []
        self.outputs: list[Variable] = []

    def add(self, value: Expression) -> Variable:
        """Assigns the value to a new variable."""
        self.assignments.append(value)
        return Variable(len(self.assignments) - 1)

    def add_sum(self, terms: Sequence[Expression]) -> Variable:
        """Assigns the sum to a new variable. Many terms become partial sums first."""
        while len(terms) > MOST_TERMS:
            terms = [self.add(Sum(tuple(terms[i : i + MOST_TERMS]))) for i in range(0, len(terms), MOST_TERMS)]
        return self.add(Sum(tuple(terms)))


def program_of(problem: Problem, formula: str | None, features: Sequence[str]) -> Program:
    """The assignments that compute f(θ, x) from features in the units of the data; `formula` is the text of one."""
    program, model = Program(), problem.model
    given: list[Expression] = [Feature(j) for j in range(model.monomials.shape[1])]
    if problem.features is not None:
        given = _scaled(program, given, problem.features.scaling)
    columns = _scaled(program, [_monomial(row, given) for row in model.monomials.tolist()], problem.scaling)
    if formula is not None:
        names: dict[str, Expression] = {name: Number(value) for name, value in CONSTANTS.items()}
        names |= dict(zip(features, columns, strict=True))
        names |= {name: Theta(i) for i, name in enumerate(model.parameters)}
        scores = [_of_tree(program, ast.parse(formula.strip(), mode="eval").body, names)]
    elif model.kind == "mlp":
        scores = _perceptron(program, model, columns)
    else:
        scores = _linear(program, model, columns)
    program.outputs = _linked(program, model, scores, problem.target)
    return program


def _scaled(program: Program, columns: list[Expression], scaling: Scaling) -> list[Expression]:
    """The columns on the new scale, each a variable; those that keep their scale as they are."""
    found = list(columns)
    for j, (mean, scale) in enumerate(zip(scaling.mean.tolist(), scaling.scale.tolist(), strict=True)):
        if mean != 0.0:
            found[j] = Operation("-", found[j], Number(mean))
        if scale != 1.0:
            found[j] = Operation("/", found[j], Number(scale))
        if found[j] is not columns[j]:
            found[j] = program.add(found[j])
    return found


def _monomial(powers: list[int], features: list[Expression]) -> Expression:
    factors = [
        feature if power == 1 else Operation("**", feature, Number(float(power)))
        for power, feature in zip(powers, features, strict=True)
        if power
    ]
    return reduce(partial(Operation, "*"), factors)


def _linear(program: Program, model: Model, columns: list[Expression]) -> list[Expression]:
    """A score, or one for each class of a softmax regression: its weights lie side by side in θ."""
    design = [None, *columns] if model.intercept else columns
    return [
        program.add_sum([_weighted(Theta(i * model.width + k), column) for i, column in enumerate(design)])
        for k in range(model.width)
    ]


def _weighted(weight: Theta, column: Expression | None) -> Expression:
    """The product, or for the column of ones the weight."""
    return weight if column is None else Operation("*", weight, column)


def _perceptron(program: Program, model: Model, columns: list[Expression]) -> list[Expression]:
    """The scores of the last layer. θ has the biases of a layer, then its weights row by row."""
    values, at = columns, 0
    for fan_in, units in model.layers:
        sums = []
        for unit in range(units):
            weights = [Theta(at + (1 + i) * units + unit) for i in range(fan_in)]
            products = [_weighted(weight, value) for weight, value in zip(weights, values, strict=True)]
            sums.append(program.add_sum([Theta(at + unit), *products]))
        at += (fan_in + 1) * units
        is_last = at == model.size
        values = list(sums) if is_last else [program.add(Call(model.activation, (each,))) for each in sums]
    return values


def _linked(program: Program, model: Model, scores: list[Expression], target: TargetScaling) -> list[Variable]:
    """The outputs from the scores."""
    if model.task == "regression":
        found = scores[0]
        if target.scale != 1.0:
            found = Operation("*", Number(target.scale), found)
        if target.mean != 0.0:
            found = Operation("+", Number(target.mean), found)
        return [found if isinstance(found, Variable) else program.add(found)]
    if len(scores) <= 2:
        score = scores[0] if len(scores) == 1 else Operation("-", scores[1], scores[0])
        second = program.add(Call("sigmoid", (score,)))
        return [program.add(Operation("-", Number(1.0), second)), second]
    greatest = scores[0]
    for score in scores[1:]:  # no exponential overflows
        greatest = program.add(Call("maximum", (greatest, score)))
    powers = [program.add(Call("exp", (Operation("-", score, greatest),))) for score in scores]
    total = program.add_sum(powers)
    return [program.add(Operation("/", power, total)) for power in powers]


def _of_tree(program: Program, node: ast.expr, names: dict[str, Expression]) -> Expression:
    """The expression of a formula that was accepted; a deep part is a variable, as Python reads no 200 brackets."""
    found = _folded(_built(program, node, names))
    return program.add(found) if _depth(found) > MOST_DEPTH else found


def _built(program: Program, node: ast.expr, names: dict[str, Expression]) -> Expression:
    match node:
        case ast.Constant(value=int() | float() as number):
            return Number(float(number))
        case ast.Name(id=name):
            return names[name]
        case ast.UnaryOp(op=op, operand=operand):
            value = _of_tree(program, operand, names)
            return Call("negative", (value,)) if isinstance(op, ast.USub) else value
        case ast.BinOp(left=left, op=sign, right=right):
            return Operation(SIGNS[type(sign)], _of_tree(program, left, names), _of_tree(program, right, names))
        case ast.Call(func=ast.Name(id=name), args=given):
            values = [_of_tree(program, each, names) for each in given]
            values = [program.add(each) for each in values] if name in REPEATED else values
            return Call(SYNONYMS.get(name, name), tuple(values))
    raise AssertionError(ast.dump(node))


def _folded(value: Expression) -> Expression:
    """The expression; that of constants alone is a number, perhaps an infinite one, as the service computes it."""
    with np.errstate(all="ignore"):
        match value:
            case Call("negative", (Call("negative", (inner,)),)):
                return inner
            case Call("negative", (Number(number),)):
                return Number(-number)
            case Operation(sign, Number(left), Number(right)):
                return Number(float(OPERATORS[sign](np.float64(left), right)))
            case Call(name, (Number(number),)):
                return Number(float(FUNCTIONS[name](number)))
            case Call(name, (Number(left), Number(right))):
                return Number(float(FUNCTIONS[name](left, right)))
    return value


def _depth(value: Expression) -> int:
    """The levels of an expression."""
    match value:
        case Operation(_, left, right):
            return 1 + max(_depth(left), _depth(right))
        case Call(_, arguments):
            return 1 + max(map(_depth, arguments))
    return 0
