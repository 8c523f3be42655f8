"""The type of each column, by its profile: numbers, categories, labels; or the reason why it is left out."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from service.core.dataset_record import ColumnKind
from service.datasets.file_reader import dates
from service.datasets.file_reader.cells import (
    ALMOST,
    DATE,
    DATE_BITS,
    MEASURE,
    MISSING,
    MISSING_TEXTS,
    NUMBER,
    PYTHONS_NONE,
    TEXT,
    TRUTH,
    TRUTHS,
    number_of,
)
from service.datasets.file_reader.errors import FileError, shown
from service.datasets.file_reader.number_faults import fault_of_measures, fault_of_numbers, not_numbers
from service.datasets.file_reader.number_style import GROUP, FileMarks, style_of
from service.datasets.file_reader.options import Options
from service.datasets.file_reader.profile import MAX_CATEGORIES, MAX_CLASSES, Profile

_NUMBER_LIKE = re.compile(r"[^\w\s]{0,2}[0-9][^A-Za-z]*$")


@dataclass
class ColumnType:
    """The type of one column. `kind` is None for a column that is left out, by the reason `code`.

    `examples` are sentences about its cells, and their rows.
    """

    kind: ColumnKind | None = None
    code: str = ""
    examples: list[tuple[str, int]] = field(default_factory=list)
    fault: FileError | None = None
    convert: Callable[[str], float] | None = None
    """The value of a cell that stayed text; NaN for a missing one."""
    notes: list[str] = field(default_factory=list)
    """Codes of what the conversion does."""
    texts: dict[str, int] = field(default_factory=dict)
    """The codes of categories and labels, in the order of their first appearance."""


def type_of(
    name: str, profile: Profile, file: FileMarks, options: Options, *, is_target: bool, named: bool
) -> ColumnType:
    """The type of a column; `named` says that the request names it, or that it is the target."""
    counts = profile.counts
    filled = sum(counts) - counts[MISSING]
    if not filled:
        return _left_out("empty_column", _empty(name, profile) if named else None)
    if counts[MISSING] > filled and not named:
        return _left_out("mostly_missing", None)
    if counts[DATE] == filled or (options.dates == "days" and 2 * counts[DATE] >= filled):
        return _dates(name, profile, options, named=named)
    if counts[NUMBER] == filled:
        return _numbers(name, profile, file, options)
    if is_target and counts[ALMOST] < filled:
        return _labels(name, profile, filled, named=named)
    if counts[TRUTH] == filled:
        return ColumnType("number", convert=_truth, notes=["truths"])
    if counts[NUMBER] + counts[ALMOST] == filled:
        return ColumnType("number", fault=not_numbers(name, profile, is_target=is_target))
    return _categories(name, profile, options, filled, named=named)


def _left_out(code: str, fault: FileError | None) -> ColumnType:
    return ColumnType(code=code, fault=fault)


def _empty(name: str, profile: Profile) -> FileError:
    row = profile.missing_rows[0] if profile.missing_rows else None
    return FileError("the column has no values", row=row, column=name, hint="fill it in, or choose another column")


def _numbers(name: str, profile: Profile, file: FileMarks, options: Options) -> ColumnType:
    style = style_of(profile.marks, file, options.decimal, options.thousands)
    fault = fault_of_numbers(name, profile, style, file)
    notes = profile.notes_of_numbers()
    if style.comma == "decimal" and profile.uses_comma:
        notes.append("decimal_comma")
    if style.group and profile.uses_groups(style.group):
        notes.append("thousands_comma" if style.comma == GROUP else "thousands_dot")
    return ColumnType("number", fault=fault, convert=partial(_number, group=style.group), notes=notes)


def _number(cell: str, *, group: str) -> float:
    text = cell.strip()
    return float("nan") if text in MISSING_TEXTS or text == PYTHONS_NONE else number_of(cell, group)


def _truth(cell: str) -> float:
    return TRUTHS.get(cell.strip().lower(), float("nan"))


def _dates(name: str, profile: Profile, options: Options, *, named: bool) -> ColumnType:
    row, cell = profile.first_of_kind[DATE]
    if options.dates == "ignore":
        hint = "add ?dates=days, which reads dates as days since 1970-01-01"
        fault = FileError(f"{shown(cell)} is a date, not a number", row=row, column=name, hint=hint)
        return _left_out("dates", fault if named else None)
    if any(kind not in {DATE, MISSING} for kind in profile.first_of_kind):
        fault = _not_a_date(name, profile)
        example = (fault.message, fault.row or 0)
        return _left_out("unclear_column", fault) if named else ColumnType(code="unclear_column", examples=[example])
    marks = profile.date_marks
    clear = marks & (dates.DAY_FIRST | dates.MONTH_FIRST)
    if clear == dates.DAY_FIRST | dates.MONTH_FIRST or (marks & dates.UNCLEAR and not clear):
        return ColumnType("number", fault=_unclear_dates(name, profile, clear))
    return ColumnType("number", convert=partial(_day, day_first=clear != dates.MONTH_FIRST), notes=["days"])


def _not_a_date(name: str, profile: Profile) -> FileError:
    """The fault of a column whose other cells are dates: without that cell they would be days."""
    row, cell = min(each for kind, each in profile.first_of_kind.items() if kind not in {DATE, MISSING})
    message = f"{shown(cell)} is not a date, most cells of the column are"
    return FileError(message, row=row, column=name, hint="write dates as 2020-12-31, or leave ?dates= out")


def _unclear_dates(name: str, profile: Profile, clear: int) -> FileError:
    """The fault of dates without a clear order, or with both orders."""
    row, cell = profile.first[(dates.MONTH_FIRST if clear else dates.UNCLEAR) << DATE_BITS]
    message = f"{shown(cell)}: the order of day and month is unclear"
    if clear:
        other_row, other = profile.first[dates.DAY_FIRST << DATE_BITS]
        message = f"{shown(cell)} has the month first, {shown(other)} in row {other_row} the day"
    return FileError(message, row=row, column=name, hint="write dates as 2020-12-31")


def _day(cell: str, *, day_first: bool) -> float:
    value = dates.days(cell.strip(), day_first=day_first)
    return float("nan") if value is None else value


def _labels(name: str, profile: Profile, filled: int, *, named: bool) -> ColumnType:
    """The labels of a target of texts. Some wrong cells among numbers are no labels."""
    numbers, counts = profile.counts[NUMBER], profile.counts
    if numbers and (2 * numbers >= filled or numbers + counts[TRUTH] == filled or profile.is_mixed_late):
        return ColumnType("number", fault=not_numbers(name, profile, is_target=True))
    if _are_measures(profile, filled):
        return ColumnType("number", fault=fault_of_measures(name, profile))
    if _resemble_numbers(profile) and len(profile.texts) == filled > 2:
        return ColumnType("number", fault=not_numbers(name, profile, is_target=True))
    if not profile.is_dropped:
        found = _coded("label")
        found.notes += ["number_like_labels"] if _resemble_numbers(profile) else []
        return found
    row, _ = profile.first_of_kind.get(TEXT) or next(iter(profile.first_of_kind.values()))
    return _left_out("text_column", _too_many_labels(name, row) if named else None)


def _are_measures(profile: Profile, filled: int) -> bool:
    """Whether the column has numbers with a unit, too many of them for categories."""
    are_many = profile.is_dropped or len(profile.texts) > MAX_CATEGORIES or len(profile.texts) == filled
    return are_many and profile.counts[MEASURE] == filled


def _resemble_numbers(profile: Profile) -> bool:
    """Whether all texts begin with a digit or a sign, as numbers in an unknown notation do: 10:30, ~5, 5±0.1."""
    return bool(profile.texts) and all(_NUMBER_LIKE.match(text) for text in profile.texts)


def _coded(kind: ColumnKind) -> ColumnType:
    found = ColumnType(kind)
    found.convert = partial(_code, codes=found.texts)
    return found


def _code(cell: str, *, codes: dict[str, int]) -> float:
    text = cell.strip()
    if text in MISSING_TEXTS:
        return float("nan")
    code = codes.setdefault(unicodedata.normalize("NFC", text), len(codes))
    if code >= MAX_CLASSES:
        raise _too_many_labels()
    return float(code)


def _too_many_labels(name: str | None = None, row: int | None = None) -> FileError:
    """The fault of a target that has too many labels, or a label that is too long."""
    hint = "choose another target, or write plain numbers such as 1234.5"
    message = f"the target has more than {MAX_CLASSES:,} different labels, or a label of more than 200 characters"
    return FileError(message, row=row, column=name, hint=hint)


def _categories(name: str, profile: Profile, options: Options, filled: int, *, named: bool) -> ColumnType:
    """One-hot features, if the texts are few and repeat."""
    if profile.counts[NUMBER]:
        code = "mixed_column"
    elif _are_measures(profile, filled):
        code = "units"
    elif profile.is_dropped or (len(profile.texts) == filled and not named):
        code = "text_column"
    elif options.categories == "ignore":
        code = "categories_ignored"
    else:
        return _coded("category")
    fault = fault_of_measures(name, profile) if code == "units" else not_numbers(name, profile)
    if named:
        return _left_out(code, fault)
    return ColumnType(code=code, examples=[profile.first_odd()])
