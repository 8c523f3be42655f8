"""Faults of a whole file: missing values, and no column that could be a feature."""

from service.datasets.file_reader.cells import DATE, MISSING
from service.datasets.file_reader.column_report import LEFT_OUT
from service.datasets.file_reader.columns import Columns
from service.datasets.file_reader.errors import FileError, listed, shown
from service.datasets.file_reader.number_faults import fault_of_measures, not_numbers
from service.datasets.file_reader.report import places

_MOST_SENTENCES = 10
"""The most columns with gaps that have a sentence each; more share one."""
_MOST_NAMES = 100
"""The most columns that this sentence names."""


def gaps(columns: Columns, rows: int) -> list[FileError]:
    """The faults of the kept columns with missing values: how many, and in which of the file's `rows` rows."""
    found = [j for j in columns.kept if columns.profiles[j].counts[MISSING]]
    hint = "add ?missing=drop to leave such rows out, or ?missing=mean to fill numbers with the column's mean"
    if _leaves_one_row(columns, found, rows):
        hint = (
            "add ?missing=mean to fill numbers with the column's mean, or fill the cells in: at most one row has a "
            "value in every column"
        )
    if len(found) <= _MOST_SENTENCES:
        return [gap(columns, j, hint) for j in found]
    counts = ", ".join(
        f"{columns.profiles[j].counts[MISSING]:,} of {shown(columns.name(j))}" for j in found[:_MOST_NAMES]
    )
    if len(found) > _MOST_NAMES:
        counts += f" and {len(found) - _MOST_NAMES:,} more"
    row = min(columns.profiles[j].missing_rows[0] for j in found)
    return [FileError(f"values are missing in {len(found):,} columns: {counts}", row=row, hint=hint)]


def _leaves_one_row(columns: Columns, found: list[int], rows: int) -> bool:
    """Whether at most one row is known to have no gap. Of many gaps only the first rows are known."""
    return rows - len({row for j in found for row in columns.profiles[j].missing_rows}) < 2


def gap(columns: Columns, j: int, hint: str) -> FileError:
    """The fault of a column with missing values: how many, and in which rows."""
    profile = columns.profiles[j]
    count, text = profile.counts[MISSING], profile.first_of_kind[MISSING][1]
    where = places(profile.missing_rows, count)
    what = f"{count:,} values are missing" if count > 1 else "1 value is missing"
    what += f" ({where}), such as {shown(text)}" if text else f": empty cell in {where}"
    if text and columns.types[j].kind != "number":
        hint += f"; write another word if {shown(text)} is a category"
    return FileError(what, row=profile.missing_rows[0], column=columns.name(j), hint=hint)


def no_features(columns: Columns) -> list[FileError]:
    """The faults of a file whose columns besides the target are all left out, each with the reason."""
    names, target = columns.header.names, columns.name(columns.layout.target)
    wrong: list[FileError] = []
    others: list[FileError] = []
    for j, each in enumerate(columns.types):
        if each.code == "mixed_column":
            wrong.append(not_numbers(names[j], columns.profiles[j]))
        elif each.code == "units":
            wrong.append(fault_of_measures(names[j], columns.profiles[j]))
        elif each.code == "dates":
            row, cell = columns.profiles[j].first_of_kind[DATE]
            hint = "add ?dates=days, which reads dates as days since 1970-01-01"
            wrong.append(FileError(f"the column has dates such as {shown(cell)}", row=row, column=names[j], hint=hint))
        elif each.code in LEFT_OUT and not columns.is_unnamed(j):
            example = ", ".join(text for text, _ in each.examples)
            message = LEFT_OUT[each.code][0].format("the column", example).rstrip(".")
            others.append(FileError(message, column=names[j], hint="write its values as numbers"))
    hint = "add a column of numbers besides the target; separate columns by a comma, a semicolon or a tab"
    message = f"no feature columns: the file has {listed(names)}, the target is {shown(target)}"
    return [*wrong, FileError(message, hint=hint), *others]
