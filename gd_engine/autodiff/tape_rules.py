"""Rewrite rules of `gd_engine.autodiff.tape`: cheaper numpy calls in place of autograd's."""

from collections.abc import Callable
from math import prod
from operator import getitem
from typing import Any

import numpy as np
from autograd.core import VSpace, sparse_add
from autograd.numpy import numpy_vjps
from autograd.util import func

from gd_engine.autodiff.primitives import piece, placed

Call = tuple[Callable[..., Any], tuple[Any, ...]]


def _first_adjoint(b: Any, g: Any, a_meta: Any, b_meta: Any) -> Call:
    """The gradient of dot(a, b) by a."""
    dimensions = (a_meta[1], b_meta[1])
    if dimensions == (2, 2):
        return _dot_with_transpose, (g, b)
    if dimensions == (2, 1):
        return _outer, (g, b)
    return numpy_vjps.dot_adjoint_0.fun, (b, g, a_meta, b_meta)


def _second_adjoint(a: Any, g: Any, a_meta: Any, b_meta: Any) -> Call:
    """The gradient of dot(a, b) by b."""
    dimensions = (a_meta[1], b_meta[1])
    if dimensions == (2, 2):
        return _transpose_dot, (a, g)
    if dimensions == (2, 1):
        return np.dot, (g, a)
    return numpy_vjps.dot_adjoint_1.fun, (a, g, a_meta, b_meta)


def _outer(g: Any, b: Any) -> Any:
    # BLAS takes a third of the time of a broadcast product, which starts a new loop at each row.
    return np.dot(g[:, None], b[None, :])


def _dot_with_transpose(g: Any, b: Any) -> Any:
    return np.dot(g, b.T)


def _transpose_dot(a: Any, g: Any) -> Any:
    return np.dot(a.T, g)


def _added(space: Any, before: Any, new: Any) -> Call:
    if before is None:
        return np.copy, (new,)
    both = _parts(before), _parts(new)
    # A gradient of another form has no parts; it must not get lost beside one whose parts cover θ.
    parts = sorted([*both[0], *both[1]], key=lambda part: part[0].start) if all(both) else []
    ends = [0, *(place.stop for place, _ in parts)]
    if parts and ends[-1] == np.size(new.value) and all(place.start == end for (place, _), end in zip(parts, ends)):  # noqa: B905
        return _joined, tuple(values for _, values in parts)
    return np.add, (before, new)


def _parts(call: Any) -> list[tuple[slice, Any]]:
    """The pieces of a gradient with respect to θ, each with its slice; none if the gradient has another form."""
    function = getattr(call, "function", None)
    if function is placed.fun:
        values, first, _ = call.arguments
        return [(slice(first, first + np.size(values.value)), values)]
    if function in ADDITIONS and call.arguments[1] is not None:
        before, new = (_parts(part) for part in call.arguments[1:])
        return before + new if before and new else []
    return []


def _joined(*values: Any) -> Any:
    return np.concatenate(values, axis=None)


def _piece(theta: Any, first: int, shape: tuple[int, ...]) -> Call:
    if not shape:
        return getitem, (theta, first)
    place = (slice(first, first + prod(shape)),)
    return (getitem, (theta, place)) if len(shape) == 1 else (_matrix, (theta, place, shape))


def _matrix(theta: Any, place: tuple[slice, ...], shape: tuple[int, ...]) -> Any:
    return theta[place].reshape(shape)


def _sparse_added(space: Any, before: Any, new: Any) -> Call:
    return _with_sparse, (space, before, new)


def _with_sparse(space: Any, before: Any, new: Any) -> Any:
    return new.mut_add(space.zeros() if before is None else before.copy())


def _summed(x: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: bool = False) -> Call:
    """The sum of products of two vectors as a dot product: one call instead of two, without a temporary vector."""
    function = getattr(x, "function", None)
    factors: Any = getattr(x, "arguments", ())
    if axis in (None, 0) and not keepdims and x.value.ndim == 1:
        if function is np.square:
            return np.dot, (factors[0], factors[0])
        if function is np.multiply and all(np.shape(getattr(f, "value", f)) == x.value.shape for f in factors):
            return np.dot, tuple(factors)
    return np.add.reduce, (x, axis, dtype, out, keepdims)


# autograd adds gradients in place; a replayed step must not change the result of another.
REPLACEMENTS: dict[Any, Callable[..., Call]] = {
    numpy_vjps.dot_adjoint_0.fun: _first_adjoint,
    numpy_vjps.dot_adjoint_1.fun: _second_adjoint,
    func(VSpace.add).fun: _added,
    func(VSpace.mut_add).fun: _added,
    sparse_add.fun: _sparse_added,
    np.sum: _summed,
    piece.fun: _piece,
}
ADDITIONS = {func(VSpace.add).fun, func(VSpace.mut_add).fun}


MUTATING = {func(VSpace.mut_add).fun, sparse_add.fun}
"""Calls that change their second argument."""


def without_uniform_arrays(function: Any, operands: tuple[Any, ...], value: Any) -> tuple[tuple[Any, ...], bool]:
    """A product's operands, with a number in place of a constant array; and whether the first operand is the product.

    autograd multiplies the gradient of a sum by an array of ones.
    """
    if function is not np.multiply or len(operands) != 2:
        return operands, False
    for constant, other in (operands, operands[::-1]):
        factor = getattr(other, "value", other)
        alike = np.shape(factor) == np.shape(value) and np.result_type(factor) == np.result_type(value)
        if alike and isinstance(constant, np.ndarray | float) and _uniform(np.ravel(constant)):
            number = float(np.ravel(constant)[0])
            return ((other,), True) if number == 1.0 else ((other, number), False)
    return operands, False


def _uniform(numbers: Any) -> bool:
    """Whether all numbers are equal; -0.0 differs from 0.0."""
    return bool(numbers.size and (numbers == numbers[0]).all() and np.ptp(np.signbit(numbers).astype(int)) == 0)
