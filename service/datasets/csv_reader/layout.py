"""Which columns there are, and which of them is the target, a feature, or neither."""

import difflib
import itertools
from dataclasses import dataclass

from service.datasets.csv_reader.dialect import number
from service.datasets.csv_reader.errors import CsvError, bad_cell, cells_here, listed, no_features, shown
from service.datasets.csv_reader.records import Record, Records


@dataclass(frozen=True)
class Layout:
    """Which columns (0-based) are read as what. `first` is the first data record."""

    names: list[str]
    first: Record
    separator: str
    features: list[int]
    target: int
    labelled: bool
    """The target is text."""
    ignored: list[int]
    watched: list[int]
    """Those of the ignored that may hold no number."""


def opening(records: Records, header: bool | None, max_columns: int) -> tuple[list[str], Record]:
    """The names of the columns, and the first record of data."""
    first = next(records, None)
    if first is None:
        raise CsvError("the file is empty", hint="at least 2 rows of data are needed")
    row, cells = first
    if len(cells) > max_columns:
        raise CsvError(f"there are {len(cells):,} columns; the most is {max_columns:,}", row=row)
    if header is None:
        header = any(number(cell, records.separator) is None for cell in cells)
    if not header:
        return [*(f"x{j}" for j in range(1, len(cells))), "y"], first
    names = [cell.strip() for cell in cells]
    _check_names(names, row)
    data = next(records, None)
    if data is None:
        raise CsvError("there are no rows of data below the header", hint="at least 2 rows of data are needed")
    if len(data[1]) != len(names):
        raise CsvError(f"{cells_here(len(data[1]))}, but the header has {len(names)}", row=data[0])
    return names, data


def _check_names(names: list[str], row: int) -> None:
    places: dict[str, int] = {}
    for place, name in enumerate(names, 1):
        if not name:
            raise CsvError(f"column {place} has no name", row=row, hint="name every column in the first row")
        if name in places:
            message = f"columns {places[name]} and {place} have the same name"
            raise CsvError(message, row=row, column=name, hint="give each column its own name")
        places[name] = place


def lay_out(names: list[str], first: Record, target: str | None, features: list[str] | None, separator: str) -> Layout:
    """What each column is, by what was asked for and by the first record of data."""
    row, cells = first
    places = {name: j for j, name in enumerate(names)}
    y = len(names) - 1 if target is None else _find(places, target, "target")
    numeric = [number(cell, separator) is not None for cell in cells]
    if not cells[y].strip():
        raise bad_cell(names[y], row, cells[y])
    if features is None:
        chosen = [j for j in range(len(names)) if numeric[j] and j != y]
    else:
        chosen = _requested(places, features, y)
    for j in chosen:
        if not numeric[j]:
            raise bad_cell(names[j], row, cells[j], hint="a feature must be a column of numbers")
    ignored = [j for j in range(len(names)) if not numeric[j] and j != y]
    watched = ignored if features is None else []
    if not chosen and not watched:
        raise no_features(names, names[y])
    return Layout(names, first, separator, chosen, y, not numeric[y], ignored, watched)


def _requested(places: dict[str, int], features: list[str], target: int) -> list[int]:
    chosen: dict[int, None] = {}  # an ordered set
    for name in features:
        j = _find(places, name, "feature")
        if j == target:
            hint = "leave it out of the features or choose another target"
            raise CsvError("the target cannot be a feature as well", column=name, hint=hint)
        if j in chosen:
            raise CsvError("this feature is named twice", column=name, hint="name each feature once")
        chosen[j] = None
    return list(chosen)


def _find(places: dict[str, int], name: str, role: str) -> int:
    if name in places:
        return places[name]
    # Cut short, because comparing two texts takes time in proportion to the product of their lengths.
    alike = {known[:60].casefold(): known for known in itertools.islice(places, 1000)}
    near = difflib.get_close_matches(name[:60].casefold(), alike, n=1)
    hint = f"did you mean {shown(alike[near[0]])}?" if near else None
    raise CsvError(f"there is no column {shown(name)} for a {role}; the columns are {listed(list(places))}", hint=hint)
