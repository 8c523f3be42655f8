"""The members of a sweep: what each of them changes in the request, and where in the body that stands."""

import math
from collections.abc import Iterator
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from service.core.json_patch import Patch, patch_of, pointers_of
from service.core.json_pointer import pointer_of
from service.schemas.sweep import Range, SweepRequest


class Member(NamedTuple):
    """A member before it is a run. `places` says for what it changes, a JSON pointer, where in the body that stands."""

    patch: Patch
    places: dict[str, str]


def count(sweep: SweepRequest) -> int:
    """How many members there are, found out without making them."""
    return (
        math.prod(_length(values) for values in (sweep.grid or {}).values()) if sweep.grid else len(sweep.patches or ())
    )


def varied(sweep: SweepRequest) -> list[str]:
    """What members differ in: JSON pointers into the request, each once, in the order of the body."""
    if sweep.grid:
        return list(sweep.grid)
    return list(dict.fromkeys(pointer for patch in sweep.patches or () for pointer in pointers_of(patch)))


def members(sweep: SweepRequest) -> Iterator[Member]:
    """One after the other; of a grid the last pointer's values change soonest."""
    if not sweep.grid:
        for number, patch in enumerate(sweep.patches or ()):
            yield Member(patch, {pointer: f"/list/{number}{pointer}" for pointer in pointers_of(patch)})
        return
    ways = [_values(pointer, values) for pointer, values in sweep.grid.items()]
    for chosen in product(*ways):
        values = {pointer: value for pointer, (_, value) in zip(sweep.grid, chosen, strict=True)}
        places = {pointer: place for pointer, (place, _) in zip(sweep.grid, chosen, strict=True)}
        yield Member(patch_of(values), places)


def _length(values: list[Any] | Range) -> int:
    return values.count if isinstance(values, Range) else len(values)


def _values(pointer: str, values: list[Any] | Range) -> list[tuple[str, object]]:
    """Each value with its place in the body."""
    place = pointer_of(["grid", pointer])
    if isinstance(values, Range):
        return [(place, value) for value in _spread(values)]
    return [(f"{place}/{number}", value) for number, value in enumerate(values)]


def _spread(values: Range) -> list[int] | list[float]:
    if values.scale == "log":
        return _ended(np.geomspace(values.first, values.last, values.count), values)
    spread = _ended(np.linspace(values.first, values.last, values.count), values)
    whole = all(value.is_integer() for value in spread)
    return [int(value) for value in spread] if whole else spread


def _ended(spread: Any, values: Range) -> list[float]:
    """With the ends as they were given, whatever rounding made of them."""
    return [values.first, *spread[1:-1].tolist(), values.last]
