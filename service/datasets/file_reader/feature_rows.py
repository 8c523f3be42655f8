"""read_feature_rows(): reads the rows of a file of which a fitted model is asked, each of them, in their order.

The cells are read as those of an upload, with the evidence of the same columns. An upload may leave out a row or a
column that it cannot use, and reports it; here each fault of a needed column, and each row that would be left out, is a
fault of the file.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from typing import BinaryIO

from service.core.name_hints import nearest
from service.datasets.file_reader.cells import MISSING
from service.datasets.file_reader.column_types import ColumnType, type_of
from service.datasets.file_reader.columns import Columns
from service.datasets.file_reader.draft import Draft
from service.datasets.file_reader.errors import FileError, listed, shown, together
from service.datasets.file_reader.file_faults import gap
from service.datasets.file_reader.header import Header, read_header
from service.datasets.file_reader.layout import Layout
from service.datasets.file_reader.number_faults import not_numbers
from service.datasets.file_reader.number_style import FileMarks
from service.datasets.file_reader.options import Options
from service.datasets.file_reader.profile import MAX_CATEGORIES, Profile
from service.datasets.file_reader.reading import MAX_BYTES, encoder_of, raw_records
from service.datasets.file_reader.records import Record, Records
from service.datasets.file_reader.report import Report
from service.datasets.file_reader.second_pass import settle
from service.datasets.file_reader.source import Source
from service.datasets.file_reader.table import FileTable, TableColumn

Needed = Mapping[str, Sequence[str] | None]
"""The needed columns by name: None for one of numbers, the known texts for a category."""

NO_ROWS = {
    "blank_rows": "the file has a row of empty cells",
    "comments": "the file has a comment or a note between or below its rows",
}
"""The faults of lines that an upload leaves out, by their codes in its report."""


def read_feature_rows(
    file: BinaryIO,
    needed: Needed,
    *,
    options: Options,
    max_rows: int,
    max_columns: int,
    max_bytes: int = MAX_BYTES,
) -> FileTable:
    """Reads the needed columns of `file`, whose first row has their names, in any order. Raises FileError.

    The table has these columns in the order of `needed`, and at least one row. A category has the index of its text
    among the known ones.
    """
    report = Report()
    with ExitStack() as stack:
        records = Records(raw_records(Source(file), options, max_bytes, report, stack))
        head = read_header(records, True, max_columns, report)
        places = _places(head, needed, records, report)
        profiles = _profiles(head, needed, options)
        draft = stack.enter_context(Draft(len(head.names)))
        encoder, rows = encoder_of(profiles, options), _Rows()
        for block in records.blocks(len(head.names), head.least, max_rows):
            rows.add(block)
            draft.add(*encoder.encode(block))
        encoder.finish()
        noted = len(report.entries)
        records.finish(report)
        columns = Columns(head, Layout(-1, True, None), profiles, _types(head, profiles, needed, records, options))
        _refuse(columns, places, [*records.faults, *_left_out(report, noted), *rows.faults(records, len(head.names))])
        settled = settle(draft, places, columns.types, [])
        if settled.rows != draft.rows:
            settled.file.close()
            raise RuntimeError("lost rows")
    described = [
        TableColumn(name, "number" if texts is None else "category", None if texts is None else list(texts))
        for name, texts in needed.items()
    ]
    ignored = [name for j, name in enumerate(head.names) if j not in places and j not in head.unnamed]
    positions = settled.positions
    return FileTable(
        described, list(needed), "", ignored, report.entries, settled.rows, settled.file, settled.width, positions
    )


class _Rows:
    """The rows of the file from the first record to the last one, and the number of records."""

    def __init__(self) -> None:
        self._first = self._last = self._count = 0

    def add(self, block: Sequence[Record]) -> None:
        self._first = self._first or block[0][0]
        self._last, self._count = block[-1][0], self._count + len(block)

    def faults(self, records: Records, width: int) -> list[FileError]:
        """The fault of a file without rows, or of one column whose empty line may be a row with a missing value."""
        if not self._count and not records.faults:
            return [FileError("the file has no rows of data", hint="add rows below the header")]
        if width > 1 or records.raw.row - self._first + 1 == self._count:
            return []
        message = "an empty line may be a row with a missing value"
        return [FileError(message, hint="remove the empty lines of the file")]


def _places(head: Header, needed: Needed, records: Records, report: Report) -> list[int]:
    """The needed columns. Raises FileError for names that are missing, or that several columns have."""
    repeated = [name for entry in report.entries if entry["code"] == "duplicate_names" for name in entry["columns"]]
    if repeated:
        message = f"the header has a name twice: {listed(repeated)} would be the name of the second column"
        raise FileError(message, hint="give every column another name")
    if head.is_short and records.raw.separator == ",":
        message = f"the header has {len(head.names) - 1:,} names, the rows have {len(head.names):,} cells"
        hint = 'name the first column, and quote a cell that contains the separator, such as "1,5"'
        raise FileError(message, hint=hint)
    known = {name: j for j, name in enumerate(head.names) if j not in head.unnamed}
    if missing := [name for name in needed if name not in known]:
        raise together([_absent(name, list(known), needed) for name in missing])
    return [known[name] for name in needed]


def _absent(name: str, known: Sequence[str], needed: Needed) -> FileError:
    near = nearest(name, [each for each in known if each not in needed])
    hint = "name the columns like the features of the run" if near is None else f"is it {shown(near)}? Rename it"
    return FileError(f"the file has no column {shown(name)}; the columns are {listed(known)}", hint=hint)


def _profiles(head: Header, needed: Needed, options: Options) -> list[Profile]:
    """The profiles of all columns: those besides the needed ones may say what the marks of the file mean."""
    profiles = []
    for j, name in enumerate(head.names):
        profile = Profile(max(MAX_CATEGORIES, len(needed.get(name) or ())), keeps_dates=options.dates == "days")
        profile.is_dropped = j == head.index and name not in needed
        profiles.append(profile)
    return profiles


def _types(
    head: Header, profiles: Sequence[Profile], needed: Needed, records: Records, options: Options
) -> list[ColumnType]:
    marks = FileMarks.of(records.raw.separator, (profile.marks for profile in profiles if profile.is_numeric))
    types = []
    for name, profile in zip(head.names, profiles, strict=True):
        texts = needed.get(name)
        if name not in needed:
            types.append(ColumnType())
        elif texts is None:
            types.append(_number(name, profile, marks, options))
        else:
            types.append(_category(name, profile, texts))
    return types


def _number(name: str, profile: Profile, marks: FileMarks, options: Options) -> ColumnType:
    if sum(profile.counts) == profile.counts[MISSING]:
        return ColumnType()
    found = type_of(name, profile, marks, options, is_target=False, named=True)
    if found.kind == "number" and found.fault is None:
        return found
    fault = found.fault or not_numbers(name, profile)
    if fault.hint and fault.hint.endswith(": name the features"):  # an upload can do without the column
        fault.hint = "write plain numbers such as 1234.5, or leave these rows out"
    return ColumnType(fault=fault)


def _category(name: str, profile: Profile, known: Sequence[str]) -> ColumnType:
    """The type of a category. An unknown text is a fault: as several zeros it would be taken for another text."""
    codes = {text: float(code) for code, text in enumerate(known)}
    firsts = [cell for kind, cell in profile.first_of_kind.items() if kind != MISSING]
    unknown = {_composed(text) for text in (*profile.texts, *(text for _, text in firsts))} - set(codes)
    hint = "leave these rows out"
    if unknown:
        rows = [row for row, text in firsts if _composed(text) in unknown]
        message = f"the run has not seen {listed(sorted(unknown))}; it has seen {listed(known)}"
        return ColumnType(fault=FileError(message, row=min(rows, default=None), column=name, hint=hint))
    if profile.is_dropped:
        message = f"the column has more texts than the run has seen; it has seen {listed(known)}"
        return ColumnType(fault=FileError(message, column=name, hint=hint))
    return ColumnType("category", convert=partial(_code, codes=codes))


def _code(cell: str, *, codes: Mapping[str, float]) -> float:
    return codes[_composed(cell.strip())]


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def _left_out(report: Report, noted: int) -> list[FileError]:
    """The faults of a file from whose rows the reader left some out. `noted` entries concern what is above them."""
    return [
        FileError(NO_ROWS[entry["code"]], row=entry["rows"][0], hint="remove it: each row gives a prediction")
        for entry in report.entries[noted:]
        if entry["code"] in NO_ROWS
    ]


def _refuse(columns: Columns, places: Sequence[int], faults: list[FileError]) -> None:
    """Raises a FileError that names all faults of the file, if it has any."""
    for j in places:
        if fault := columns.types[j].fault:
            faults.append(fault)
        elif columns.profiles[j].counts[MISSING]:
            faults.append(gap(columns, j, "fill it in, or leave these rows out"))
    if faults:
        raise together(sorted(faults, key=lambda fault: fault.row or 0))
