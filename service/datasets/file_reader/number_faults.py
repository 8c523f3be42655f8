"""Faults of a column of numbers: cells that are none, and commas and dots whose meaning is unclear."""

from service.datasets.file_reader import cells
from service.datasets.file_reader.cells import (
    ALMOST,
    DATE,
    MEASURE,
    NONE,
    NUMBER,
    PERCENT,
    SPACES,
    TEXT,
    TRUTH,
    unit_of,
)
from service.datasets.file_reader.errors import FileError, shown
from service.datasets.file_reader.number_style import GROUP, UNCLEAR, FileMarks, Style
from service.datasets.file_reader.profile import Profile
from service.datasets.file_reader.report import places


def not_numbers(name: str, profile: Profile, *, is_target: bool = False) -> FileError:
    """The fault of a column whose texts are in the way of its numbers."""
    kinds = [kind for kind in (TEXT, MEASURE, ALMOST, TRUTH, DATE, NONE) if kind in profile.first_of_kind]
    row, cell = min(profile.first_of_kind[kind] for kind in kinds)
    count = sum(profile.counts[kind] for kind in kinds)
    message = _fault(cell)
    if number := profile.first_of_kind.get(NUMBER):
        message += f", but row {number[0]} has the number {shown(number[1])}"
    if count > 1:
        rows = profile.odd_rows or [row]
        message += f"; {count:,} such cells: {places(rows, count)}"
    what = "1 for TRUE and 0 for FALSE" if kinds == [TRUTH] else "a plain number such as -1.5 or 2e3"
    hint = f"write {what}, or leave the column out: name the features"
    if is_target:
        hint = f"write {what}, or choose another target"
    return FileError(message, row=row, column=name, hint=hint)


def fault_of_measures(name: str, profile: Profile) -> FileError:
    """The fault of a column of numbers with a unit."""
    row, cell = profile.first_of_kind[MEASURE]
    if len(profile.units) > 1:
        hint = "write the numbers alone, all in one unit"
    else:
        hint = f"write the numbers alone, and the unit into the name of the column: {name[:40]} ({unit_of(cell)})"
    return FileError(f"{shown(cell)} is a number with a unit", row=row, column=name, hint=hint)


def _fault(text: str) -> str:
    if cells.PLAIN.fullmatch(text):
        return f"{shown(text)} is too large"
    return f"{shown(text)} is not a number"


def fault_of_numbers(name: str, profile: Profile, style: Style, file: FileMarks) -> FileError | None:
    """The fault of cells that contradict the style of the column, or of a style that is unclear."""
    refused = style.refused(profile.marks)
    if refused:
        bit = refused & -refused
        row, cell = profile.first.get(bit) or profile.first_of_kind[NUMBER]
        message, hint = _contradiction(cell, bit, style), _hint(cell, bit, style, file)
        return FileError(message, row=row, column=name, hint=hint)
    if len(profile.currencies) > 1:
        (_, one), (row, other), *_ = sorted(profile.currencies.values())
        message, hint = f"{shown(other)} is in another currency than {shown(one)}", "write the numbers in one currency"
        return FileError(message, row=row, column=name, hint=hint)
    if style.dot == GROUP and profile.has_dotted_floats:
        row, cell = profile.first_of_kind[NUMBER]
        hint = "add ?decimal=. or ?decimal=, to say which mark is the decimal mark"
        return FileError("the column has dots with two meanings", row=row, column=name, hint=hint)
    return None


def _contradiction(cell: str, bit: int, style: Style) -> str:
    if bit == PERCENT:
        return f"{shown(cell)} is in per cent, other cells of the column are not"
    if UNCLEAR in style:
        return f"{shown(cell)} may be {_readings(cell)}"
    if bit == SPACES:
        return f"{shown(cell)} has spaces between digits"
    return f"{shown(cell)} does not fit the decimal mark of the column"


def _readings(cell: str) -> str:
    mark, other = (",", ".") if "," in cell else (".", ",")
    return f"{cell.replace(mark, '.') if mark == ',' else cell} or {cell.replace(mark, '').replace(other, '')}"


def _hint(cell: str, bit: int, style: Style, file: FileMarks) -> str:
    if bit == PERCENT:
        return "write all cells in per cent, or none"
    if UNCLEAR in style:
        mark = "," if "," in cell else "."
        other = {",": ".", ".": ","}[mark]
        if file.proven == {other}:
            written = cell.replace(mark, other)
            return (
                f"add ?decimal={other} if {shown(other)} is the decimal mark of this column too, else write {written}"
            )
        if mark in file.proven and other in file.proven:
            return "write one decimal mark in the whole file, which has both"
        return (
            f"add ?decimal={mark} if {shown(mark)} is the decimal mark, or ?thousands={mark} if it separates thousands"
        )
    return "write plain numbers such as 1234.5, or set ?decimal= and ?thousands="
