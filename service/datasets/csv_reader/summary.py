"""The table of a file, with its report and its faults, from the types of its columns and its rows."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from service.datasets.csv_reader.cells import DATE, MISSING, NUMBER
from service.datasets.csv_reader.column_types import ColumnType
from service.datasets.csv_reader.encoder import FloatArray
from service.datasets.csv_reader.errors import CsvError, listed, shown, together
from service.datasets.csv_reader.header import Header
from service.datasets.csv_reader.layout import Layout
from service.datasets.csv_reader.number_faults import not_numbers
from service.datasets.csv_reader.profile import Profile
from service.datasets.csv_reader.report import MOST_PLACES, Report, named, places
from service.datasets.csv_reader.second_pass import Settled
from service.datasets.csv_reader.table import CsvTable, TableColumn

LEFT_OUT = {
    "index_column": "{} has the numbers or names of the rows and is left out.",
    "empty_column": "{} has no values and is left out.",
    "mostly_missing": "{} has no value in more than half of the rows and is left out.",
    "dates": "{} has dates and is left out; ?dates=days reads dates as days since 1970-01-01.",
    "mixed_column": "{} has texts beside numbers and is left out: {}.",
    "text_column": "{} has more than 20 different texts, or another text in every row, and is left out.",
    "categories_ignored": "{} has texts and is left out, as ?categories=ignore asks.",
    "constant_column": "{} has the same value in every row and is left out.",
}
"""The reasons for which a column is left out, in the order of the report."""
NOTES = {
    "truths": "{}: TRUE, yes and T are read as 1, FALSE, no and F as 0.",
    "days": "{}: dates are read as days since 1970-01-01.",
    "decimal_comma": "{}: the comma is read as the decimal mark.",
    "thousands_comma": "{}: the comma is read as the mark between thousands.",
    "thousands_dot": "{}: the dot is read as the mark between thousands.",
    "thousands_space": "{}: spaces or apostrophes between thousands are left out.",
    "currency": "{}: signs of currencies are left out.",
    "percent": "{}: numbers are in per cent, 5% is read as 5.",
    "minus_sign": "{}: the minus sign of Unicode is read as minus.",
    "fortran_exponent": "{}: exponents with D are read, as of Fortran.",
}


@dataclass(frozen=True)
class Columns:
    """The columns of a file."""

    header: Header
    layout: Layout
    profiles: Sequence[Profile]
    types: Sequence[ColumnType]

    @property
    def kept(self) -> list[int]:
        """The columns that have a type."""
        return [j for j, each in enumerate(self.types) if each.kind is not None]

    def name(self, j: int) -> str:
        return self.header.names[j]

    def odd_cell(self, j: int) -> tuple[str, int]:
        """The first cell of a column that is no number, in words, and its row."""
        kinds = self.profiles[j].first_of_kind
        row, cell = min(each for kind, each in kinds.items() if kind not in {NUMBER, MISSING})
        return f"{shown(cell)} in row {row}", row

    def is_unnamed(self, j: int) -> bool:
        return j in self.header.unnamed and j != self.header.index


def gaps(columns: Columns) -> list[CsvError]:
    """A fault for each kept column with missing values: their number, and their first rows."""
    faults = []
    for j in columns.kept:
        profile = columns.profiles[j]
        if count := profile.counts[MISSING]:
            text = profile.first_of_kind[MISSING][1]
            what = f"{count:,} values are missing" if count > 1 else "1 value is missing"
            what = (
                f"{what} ({places(profile.missing_rows, count)}), such as {shown(text)}"
                if text
                else (f"{what}: empty cell in {places(profile.missing_rows, count)}")
            )
            hint = "add ?missing=drop to leave such rows out, or ?missing=mean to fill numbers with the column's mean"
            faults.append(CsvError(what, row=profile.missing_rows[0], column=columns.name(j), hint=hint))
    return faults


def no_features(columns: Columns) -> list[CsvError]:
    """The faults of a file whose columns besides the target are all left out, each with the reason."""
    names, target = columns.header.names, columns.name(columns.layout.target)
    wrong: list[CsvError] = []
    others: list[CsvError] = []
    for j, each in enumerate(columns.types):
        if each.code == "mixed_column":
            wrong.append(not_numbers(names[j], columns.profiles[j]))
        elif each.code == "dates":
            row, cell = columns.profiles[j].first_of_kind[DATE]
            hint = "add ?dates=days, which reads dates as days since 1970-01-01"
            wrong.append(CsvError(f"the column has dates such as {shown(cell)}", row=row, column=names[j], hint=hint))
        elif each.code in LEFT_OUT and not columns.is_unnamed(j):
            message = LEFT_OUT[each.code].format("the column").rstrip(".")
            others.append(CsvError(message, column=names[j], hint="write its values as numbers"))
    hint = "add a column of numbers besides the target; separate columns by a comma, a semicolon or a tab"
    message = f"no feature columns: the file has {listed(names)}, the target is {shown(target)}"
    return [*wrong, CsvError(message, hint=hint), *others]


def table_of(
    settled: Settled, columns: Columns, report: Report, *, rows: int, max_features: int, is_filled: bool
) -> CsvTable:
    """The table of the kept columns; constant ones are left out. Raises CsvError if too few rows or columns remain.

    `rows` is the number of rows before gaps were dropped; `is_filled` says that gaps of numbers are filled.
    """
    if settled.rows < 2:
        message = f"only {settled.rows} of {rows:,} rows have a value in every column"
        hint = "name the features, so that columns with gaps are left out, or add ?missing=mean"
        raise together([CsvError(message, hint=hint), *gaps(columns)])
    kept, target = columns.kept, columns.layout.target
    used = _used(columns, settled, report)
    codes: dict[int, FloatArray] = {}
    described: list[TableColumn] = []
    for place, k in enumerate(used):
        kind, texts = columns.types[kept[k]], None
        if kind.kind != "number":
            texts, codes[place] = _categories(kind, settled.seen[k])
        missing = columns.profiles[kept[k]].counts[MISSING]
        described.append(TableColumn(columns.name(kept[k]), kind.kind or "number", texts, missing))
    features = _features(columns, described, max_features, report)
    ignored = _report_columns(columns, report)
    _report_gaps(columns, settled, used, rows, report, is_filled=is_filled)
    if not features:
        raise together(no_features(columns))
    fill = settled.means[used] if is_filled and settled.gaps.any() else None
    positions = [settled.positions[k] for k in used]
    name = columns.name(target)
    return CsvTable(
        described,
        features,
        name,
        ignored,
        report.entries,
        settled.rows,
        settled.file,
        settled.width,
        positions,
        codes,
        fill,
    )


def _used(columns: Columns, settled: Settled, report: Report) -> list[int]:
    """The places of the columns in `settled` that the table has: without constant ones, unless no feature is left."""
    kept, layout = columns.kept, columns.layout
    constant = [k for k in range(len(kept)) if settled.low[k] == settled.high[k] and kept[k] != layout.target]
    if len(constant) == len(kept) - 1:
        names = [columns.name(kept[k]) for k in constant if columns.types[kept[k]].kind == "number"]
        if names:
            report.add(
                "constant_column", _plural(f"{named(names)} has the same value in every row.", len(names)), names
            )
        constant = [k for k in constant if columns.types[kept[k]].kind != "number"]
    left_out = {k for k in constant if not layout.is_named(kept[k])}
    for k in left_out:
        columns.types[kept[k]].code = "constant_column"
    return [k for k in range(len(kept)) if k not in left_out]


def _categories(kind: ColumnType, seen: set[float]) -> tuple[list[str], FloatArray]:
    """The sorted texts of the codes that occur, and the index of each code in them."""
    by_code = {code: text for text, code in kind.texts.items() if code in seen}
    sorted_texts = sorted(by_code.values())
    index = {text: float(place) for place, text in enumerate(sorted_texts)}
    codes = np.full(max(by_code, default=0) + 1, np.nan)
    for code, text in by_code.items():
        codes[code] = index[text]
    return sorted_texts, codes


def _features(columns: Columns, described: Sequence[TableColumn], most: int, report: Report) -> list[str]:
    """The default features: the numbers, and for each category its values but the first; or the requested ones."""
    target = columns.name(columns.layout.target)
    by_name = {column.name: column for column in described if column.name != target}
    one_hot = [column for column in by_name.values() if column.kind == "category"]
    if one_hot:
        values = [f"{column.name}={(column.categories or [''])[0]}" for column in one_hot]
        text = (
            f"{named([c.name for c in one_hot])}: each text is a feature of 0 and 1, but the first: {listed(values)}."
        )
        report.add("categories", text, [column.name for column in one_hot])
    if columns.layout.requested is None:
        chosen = [name for column in by_name.values() for name in _expanded(column)]
    else:
        chosen = []
        for name in columns.layout.requested:
            chosen += _expanded(by_name[name]) if name in by_name else [_value(name, columns, by_name)]
    if len(chosen) > most:
        hint = "add ?categories=ignore, or name the features"
        raise CsvError(f"the file gives {len(chosen):,} features; the limit is {most:,}", hint=hint)
    return list(dict.fromkeys(chosen))


def _expanded(column: TableColumn) -> list[str]:
    if column.kind != "category":
        return [column.name]
    return [f"{column.name}={text}" for text in (column.categories or [])[1:]]


def _value(name: str, columns: Columns, by_name: dict[str, TableColumn]) -> str:
    """The requested feature `sex=male`. Raises CsvError if the column has no such value."""
    column = by_name[columns.name((columns.layout.requested or {})[name])]
    known = [f"{column.name}={text}" for text in column.categories or []]
    if name not in known:
        raise CsvError(f"unknown feature {shown(name)}", column=column.name, hint=f"its features are {listed(known)}")
    return name


def _report_columns(columns: Columns, report: Report) -> list[str]:
    """Reports what was done to columns. Returns the names of those that are left out."""
    left_out: dict[str, list[int]] = {}
    notes: dict[str, list[str]] = {}
    for j, each in enumerate(columns.types):
        if each.code:
            left_out.setdefault(each.code, []).append(j)
        for note in each.notes:
            notes.setdefault(note, []).append(columns.name(j))
    ignored = _report_left_out(columns, left_out, report)
    index = columns.header.index
    if index is not None and index in columns.kept and not columns.layout.is_named(index):
        text = "The numbers of the rows are the feature, because the file has no other."
        report.add("row_numbers", text, [columns.name(index)])
    unnamed = [columns.name(j) for j in columns.kept if columns.is_unnamed(j) and not columns.types[j].code]
    if unnamed:
        report.add("unnamed_columns", f"{named(unnamed)} had no name.", unnamed)
    for code, names in notes.items():
        report.add(code, NOTES[code].format(named(names)), names)
    return ignored


def _report_left_out(columns: Columns, left_out: dict[str, list[int]], report: Report) -> list[str]:
    """Reports the columns that are left out, by the reason. Returns their names."""
    if any(map(columns.is_unnamed, left_out.get("empty_column", []))):
        report.add("trailing_separators", "Columns without name and content are left out.")
        left_out["empty_column"] = [j for j in left_out["empty_column"] if not columns.is_unnamed(j)]
    for code in (code for code in LEFT_OUT if left_out.get(code)):
        names = [columns.name(j) for j in left_out[code]]
        examples = [columns.odd_cell(j) for j in left_out[code][:MOST_PLACES]] if code == "mixed_column" else []
        sentence = _plural(LEFT_OUT[code], len(names)).format(named(names), ", ".join(text for text, _ in examples))
        report.add(code, sentence, names, [row for _, row in examples])
    return [columns.name(j) for j in sorted(itertools.chain.from_iterable(left_out.values()))]


def _plural(sentence: str, count: int) -> str:
    if count == 1:
        return sentence
    return sentence.replace(" has ", " have ").replace(" is left", " are left")


def _report_gaps(
    columns: Columns, settled: Settled, used: Sequence[int], rows: int, report: Report, *, is_filled: bool
) -> None:
    kept = columns.kept
    if settled.rows < rows:
        with_gaps = [j for j in kept if columns.profiles[j].counts[MISSING]]
        if is_filled:
            with_gaps = [j for j in with_gaps if columns.types[j].kind != "number" or j == columns.layout.target]
        first = sorted({row for j in with_gaps for row in columns.profiles[j].missing_rows})[:MOST_PLACES]
        text = f"{rows - settled.rows:,} of {rows:,} rows are left out, because a value is missing."
        report.add("missing_dropped", text, [columns.name(j) for j in with_gaps], first)
    if is_filled and settled.gaps.any():
        counts = {kept[k]: int(settled.gaps[k]) for k in used if settled.gaps[k]}
        each = ", ".join(f"{count:,} of {shown(columns.name(j))}" for j, count in list(counts.items())[:MOST_PLACES])
        text = f"{sum(counts.values()):,} missing numbers are filled with the mean of their column: {each}."
        first = sorted({row for j in counts for row in columns.profiles[j].missing_rows})[:MOST_PLACES]
        report.add("missing_filled", text, [columns.name(j) for j in counts], first)
