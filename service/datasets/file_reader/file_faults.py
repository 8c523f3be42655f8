"""Faults of a whole file: missing values, and no column that could be a feature."""

from service.datasets.file_reader.cells import DATE, MISSING
from service.datasets.file_reader.column_report import LEFT_OUT
from service.datasets.file_reader.columns import Columns
from service.datasets.file_reader.errors import FileError, listed, shown
from service.datasets.file_reader.number_faults import fault_of_measures, not_numbers
from service.datasets.file_reader.report import places


def gaps(columns: Columns) -> list[FileError]:
    """A fault for each kept column with missing values: their number, and their first rows."""
    faults = []
    for j in columns.kept:
        profile = columns.profiles[j]
        if count := profile.counts[MISSING]:
            text, where = profile.first_of_kind[MISSING][1], places(profile.missing_rows, count)
            what = f"{count:,} values are missing" if count > 1 else "1 value is missing"
            what += f" ({where}), such as {shown(text)}" if text else f": empty cell in {where}"
            hint = "add ?missing=drop to leave such rows out, or ?missing=mean to fill numbers with the column's mean"
            if text and columns.types[j].kind != "number":
                hint += f"; write another word if {shown(text)} is a category"
            faults.append(FileError(what, row=profile.missing_rows[0], column=columns.name(j), hint=hint))
    return faults


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
