"""The report about columns and gaps: conversions, columns that are left out, rows dropped or filled."""

import itertools
from collections.abc import Sequence

import numpy as np

from service.datasets.file_reader.cells import MISSING
from service.datasets.file_reader.columns import Columns
from service.datasets.file_reader.errors import listed, shown
from service.datasets.file_reader.report import MOST_PLACES, Report, named
from service.datasets.file_reader.second_pass import Settled

LEFT_OUT = {
    "index_column": (
        "{} has the numbers or names of the rows and is left out.",
        "{} have the numbers or names of the rows and are left out.",
    ),
    "empty_column": (
        "{} has no values and is left out.",
        "{} have no values and are left out.",
    ),
    "mostly_missing": (
        "{} has no value in more than half of the rows and is left out.",
        "{} have no value in more than half of the rows and are left out.",
    ),
    "dates": (
        "{} has dates and is left out; ?dates=days reads dates as days since 1970-01-01.",
        "{} have dates and are left out; ?dates=days reads dates as days since 1970-01-01.",
    ),
    "mixed_column": (
        "{} has texts beside numbers and is left out: {}.",
        "{} have texts beside numbers and are left out: {}.",
    ),
    "units": (
        "{} has numbers with a unit and is left out: {}. Write the numbers alone.",
        "{} have numbers with a unit and are left out: {}. Write the numbers alone.",
    ),
    "text_column": (
        "{} has more than 20 different texts, or another text in every row, and is left out.",
        "{} have more than 20 different texts, or another text in every row, and are left out.",
    ),
    "categories_ignored": (
        "{} has texts and is left out, as ?categories=ignore asks.",
        "{} have texts and are left out, as ?categories=ignore asks.",
    ),
    "ambiguous_names": (
        "{} has a text whose feature would have the name of another column, so it is left out.",
        "{} have a text whose feature would have the name of another column, so they are left out.",
    ),
    "unclear_column": (
        "{} is not among the features, has a fault and is left out: {}.",
        "{} are not among the features, have a fault and are left out: {}.",
    ),
    "incomplete_column": (
        "{} is not among the features, has missing values and is left out.",
        "{} are not among the features, have missing values and are left out.",
    ),
    "constant_column": (
        "{} has the same value in every row and is left out.",
        "{} have the same value in every row and are left out.",
    ),
}
"""The reasons for which a column is left out, in the order of the report: the sentence of one, and of several."""
ONE_VALUE = ("{} has the same value in every row.", "{} have the same value in every row.")
"""The sentence of columns that are features although constant, of one and of several."""
NOTES = {
    "truths": "{}: TRUE, yes and T are read as 1, FALSE, no and F as 0.",
    "days": "{}: dates are read as days since 1970-01-01.",
    "decimal_comma": "{}: the comma is read as the decimal mark.",
    "thousands_comma": "{}: the comma is read as the mark between thousands.",
    "thousands_dot": "{}: the dot is read as the mark between thousands.",
    "thousands_space": "{}: spaces or apostrophes between thousands are left out.",
    "currency": "{}: signs of currencies are left out.",
    "percent": "{}: numbers are in per cent, 5% is read as 0.05.",
    "minus_sign": "{}: the minus sign of Unicode is read as minus.",
    "booked_negatives": "{}: numbers in parentheses, or with a minus at the end, are read as negative.",
    "leading_zeros": "{}: zeros at the start of numbers are left out. Write a letter before them if they are codes.",
    "fortran_exponent": "{}: exponents with D are read, as of Fortran.",
    "number_like_labels": "{}: texts with digits are read as classes. Write plain numbers if they are numbers.",
    "excel_digits": "{}: Excel keeps 15 digits of a number, so longer whole numbers may have lost the last ones. Store "
    "them as text.",
    "rounded_integers": "{}: whole numbers above 2**53 are rounded to 53 bits, so different ones may be equal.",
}


def note_excel_digits(columns: Columns, settled: Settled) -> None:
    """Notes the columns of a sheet with numbers of more than 15 digits that may be ids: up to 64 bits."""
    greatest = np.maximum(-settled.low, settled.high)
    for k in np.flatnonzero((greatest >= 1e15) & (greatest < 2.0**64)):
        found = columns.types[columns.kept[k]]
        if "rounded_integers" not in found.notes:
            found.notes.append("excel_digits")


def report_columns(columns: Columns, report: Report) -> list[str]:
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
        examples = [example for j in left_out[code][:MOST_PLACES] for example in columns.types[j].examples]
        each = ", ".join(f"{text} in row {row}" for text, row in examples)
        sentence = LEFT_OUT[code][len(names) > 1].format(named(names), each)
        report.add(code, sentence, names, [row for _, row in examples])
    return [columns.name(j) for j in sorted(itertools.chain.from_iterable(left_out.values()))]


def report_gaps(
    columns: Columns, settled: Settled, used: Sequence[int], rows: int, report: Report, *, is_filled: bool
) -> None:
    kept = columns.kept
    named_texts = [j for j in kept if columns.profiles[j].missing_texts - {""}]
    if named_texts:
        texts = sorted(set[str]().union(*(columns.profiles[j].missing_texts for j in named_texts)) - {""})
        names = [columns.name(j) for j in named_texts]
        report.add("missing_texts", f"{named(names)}: missing values are written {listed(texts)}.", names)
    if settled.rows < rows:
        with_gaps = [j for j in kept if columns.profiles[j].counts[MISSING]]
        if is_filled:
            with_gaps = [j for j in with_gaps if columns.types[j].kind != "number" or j == columns.layout.target]
        first = sorted({row for j in with_gaps for row in columns.profiles[j].missing_rows})[:MOST_PLACES]
        dropped = rows - settled.rows
        text = f"{dropped:,} of {rows:,} rows are left out, because a value is missing."
        if dropped == 1:
            text = f"1 of {rows:,} rows is left out, because a value is missing."
        report.add("missing_dropped", text, [columns.name(j) for j in with_gaps], first)
    if is_filled and settled.gaps.any():
        counts = {kept[k]: int(settled.gaps[k]) for k in used if settled.gaps[k]}
        each = ", ".join(f"{count:,} of {shown(columns.name(j))}" for j, count in list(counts.items())[:MOST_PLACES])
        filled = sum(counts.values())
        text = f"{filled:,} missing numbers are filled with the mean of their column: {each}."
        if filled == 1:
            text = f"1 missing number is filled with the mean of its column: {each}."
        first = sorted({row for j in counts for row in columns.profiles[j].missing_rows})[:MOST_PLACES]
        report.add("missing_filled", text, [columns.name(j) for j in counts], first)
