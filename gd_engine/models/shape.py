"""The shape of a model: the number and the names of its parameters, computed from sizes before the model is built.

A polynomial of degree 3 in 36 features has 9,138 columns: its matrix of exponents takes 20 ms, its shape microseconds.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from itertools import pairwise
from math import comb

from gd_engine.formula.compiler import parse, parse_function
from gd_engine.models.base import INTERCEPT, Task
from gd_engine.models.linear import column_names, polynomial_names, softmax_names
from gd_engine.models.mlp import layer_names


@dataclass(frozen=True, eq=False)
class Shape:
    """The sizes of a model, with the fields of the same names of `Model`.

    `size` is the number of parameters, `characters` the length of their names together, `degree` the greatest power
    of the features in a column. `distinct` states that no two parameters can have the same name. `names` builds them.
    """

    kind: str
    task: Task
    intercept: bool
    linear: bool
    degree: int
    size: int
    characters: int
    distinct: bool
    names: Callable[[], Sequence[str]]

    @cached_property
    def parameters(self) -> Sequence[str]:
        """The names of the parameters, built at the first access."""
        return self.names()

    @cached_property
    def parameter_set(self) -> frozenset[str]:
        """The names of the parameters, for comparisons."""
        return frozenset(self.parameters)


def _linear(
    features: Sequence[str], *, kind: str = "linear", task: Task = "regression", intercept: bool = True
) -> Shape:
    return Shape(
        kind=kind,
        task=task,
        intercept=intercept,
        linear=True,
        degree=1,
        size=len(features) + intercept,
        characters=_characters(features, intercept),
        distinct=not (intercept and INTERCEPT in features),
        names=partial(column_names, features, intercept),
    )


def _polynomial(features: Sequence[str], *, degree: int = 2, intercept: bool = True) -> Shape:
    """A feature has the exponent k in as many monomials as the others have with total degree ≤ `degree` − k."""
    d = len(features)
    monomials = comb(d + degree, degree) - 1
    having = {k: comb(d - 1 + degree - k, degree - k) for k in range(1, degree + 1)}
    factors = sum(having.values())
    exponents = sum(times * (1 + len(str(k))) for k, times in having.items() if k > 1)
    signs = d * factors - monomials
    return Shape(
        kind="polynomial",
        task="regression",
        intercept=intercept,
        linear=True,
        degree=degree,
        size=monomials + intercept,
        characters=_characters((), intercept) + sum(map(len, features)) * factors + d * exponents + signs,
        distinct=not (intercept and INTERCEPT in features) and not any({*"*^"} & {*name} for name in features),
        names=partial(polynomial_names, features, degree, intercept),
    )


def _softmax(features: Sequence[str], *, classes: Sequence[str], intercept: bool = True) -> Shape:
    columns = len(features) + intercept
    brackets = sum(len(name) + 2 for name in classes)
    return Shape(
        kind="softmax",
        task="classification",
        intercept=intercept,
        linear=False,
        degree=1,
        size=columns * len(classes),
        characters=len(classes) * _characters(features, intercept) + columns * brackets,
        distinct=not (intercept and INTERCEPT in features) and not any("[" in name for name in features),
        names=partial(softmax_names, features, classes, intercept),
    )


def _mlp(
    features: Sequence[str],
    *,
    hidden: Sequence[int] = (8,),
    activation: str = "tanh",  # noqa: ARG001 - an option of the model without a size
    task: Task = "regression",
    classes: Sequence[str] = (),
) -> Shape:
    layers = list(pairwise([len(features), *hidden, len(classes) if len(classes) > 2 else 1]))
    characters = 0
    for layer, (fan_in, fan_out) in enumerate(layers, start=1):
        sources = sum(map(len, features)) if layer == 1 else _digits(fan_in)
        frame = 1 + len(str(layer))  # b1 and w1
        characters += fan_out * (frame + 2) + _digits(fan_out)
        characters += fan_in * fan_out * (frame + 3) + fan_out * sources + fan_in * _digits(fan_out)
    return Shape(
        kind="mlp",
        task=task,
        intercept=True,
        linear=False,
        degree=1,
        size=sum((fan_in + 1) * fan_out for fan_in, fan_out in layers),
        characters=characters,
        distinct=True,
        names=partial(layer_names, features, layers),
    )


def _formula(features: Sequence[str], *, formula: str) -> Shape:
    """Raises FormulaError."""
    return _of_parameters("formula", "regression", parse(formula, features).parameters)


def function_shape(formula: str) -> Shape:
    """The shape of a function E(θ) without data. Raises FormulaError."""
    return _of_parameters("function", "function", parse_function(formula).parameters)


def _of_parameters(kind: str, task: Task, parameters: tuple[str, ...]) -> Shape:
    return Shape(
        kind=kind,
        task=task,
        intercept=False,
        linear=False,
        degree=1,
        size=len(parameters),
        characters=sum(map(len, parameters)),
        distinct=True,
        names=partial(tuple, parameters),
    )


def _characters(names: Sequence[str], intercept: bool) -> int:
    return sum(map(len, names)) + intercept * len(INTERCEPT)


@lru_cache(maxsize=1024)
def _digits(last: int) -> int:
    """The number of digits of 1, 2, …, `last` together."""
    return sum(last - 10**power + 1 for power in range(len(str(last))))


SHAPES: dict[str, Callable[..., Shape]] = {
    "linear": _linear,
    "polynomial": _polynomial,
    "logistic": partial(_linear, kind="logistic", task="classification"),
    "softmax": _softmax,
    "mlp": _mlp,
    "formula": _formula,
}
"""The shape of each model, with the options of `MODELS`."""
