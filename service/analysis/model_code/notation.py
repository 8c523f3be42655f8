"""Text of an expression in a notation: Python, C, or cells of a spreadsheet."""

from collections.abc import Callable, Mapping
from math import isinf, isnan
from typing import NamedTuple

from service.analysis.model_code.expression import Call, Expression, Feature, Number, Operation, Sum, Theta, Variable

PRECEDENCE = {"+": 1, "-": 1, "*": 2, "/": 2, "**": 3}
VALUE = 4
"""The precedence of what needs no brackets."""


class Notation(NamedTuple):
    """How a language writes the parts of an expression. `calls` are templates of functions, `power` is that of a power,
    where ** has none.
    """

    theta: Callable[[int], str]
    feature: Callable[[int], str]
    variable: Callable[[int], str]
    calls: Mapping[str, str]
    power: str | None = None
    number: Callable[[float], str] = repr
    infinity: str = "np.inf"
    nan: str = "np.nan"


def written(value: Expression, notation: Notation) -> str:
    """The expression as text, with the brackets that it needs."""
    match value:
        case Sum((first, *others)):
            return " + ".join([written(first, notation), *(_within(other, notation, 2) for other in others)])
        case Operation("**", base, power) if notation.power is not None:
            return notation.power.format(written(base, notation), written(power, notation))
        case Operation(sign, left, right):
            own = PRECEDENCE[sign]
            left_own = own + 1 if sign == "**" else own  # a power of a power has brackets
            sides = _within(left, notation, left_own), _within(right, notation, own + 1)
            return f" {sign} ".join(sides) if own == 1 else sign.join(sides)
        case Call("negative", (argument,)):
            return f"(-{_within(argument, notation, 2)})"
        case Call(name, arguments):
            return notation.calls[name].format(*(written(each, notation) for each in arguments))
        case Theta() | Feature() | Variable() | Number():
            return _leaf(value, notation)
    raise AssertionError(value)


def _leaf(value: Theta | Feature | Variable | Number, notation: Notation) -> str:
    match value:
        case Theta(place):
            return notation.theta(place)
        case Feature(place):
            return notation.feature(place)
        case Variable(place):
            return notation.variable(place)
    return _number(value.value, notation)


def _number(value: float, notation: Notation) -> str:
    """A number; negative ones have brackets."""
    if isnan(value):
        return notation.nan
    text = notation.infinity if isinf(value) else notation.number(abs(value))
    return text if value >= 0.0 else f"(-{text})"


def _within(value: Expression, notation: Notation, least: int) -> str:
    """The text of a part; in brackets if its precedence is lower than `least`."""
    text = written(value, notation)
    return text if _precedence(value, notation) >= least else f"({text})"


def _precedence(value: Expression, notation: Notation) -> int:
    match value:
        case Sum(terms) if len(terms) > 1:
            return 1
        case Operation(sign) if not (sign == "**" and notation.power):
            return PRECEDENCE[sign]
    return VALUE
