"""The header of a table: the names of the columns, the index column, and lines above the header."""

import itertools
import unicodedata
from dataclasses import dataclass, field

from service.core.plurals import counted
from service.datasets.file_reader.cells import MISSING, NUMBER, classify
from service.datasets.file_reader.dialect import is_blank, rows
from service.datasets.file_reader.errors import FileError, listed
from service.datasets.file_reader.number_names import are_names
from service.datasets.file_reader.records import Record, Records
from service.datasets.file_reader.report import Report, places

_MOST_TITLES = 20
_SAMPLE_ROWS, _MOST_NUMBERS = 64, 1_000
"""The records below the first one that are looked at, and the most numbers of a first record that may be names."""
_INDEX_NAMES = {"", "Unnamed: 0"}
"""Headers of the index column of R and pandas; pandas reads and writes its own as `Unnamed: 0`."""


@dataclass(frozen=True)
class Header:
    """Names of the columns, all different."""

    names: list[str]
    index: int | None = None
    """The column that holds the numbers or names of the rows."""
    unnamed: frozenset[int] = field(default_factory=frozenset)
    is_short: bool = False
    """The header has no cell for the index."""

    @property
    def least(self) -> int:
        """The number of cells of a record without those of unnamed columns at the end."""
        least = len(self.names)
        while least and least - 1 in self.unnamed:
            least -= 1
        return least


def read_header(records: Records, header: bool | None, max_columns: int, report: Report) -> Header:
    """Reads the header, if there is one. The next record is then the first of the data. Raises FileError."""
    titles = _skip_titles(records)
    first = next(records)
    width = len(first[1])
    if width > max_columns:
        raise FileError(
            f"the file has {width:,} columns; the limit is {max_columns:,}", row=first[0], hint="upload fewer columns"
        )
    sample = _sample(records, first)
    second = sample[0] if sample else None
    has_numbers_as_names = _has_numbers_as_names(first[1], sample)
    has_names = has_numbers_as_names or _is_header(first[1], second[1] if second else None, records.raw.width)
    _report_titles(titles, first, has_names=has_names or header is False, report=report)
    if has_numbers_as_names and header is None:
        message = f"The first row, {listed(first[1])}, has the names of the columns; ?header=false reads it as data."
        report.add("numbers_as_names", message, rows=[first[0]])
    header = has_names if header is None else header
    for record in reversed(sample):
        records.give_back(record)
    if not header:
        records.give_back(first)
        return _from_comment(records.raw.comment, records.raw.separator, width, report) or _without_header(
            width, report
        )
    if second is None:
        raise FileError("the file has no rows of data below the header", hint="upload at least 2 rows of data")
    return _named(first, _is_short(first[1], second[1], records.raw.width), report)


def _skip_titles(records: Records) -> list[Record]:
    """The lines above the table, which have fewer cells. The next record is the table's first. Raises FileError."""
    titles: list[Record] = []
    usual = records.raw.width
    for row, cells in records:
        has_one_cell = usual > 1 and is_blank(cells[1:]) and classify(cells[0])[0] != NUMBER
        if (len(cells) < usual - 1 or has_one_cell) and len(titles) < _MOST_TITLES:
            titles.append((row, cells))
            continue
        records.give_back((row, cells))
        return titles
    if titles:
        raise FileError("the file has no rows of data", hint="upload at least 2 rows of data")
    raise FileError("the file is empty", hint="upload at least 2 rows of data")


def _report_titles(titles: list[Record], first: Record, *, has_names: bool, report: Report) -> None:
    """Reports the lines above the table. Raises FileError if the last one may be a header that lacks names."""
    if not titles:
        return
    row, cells = titles[-1]
    cells = [cell for cell in cells if cell.strip()]
    if not has_names and row == first[0] - 1 and not any(classify(cell)[0] == NUMBER for cell in cells):
        message = f"the row has {counted(len(cells), 'name')}, the row below has {len(first[1]):,} cells"
        hint = 'name every column, and quote a cell that contains the separator, such as "1,5"; or delete a title'
        raise FileError(message, row=row, hint=hint)
    rows = [each for each, _ in titles]
    report.add("title", f"Lines above the table are left out: {places(rows, len(rows))}.", rows=rows)


def _is_header(first: list[str], second: list[str] | None, usual: int) -> bool:
    """Whether the first record has names: texts above numbers are, numbers above numbers are not."""
    kinds = [classify(cell)[0] for cell in first]
    if all(kind == NUMBER for kind in kinds):
        return False
    if second is None:
        return not any(kind == NUMBER for kind in kinds)
    if _has_index_cell(first, second):
        return True
    below = [classify(cell)[0] for cell in second]
    shift = 1 if _is_short(first, second, usual) else 0
    pairs = list(zip(kinds, below[shift:], strict=False))
    numbers = pairs.count((NUMBER, NUMBER))
    texts = sum(upper not in {NUMBER, MISSING} and lower == NUMBER for upper, lower in pairs)
    return numbers == 0 or texts >= numbers


def _has_index_cell(first: list[str], second: list[str]) -> bool:
    """Whether the first record begins with an empty cell above the index, and has different names, even 1940, 1950."""
    names = {cell.strip() for cell in first[1:]}
    return not first[0].strip() and second[0].strip() != "" and "" not in names and len(names) == len(first) - 1


def _sample(records: Records, first: Record) -> list[Record]:
    """The second record; all that may tell the meaning of a first one that has several numbers."""
    numbers = sum(classify(cell)[0] == NUMBER for cell in first[1])
    return list(itertools.islice(records, _SAMPLE_ROWS if 1 < numbers <= _MOST_NUMBERS else 1))


def _has_numbers_as_names(first: list[str], sample: list[Record]) -> bool:
    numbers = [j for j, cell in enumerate(first) if classify(cell)[0] == NUMBER]
    below = [cells[len(cells) - len(first) :] for _, cells in sample if len(first) <= len(cells) <= len(first) + 1]
    return are_names([first[j] for j in numbers], [[cells[j] for cells in below] for j in numbers])


def _is_short(header: list[str], data: list[str], usual: int) -> bool:
    """Whether the header has no cell for the first column of the data; `usual` is the usual number of cells."""
    return usual == len(data) == len(header) + 1 and data[-1].strip() != ""


def _from_comment(comment: str | None, separator: str, width: int, report: Report) -> Header | None:
    """The header in the last comment line, as numpy writes it: `# x,y`; None if it has another number of cells."""
    cells = next(rows([comment], separator), []) if comment else []
    if len(cells) != width or any(classify(cell)[0] == NUMBER for cell in cells):
        return None
    report.add("header_in_comment", "The comment line above the data has the names of the columns.")
    return _named((0, cells), False, report)


def _without_header(width: int, report: Report) -> Header:
    names = [*(f"x{j}" for j in range(1, width)), "y"]
    report.add("no_header", "The first row has data, so the columns are called x1, x2, … and y.")
    return Header(names)


def _named(record: Record, is_short: bool, report: Report) -> Header:
    """The header of a record; with `is_short` the data has one more column, at the start."""
    row, cells = record
    cells = ["", *cells] if is_short else cells
    given = [unicodedata.normalize("NFC", cell.strip().lstrip("\ufeff")) for cell in cells]
    index = 0 if len(given) > 1 and given[0] in _INDEX_NAMES else None
    unnamed = frozenset(j for j, name in enumerate(given) if not name)
    names: list[str] = []
    repeated: list[str] = []
    taken = set(given)
    used: set[str] = set()
    for j, name in enumerate(given):
        new = name or _free(f"column {j + 1}", taken)
        if name and name in used:
            new = _numbered(name, taken)
            repeated.append(new)
        used.add(name)
        taken.add(new)
        names.append(new)
    if repeated:
        text = f"Names that occur twice are numbered: {listed(repeated)}."
        report.add("duplicate_names", text, repeated, [row] if row else ())
    return Header(names, index, unnamed, is_short)


def _numbered(name: str, taken: set[str]) -> str:
    number = 2
    while f"{name}_{number}" in taken:
        number += 1
    return f"{name}_{number}"


def _free(name: str, taken: set[str]) -> str:
    return _numbered(name, taken) if name in taken else name
