"""Members of a sweep: the patch of each member, and the source of its values in the sweep's body."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from service.core.json_patch import Patch, patch_of, pointers_of
from service.core.json_pointer import pointer_of
from service.schemas.sweep import Range, SweepRequest


class Member(NamedTuple):
    """A member before its submission. `sources()` maps each changed JSON pointer to the value's pointer in the body."""

    patch: Patch
    sources: Callable[[], dict[str, str]]


def count(sweep: SweepRequest) -> int:
    """Number of members, computed without creating them."""
    return (
        math.prod(_length(values) for values in (sweep.grid or {}).values()) if sweep.grid else len(sweep.patches or ())
    )


def varied(sweep: SweepRequest) -> list[str]:
    """Distinct JSON pointers to the varied fields of the request, in the order of the body."""
    if sweep.grid:
        return list(sweep.grid)
    return list(dict.fromkeys(pointer for patch in sweep.patches or () for pointer in pointers_of(patch)))


def members(sweep: SweepRequest) -> Iterator[Member]:
    """Lazy iterator over the members. In a grid, the values of the last pointer vary fastest."""
    if not sweep.grid:
        for number, patch in enumerate(sweep.patches or ()):
            yield Member(patch, partial(_sources_in_list, patch, number))
        return
    axes = [_values(pointer, values) for pointer, values in sweep.grid.items()]
    for point in product(*axes):
        values = {pointer: value for pointer, (_, value) in zip(sweep.grid, point, strict=True)}
        yield Member(patch_of(values), partial(_sources_in_grid, sweep.grid, point))


def _sources_in_list(patch: Patch, number: int) -> dict[str, str]:
    return {pointer: f"/list/{number}{pointer}" for pointer in pointers_of(patch)}


def _sources_in_grid(pointers: Iterable[str], point: Sequence[tuple[str, object]]) -> dict[str, str]:
    return {pointer: source for pointer, (source, _) in zip(pointers, point, strict=True)}


def _length(values: list[Any] | Range) -> int:
    return values.count if isinstance(values, Range) else len(values)


def _values(pointer: str, values: list[Any] | Range) -> list[tuple[str, object]]:
    """Pairs of a value's pointer in the body and the value."""
    source = pointer_of(["grid", pointer])
    if isinstance(values, Range):
        return [(source, value) for value in _spread(values)]
    return [(f"{source}/{number}", value) for number, value in enumerate(values)]


def _spread(values: Range) -> list[int] | list[float]:
    if values.scale == "log":
        return _with_exact_ends(np.geomspace(values.first, values.last, values.count), values)
    spread = _with_exact_ends(np.linspace(values.first, values.last, values.count), values)
    whole = all(value.is_integer() for value in spread)
    return [int(value) for value in spread] if whole else spread


def _with_exact_ends(spread: Any, values: Range) -> list[float]:
    """The values with the requested ends in place of the rounded ends."""
    return [values.first, *spread[1:-1].tolist(), values.last]
