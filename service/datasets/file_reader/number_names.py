"""Names of columns that are numbers: years, as in 1990, 1991, and positions, as in 0, 1, 2, which pandas writes."""

import itertools
import re
from collections.abc import Sequence

_YEAR = re.compile(r"\s*(?:1[5-9]|2[01])[0-9]{2}\s*")
_INTEGER = re.compile(r"\s*[0-9]+\s*")
_USUAL_STEPS = {1, 2, 5, 10}
"""The distances of two years that are names: 1500 and 1800 may be any numbers."""


def are_names(numbers: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Whether the numbers of a first record are names. `below` has the first cells of each column below a number."""
    return _are_years(numbers, below) or _are_positions(numbers, below)


def _are_years(numbers: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Years in order above columns that have others."""
    if len(numbers) < 2 or not all(map(_YEAR.fullmatch, numbers)) or any(map(_has_mostly_years, below)):
        return False
    years = [int(number) for number in numbers]
    steps = [after - before for before, after in itertools.pairwise(years)]
    if len(years) == 2:
        return abs(steps[0]) in _USUAL_STEPS
    is_regular = len(set(steps)) == 1 and steps[0] != 0
    is_ordered = all(step > 0 for step in steps) or all(step < 0 for step in steps)
    return is_regular or (is_ordered and min(years) >= 1900 and max(years) <= 2100)


def _has_mostly_years(cells: Sequence[str]) -> bool:
    filled = [cell for cell in cells if cell.strip()]
    return 2 * sum(_YEAR.fullmatch(cell) is not None for cell in filled) > len(filled)


def _are_positions(numbers: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Three numbers or more from 0 on, above other things than whole numbers."""
    if len(numbers) < 3 or [number.strip() for number in numbers] != [str(j) for j in range(len(numbers))]:
        return False
    return any(cell.strip() and not _INTEGER.fullmatch(cell) for cells in below for cell in cells)
