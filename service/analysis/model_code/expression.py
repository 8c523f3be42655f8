"""Expressions over θ, features and variables: what a model computes, in no language yet."""

from typing import NamedTuple


class Theta(NamedTuple):
    """A parameter, by its place in θ."""

    place: int


class Feature(NamedTuple):
    """A feature, by its place in the run's features."""

    place: int


class Variable(NamedTuple):
    """The value of an earlier assignment."""

    place: int


class Number(NamedTuple):
    """A number, which may be infinite, or NaN."""

    value: float


class Operation(NamedTuple):
    """Two values and one of the signs + - * / and ** between them."""

    sign: str
    left: "Expression"
    right: "Expression"


class Sum(NamedTuple):
    """The sum of several terms."""

    terms: tuple["Expression", ...]


class Call(NamedTuple):
    """A function of one or two values: one of a formula, `relu`, or `negative`."""

    name: str
    arguments: tuple["Expression", ...]


Expression = Theta | Feature | Variable | Number | Operation | Sum | Call
