"""read_file(): reads a file into a table of numbers on disk."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import BinaryIO

import numpy as np

from service.core.plurals import counted
from service.datasets.file_reader.cells import MISSING, classify
from service.datasets.file_reader.column_report import note_excel_digits
from service.datasets.file_reader.column_types import ColumnType, type_of
from service.datasets.file_reader.columns import Columns
from service.datasets.file_reader.draft import Draft
from service.datasets.file_reader.encoder import Encoder
from service.datasets.file_reader.encoding import decoded
from service.datasets.file_reader.errors import FileError, shown, together
from service.datasets.file_reader.file_faults import gaps, no_features
from service.datasets.file_reader.header import Header, read_header
from service.datasets.file_reader.layout import Layout, lay_out
from service.datasets.file_reader.number_style import FileMarks
from service.datasets.file_reader.options import Options
from service.datasets.file_reader.profile import MAX_CATEGORIES, MAX_CLASSES, Profile
from service.datasets.file_reader.records import RawRecords, Record, Records
from service.datasets.file_reader.report import Report
from service.datasets.file_reader.second_pass import Settled, settle
from service.datasets.file_reader.source import Source
from service.datasets.file_reader.summary import table_of
from service.datasets.file_reader.table import FileTable
from service.datasets.file_reader.table_end import is_total
from service.datasets.file_reader.text_records import TextRecords

MAX_BYTES = 256 << 20


def read_file(
    file: BinaryIO,
    *,
    target: str | None = None,
    features: list[str] | None = None,
    header: bool | None = None,
    options: Options | None = None,
    is_parquet: bool = False,
    max_rows: int,
    max_columns: int,
    max_bytes: int = MAX_BYTES,
) -> FileTable:
    """Reads `file` from its current position to its end, by `read(n)` alone, and leaves it open. Raises FileError.

    The table has all usable columns. `target` and `features` are its default choice: the last column, and all others.
    If features are named, other columns with gaps or faults are left out. With `header=None` a first record that has
    names is the header. Without header the columns are x1, x2, … and y. A compressed file has at most `max_bytes`
    decompressed bytes. With `is_parquet` the file is what `parquet.write_cells` wrote of one.
    """
    report, options = Report(), options or Options()
    with ExitStack() as stack:
        if is_parquet:
            raw, header = _parquet_records(file, header, options), True
        else:
            raw = raw_records(Source(file), options, max_bytes, report, stack)
        records = Records(raw)
        head = read_header(records, header, max_columns, report)
        layout = lay_out(head, target, features)
        draft = stack.enter_context(Draft(len(head.names)))
        profiles = _profiles(head, layout, keeps_dates=options.dates == "days")
        encoder = encoder_of(profiles, options)
        for block in records.blocks(len(head.names), head.least, max_rows):
            draft.add(*encoder.encode(block))
        encoder.finish()
        records.finish(report)
        columns = _columns(head, layout, profiles, records.raw.separator, options)
        _report_target(layout.target, columns, report)
        if head.is_short and records.raw.separator == ",":
            _check_index(columns, encoder, draft.rows)
        _refuse(records, columns, options, draft.rows)
        settled = _settled(draft, encoder, columns, options)
        _report_total(records.end, encoder, columns, options, draft.rows, report)
        if records.raw.has_excel_digits:
            note_excel_digits(columns, settled)
    try:
        is_filled = options.missing == "mean"
        return table_of(settled, columns, report, rows=draft.rows, max_features=max_columns - 1, is_filled=is_filled)
    except BaseException:
        settled.file.close()
        raise


def _parquet_records(file: BinaryIO, header: bool | None, options: Options) -> RawRecords:
    """The records of a Parquet file, whose columns have names and types."""
    from service.datasets.file_reader.parquet import ParquetRecords  # noqa: PLC0415 - pyarrow takes 0.2 s to import

    if header is not None:
        raise FileError("a Parquet file has the names of its columns", hint="leave ?header= out")
    if options.sheet is not None:
        raise FileError("a Parquet file has no sheets", hint="leave ?sheet= out")
    return ParquetRecords(file)


def raw_records(source: Source, options: Options, max_bytes: int, report: Report, stack: ExitStack) -> RawRecords:
    """The records of the file; `stack` closes the copy of a workbook."""
    if source.is_workbook:
        from service.datasets.file_reader.workbook import SheetRecords  # noqa: PLC0415 - openpyxl takes 70 ms to import

        return SheetRecords(stack.enter_context(source.copied()), options, max_bytes, report)
    if options.sheet is not None:
        raise FileError("the file has no sheets: it is not an Excel workbook", hint="leave ?sheet= out")
    return TextRecords(decoded(source.chunks(max_bytes, report), report), report)


def _profiles(head: Header, layout: Layout, *, keeps_dates: bool) -> list[Profile]:
    profiles = []
    for j in range(len(head.names)):
        profile = Profile(MAX_CLASSES if j == layout.target else MAX_CATEGORIES, keeps_dates=keeps_dates)
        profile.is_dropped = not _may_be_used(j, head, layout) and not head.is_short
        profiles.append(profile)
    return profiles


def encoder_of(profiles: Sequence[Profile], options: Options) -> Encoder:
    return Encoder(
        profiles,
        has_dots=options.decimal != "," and options.thousands != ".",
        has_commas=options.decimal != "." and options.thousands != ",",
    )


def _may_be_used(j: int, head: Header, layout: Layout) -> bool:
    """Whether the column may be kept. The numbers of rows are the feature of a file with one other column."""
    return j != head.index or layout.is_named(j) or len(head.names) == 2


def _columns(head: Header, layout: Layout, profiles: Sequence[Profile], separator: str, options: Options) -> Columns:
    """The types of the columns. The default target is the last column that can be one."""
    file = FileMarks.of(separator, (profile.marks for profile in profiles if profile.is_numeric))

    def type_as(j: int, *, is_target: bool, is_needed: bool = False) -> ColumnType:
        named = is_needed or layout.is_named(j)
        return type_of(head.names[j], profiles[j], file, options, is_target=is_target, named=named)

    usable = [j for j in range(len(profiles)) if _may_be_used(j, head, layout)]
    found = {
        j: type_as(j, is_target=True)
        for j in usable
        if layout.may_be_target(j) and (j != head.index or j == layout.target)
    }
    target = max((j for j, each in found.items() if each.kind is not None), default=layout.target)
    if target not in found or found[target].kind is None:  # no column can be the target: the error says why
        found[target] = type_as(target, is_target=True, is_needed=True)
    types = []
    for j in range(len(profiles)):
        if j == target:
            types.append(found[j])
        elif j in usable:
            found_type = type_as(j, is_target=False)
            types.append(found_type if layout.is_needed(j) else _unless_faulty(found_type, profiles[j], options))
        else:
            types.append(ColumnType(code="index_column"))
    if head.index is not None and not layout.is_named(head.index) and types[head.index].kind != "number":
        types[head.index] = ColumnType(code="index_column")
    return Columns(head, replace(layout, target=target), profiles, types)


def _report_target(default: int, columns: Columns, report: Report) -> None:
    """Reports that the target is not the last column."""
    if columns.layout.target != default:
        old, new = columns.name(default), columns.name(columns.layout.target)
        report.add("target", f"The target is {shown(new)}, because {shown(old)} cannot be one.", [new])


def _unless_faulty(found: ColumnType, profile: Profile, options: Options) -> ColumnType:
    """The type of a column that is no requested feature: it is left out rather than that rows or the file are."""
    if found.fault is not None:
        return ColumnType(code="unclear_column", examples=[(found.fault.message, found.fault.row or 0)])
    is_filled = options.missing == "mean" and found.kind == "number"
    if found.kind is not None and profile.counts[MISSING] and not is_filled:
        return ColumnType(code="incomplete_column")
    return found


def _check_index(columns: Columns, encoder: Encoder, rows: int) -> None:
    """Raises FileError if the numbers of a first column without header number no rows: 1,5 may be one number."""
    if columns.profiles[0].is_numeric and encoder.high[0] - encoder.low[0] != rows - 1:
        width = len(columns.header.names)
        message = f"the header has {counted(width - 1, 'name')}, the rows have {width} cells"
        hint = 'name the first column, and quote a cell that contains the separator, such as "1,5"'
        raise FileError(message, hint=hint)


def _refuse(records: Records, columns: Columns, options: Options, rows: int) -> None:
    """Raises a FileError that names all faults of the file, if it has any."""
    faults = [*records.faults, *(each.fault for each in columns.types if each.fault)]
    if options.missing == "refuse":
        faults += gaps(columns, rows)
    faults.sort(key=lambda fault: fault.row or 0)
    others = [each for j, each in enumerate(columns.types) if j != columns.layout.target]
    if all(each.kind is None and each.fault is None for each in others):
        faults += no_features(columns)
    if rows < 2:
        hint = "upload at least 2 rows of data"
        faults.append(FileError("the file has only one row of data", row=records.first_row, hint=hint))
    if faults:
        raise together(faults)


def _report_total(
    end: list[Record], encoder: Encoder, columns: Columns, options: Options, rows: int, report: Report
) -> None:
    """Reports a last row that may hold totals, unless it is dropped."""
    kept = columns.kept
    if not is_total([cells for _, cells in end], encoder.last[kept], encoder.sums[kept], rows):
        return
    row, cells = end[-1]
    if options.missing != "drop" or all(classify(cells[j])[0] != MISSING for j in kept):
        message = f"Row {row} of the file looks like a total or a mean, and is read as data: remove it if it is one."
        report.add("total_row", message, rows=[row])


def _settled(draft: Draft, encoder: Encoder, columns: Columns, options: Options) -> Settled:
    """The rows of the kept columns. Those of a file of plain numbers are in the draft already."""
    kept, types = columns.kept, columns.types
    if any(columns.profiles[j].is_dropped for j in kept):
        raise RuntimeError("lost cells")
    if draft.spilled & set(kept) or any(columns.profiles[j].missing_rows for j in kept):
        numbers = [j for j in kept if types[j].kind == "number" and j != columns.layout.target]
        return settle(draft, kept, types, numbers if options.missing == "mean" else [])
    nothing = np.zeros(len(kept))
    low, high = encoder.low[kept], encoder.high[kept]
    return Settled(draft.taken(), draft.rows, draft.width, kept, low, high, nothing, nothing, [set() for _ in kept])
