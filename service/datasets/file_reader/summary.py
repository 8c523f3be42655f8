"""The table of a file, from the types of its columns and its rows; its default features."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from service.core.column_choice import joined_names
from service.datasets.file_reader.cells import MISSING
from service.datasets.file_reader.column_report import ONE_VALUE, report_columns, report_gaps
from service.datasets.file_reader.column_types import ColumnType
from service.datasets.file_reader.columns import Columns
from service.datasets.file_reader.encoder import FloatArray
from service.datasets.file_reader.errors import FileError, listed, shown, together
from service.datasets.file_reader.file_faults import gaps, no_features
from service.datasets.file_reader.report import Report, named
from service.datasets.file_reader.second_pass import Settled
from service.datasets.file_reader.table import FileTable, TableColumn


def table_of(
    settled: Settled, columns: Columns, report: Report, *, rows: int, max_features: int, is_filled: bool
) -> FileTable:
    """The table of the kept columns; constant ones are left out. Raises FileError if too few rows or columns remain.

    `rows` is the number of rows before gaps were dropped; `is_filled` says that gaps of numbers are filled.
    """
    if settled.rows < 2:
        message = f"only {settled.rows} of {rows:,} rows have a value in every column"
        hint = "name the features, so that columns with gaps are left out, or add ?missing=mean"
        raise together([FileError(message, hint=hint), *gaps(columns, rows)])
    used = _unambiguous(columns, settled, _used(columns, settled, report))
    described, codes = _described(columns, settled, used, report, is_filled=is_filled)
    features = _features(columns, described, max_features, report)
    ignored = report_columns(columns, report)
    report_gaps(columns, settled, used, rows, report, is_filled=is_filled)
    if not features:
        raise together(no_features(columns))
    fill = settled.means[used] if is_filled and settled.gaps.any() else None
    positions = [settled.positions[k] for k in used]
    return FileTable(
        described,
        features,
        columns.name(columns.layout.target),
        ignored,
        report.entries,
        settled.rows,
        settled.file,
        settled.width,
        positions,
        codes,
        fill,
    )


def _described(
    columns: Columns, settled: Settled, used: Sequence[int], report: Report, *, is_filled: bool
) -> tuple[list[TableColumn], dict[int, FloatArray]]:
    """The columns of the table, and for those of texts the index in `categories` of each code."""
    described: list[TableColumn] = []
    codes: dict[int, FloatArray] = {}
    for place, k in enumerate(used):
        j = columns.kept[k]
        kind, texts = columns.types[j], None
        if kind.kind != "number":
            texts, codes[place] = _categories(kind, settled.seen[k])
            if similar := _similar(texts):
                message = f"Column {shown(columns.name(j))} has texts that differ in case or blanks: {listed(similar)}."
                report.add("similar_texts", message, [columns.name(j)])
        missing, filled = columns.profiles[j].counts[MISSING], int(settled.gaps[k]) if is_filled else 0
        described.append(TableColumn(columns.name(j), kind.kind or "number", texts, missing, filled))
    return described, codes


def _used(columns: Columns, settled: Settled, report: Report) -> list[int]:
    """The places of the columns in `settled` that the table has: without constant ones, unless no feature is left."""
    kept, layout = columns.kept, columns.layout
    constant = [k for k in range(len(kept)) if settled.low[k] == settled.high[k] and kept[k] != layout.target]
    if len(constant) == len(kept) - 1:
        names = [columns.name(kept[k]) for k in constant if columns.types[kept[k]].kind == "number"]
        if names:
            report.add("constant_column", ONE_VALUE[len(names) > 1].format(named(names)), names)
        constant = [k for k in constant if columns.types[kept[k]].kind != "number"]
    left_out = {k for k in constant if not layout.is_named(kept[k])}
    for k in left_out:
        columns.types[kept[k]].code = "constant_column"
    return [k for k in range(len(kept)) if k not in left_out]


def _unambiguous(columns: Columns, settled: Settled, used: Sequence[int]) -> list[int]:
    """`used` without the categories one of whose features has the name of a column, or of an earlier feature.

    Raises FileError for a category that the request names.
    """
    taken = {columns.name(columns.kept[k]) for k in used}
    left: list[int] = []
    for k in used:
        j = columns.kept[k]
        names: list[str] = []
        if columns.types[j].kind == "category":
            names = joined_names(columns.name(j), _categories(columns.types[j], settled.seen[k])[0])
        if clashes := [name for name in names if name in taken]:
            message = f"the feature {shown(clashes[0])} would have the name of another column"
            if columns.layout.is_named(j):
                raise FileError(message, column=columns.name(j), hint="rename one of the columns")
            columns.types[j].code = "ambiguous_names"
        else:
            taken.update(names)
            left.append(k)
    return left


def _categories(kind: ColumnType, seen: set[float]) -> tuple[list[str], FloatArray]:
    """The sorted texts of the codes that occur, and the index of each code in them."""
    by_code = {code: text for text, code in kind.texts.items() if code in seen}
    sorted_texts = sorted(by_code.values())
    index = {text: float(place) for place, text in enumerate(sorted_texts)}
    codes = np.full(max(by_code, default=0) + 1, np.nan)
    for code, text in by_code.items():
        codes[code] = index[text]
    return sorted_texts, codes


def _similar(texts: Sequence[str]) -> list[str]:
    """The texts that equal another one but for case and blanks."""
    counts = Counter("".join(text.casefold().split()) for text in texts)
    return [text for text in texts if counts["".join(text.casefold().split())] > 1]


def _features(columns: Columns, described: Sequence[TableColumn], most: int, report: Report) -> list[str]:
    """The default features: the numbers, and for each category its values but the first; or the requested ones."""
    target = columns.name(columns.layout.target)
    by_name = {column.name: column for column in described if column.name != target}
    requested = columns.layout.requested
    chosen = by_name if requested is None else {columns.name(j) for j in requested.values()}
    one_hot = [column for column in by_name.values() if column.kind == "category" and column.name in chosen]
    if one_hot:
        values = [name for column in one_hot for name in joined_names(column.name, (column.categories or [""])[:1])]
        text = (
            f"{named([c.name for c in one_hot])}: each text is a feature of 0 and 1, but the first: {listed(values)}."
        )
        report.add("categories", text, [column.name for column in one_hot])
    features: list[str] = []
    for name in by_name if requested is None else requested:
        features += _expanded(by_name[name]) if name in by_name else [_value(name, columns, by_name)]
    if len(features) > most:
        hint = "add ?categories=ignore, or name the features"
        raise FileError(f"the file gives {len(features):,} features; the limit is {most:,}", hint=hint)
    return list(dict.fromkeys(features))


def _expanded(column: TableColumn) -> list[str]:
    if column.kind != "category":
        return [column.name]
    return joined_names(column.name, (column.categories or [])[1:])


def _value(name: str, columns: Columns, by_name: dict[str, TableColumn]) -> str:
    """The requested feature `sex=male`. Raises FileError if the column has no such value."""
    column = by_name[columns.name((columns.layout.requested or {})[name])]
    known = joined_names(column.name, column.categories or [])
    if name not in known:
        raise FileError(f"unknown feature {shown(name)}", column=column.name, hint=f"its features are {listed(known)}")
    return name
