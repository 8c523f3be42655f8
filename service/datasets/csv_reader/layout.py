"""Layout of a table: the names of its columns, and the role of each as target, feature or ignored column."""

import difflib
import itertools
from dataclasses import dataclass

from service.datasets.csv_reader.dialect import number
from service.datasets.csv_reader.errors import CsvError, bad_cell, listed, no_features, ragged_row, shown
from service.datasets.csv_reader.records import Record, Records


@dataclass(frozen=True)
class Layout:
    """The roles of the columns, by index from 0. `first` is the first data record."""

    names: list[str]
    first: Record
    separator: str
    features: list[int]
    target: int
    labelled: bool
    """Whether the target is text."""
    ignored: list[int]
    text_only: list[int]
    """The ignored columns in which a number is an error."""


def read_header(records: Records, header: bool | None, max_columns: int) -> tuple[list[str], Record]:
    """The names of the columns, and the first data record. Raises CsvError."""
    first = next(records, None)
    if first is None:
        raise CsvError("the file is empty", hint="upload at least 2 rows of data")
    row, cells = first
    if len(cells) > max_columns:
        raise CsvError(
            f"the file has {len(cells):,} columns; the limit is {max_columns:,}", row=row, hint="upload fewer columns"
        )
    if header is None:
        header = any(number(cell, records.separator) is None for cell in cells)
    if not header:
        return [*(f"x{j}" for j in range(1, len(cells))), "y"], first
    names = [cell.strip() for cell in cells]
    _check_names(names, row)
    data = next(records, None)
    if data is None:
        raise CsvError("the file has no rows of data below the header", hint="upload at least 2 rows of data")
    if len(data[1]) != len(names):
        raise ragged_row(data[0], len(data[1]), len(names), "header")
    return names, data


def _check_names(names: list[str], row: int) -> None:
    numbers: dict[str, int] = {}
    for position, name in enumerate(names, 1):
        if not name:
            raise CsvError(f"column {position} has no name", row=row, hint="name every column in the first row")
        if name in numbers:
            message = f"columns {numbers[name]} and {position} have the same name"
            raise CsvError(message, row=row, column=name, hint="give each column a different name")
        numbers[name] = position


def lay_out(names: list[str], first: Record, target: str | None, features: list[str] | None, separator: str) -> Layout:
    """The layout by the requested target and features, and by the first data record. Raises CsvError."""
    row, cells = first
    indices = {name: j for j, name in enumerate(names)}
    y = len(names) - 1 if target is None else _find(indices, target, "target")
    numeric = [number(cell, separator) is not None for cell in cells]
    if not cells[y].strip():
        raise bad_cell(names[y], row, cells[y])
    if features is None:
        chosen = [j for j in range(len(names)) if numeric[j] and j != y]
    else:
        chosen = _requested(indices, features, y)
    for j in chosen:
        if not numeric[j]:
            raise bad_cell(names[j], row, cells[j], hint="choose a column of numbers as feature")
    ignored = [j for j in range(len(names)) if not numeric[j] and j != y]
    text_only = ignored if features is None else []
    if not chosen and not text_only:
        raise no_features(names, names[y])
    return Layout(names, first, separator, chosen, y, not numeric[y], ignored, text_only)


def _requested(indices: dict[str, int], features: list[str], target: int) -> list[int]:
    chosen: dict[int, None] = {}  # an ordered set
    for name in features:
        j = _find(indices, name, "feature")
        if j == target:
            hint = "remove it from the features, or choose another target"
            raise CsvError("the target cannot be a feature", column=name, hint=hint)
        if j in chosen:
            raise CsvError("the feature is named twice", column=name, hint="name each feature once")
        chosen[j] = None
    return list(chosen)


def _find(indices: dict[str, int], name: str, role: str) -> int:
    if name in indices:
        return indices[name]
    # The names are cut, because the time of a comparison grows with the product of the lengths.
    folded = {known[:60].casefold(): known for known in itertools.islice(indices, 1000)}
    near = difflib.get_close_matches(name[:60].casefold(), folded, n=1)
    hint = f"did you mean {shown(folded[near[0]])}?" if near else None
    raise CsvError(f"unknown {role} {shown(name)}; the columns are {listed(list(indices))}", hint=hint)
