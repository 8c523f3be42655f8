"""Recorded programs for many θ at once, with the same bits as a program for each θ alone.

One call computes an elementwise function for all θ, which on small data costs little more than for one. Every other
function (a product, a sum) takes a call for each θ, since its rounding may depend on shapes and memory layout.
"""

from collections.abc import Callable, Sequence
from itertools import repeat
from operator import getitem
from typing import Any

import numpy as np

from gd_engine.autodiff import primitives
from gd_engine.autodiff.tape import Program, Slot, Step, recorded, written

_OWN = (primitives.sigmoid, primitives.softplus, primitives.tanh, primitives.through_tanh, primitives.relu)
EXACT = {
    *(np.add, np.subtract, np.multiply, np.true_divide, np.negative, np.square, np.sqrt, np.absolute, np.sign),
    *(np.maximum, np.minimum, np.greater, np.greater_equal, np.less, np.less_equal, np.equal),
}
"""Functions that are exact or correctly rounded (IEEE 754), whatever the broadcasting of their operands."""
ELEMENTWISE = {
    *(np.exp, np.expm1, np.log, np.log1p, np.log10, np.tanh, np.sin, np.cos, *(primitive.fun for primitive in _OWN)),
    primitives.cross_entropy.fun,
}
"""Functions whose result does not depend on an element's place in an array; a single element may use other code."""


def record_batched(function: Callable[..., Sequence[Any]], theta: Any, *others: Any) -> Program:
    """The program of `function` for θ of shape (k, p) instead of (p,): each result gains a first axis of length k.

    All θ share `others`. Raises NotImplementedError where `record` does, for a result that does not depend on θ, and
    for an array with gaps in memory, whose layout a batch cannot keep.
    """
    straight = recorded(function, theta, *others)
    many = {Slot(0)}
    steps = []
    for step in straight.steps:
        of_many = tuple(isinstance(operand, Slot) and operand in many for operand in step.operands)
        if any(of_many):
            many.add(step.slot)
        steps.append(_widened(step, of_many) if any(of_many) else step)
    if not all(isinstance(result, Slot) and result in many for result in straight.results):
        raise NotImplementedError("A result that is the same for every θ.")
    program = written(straight._replace(steps=steps))
    program(theta[None], *others)  # raises NotImplementedError for gaps in memory
    return program


def _widened(step: Step, of_many: tuple[bool, ...]) -> Step:
    if step.function is getitem:
        theta, place = step.operands
        places = (slice(None), *(place if isinstance(place, tuple) else (place,)))
        return step._replace(function=_pieces, operands=(theta, places))
    if step.function is np.transpose and not any(step.operands[1:]) and not step.keywords:
        return step._replace(function=_transposed)
    widen = _at_once if step.function in EXACT | ELEMENTWISE and not step.keywords else _one_by_one
    return step._replace(function=widen(step.function, of_many))


def _pieces(thetas: Any, places: tuple[Any, ...]) -> Any:
    return np.ascontiguousarray(thetas[places])


def _transposed(matrices: Any, *_: None) -> Any:
    return matrices.transpose(0, *range(matrices.ndim - 1, 0, -1))


def _at_once(function: Callable[..., Any], of_many: tuple[bool, ...]) -> Callable[..., Any]:
    one_by_one = _one_by_one(function, of_many)
    exact = function in EXACT

    def call(*operands: Any) -> Any:
        stand_alone = all(
            np.size(operand) == len(operand) for operand, many in zip(operands, of_many, strict=True) if many
        )
        in_rows = all(np.asarray(operand).flags.c_contiguous for operand in operands)
        if not in_rows or (stand_alone and not exact):
            return one_by_one(*operands)
        axes = [np.ndim(operand) - many for operand, many in zip(operands, of_many, strict=True)]
        most = max(axes)
        return function(*(_stretched(*each, most) for each in zip(operands, of_many, axes, strict=True)))

    return call


def _stretched(operand: Any, of_many: bool, axes: int, most: int) -> Any:
    """An operand with new axes after its first, so that the others match the last of `most` axes."""
    if not of_many or axes == most:
        return operand
    return operand.reshape(len(operand), *(1,) * (most - axes), *operand.shape[1:])


def _one_by_one(function: Callable[..., Any], of_many: tuple[bool, ...]) -> Callable[..., Any]:
    def call(*operands: Any, **keywords: Any) -> Any:
        count = next(len(operand) for operand, many in zip(operands, of_many, strict=True) if many)
        of_each = [operand if many else repeat(operand, count) for operand, many in zip(operands, of_many, strict=True)]
        return _stacked([function(*own, **keywords) for own in zip(*of_each, strict=True)])

    return call


def _stacked(results: list[Any]) -> Any:
    """The results as one array that keeps the memory layout of each."""
    flags = np.asarray(results[0]).flags
    if flags.c_contiguous:
        return np.array(results)
    if flags.f_contiguous:
        return _transposed(np.array([result.T for result in results]))
    raise NotImplementedError("An array with gaps in memory.")
