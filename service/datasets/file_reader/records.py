"""The records of a table, in blocks: leaves out blank records and comments, and checks the number of cells."""

from collections.abc import Iterator
from typing import Protocol

from service.datasets.file_reader.cells import MISSING, TEXT, classify
from service.datasets.file_reader.dialect import RULER_ENDS, is_blank, is_ruler
from service.datasets.file_reader.errors import MOST_FAULTS, FileError, ragged_row, together
from service.datasets.file_reader.report import MOST_PLACES, Report, places
from service.datasets.file_reader.table_end import is_footnote, starts_as_note

Record = tuple[int, list[str]]
"""The number of the record in the file, from 1, and its cells."""

MOST_NOTES = 10
"""The most records at the end of a table that may be notes."""
FEW_ROWS, MOST_CHUNKS = 64, 4
"""A block of fewer rows is extended by further chunks: the time of a block grows with the number of columns."""


class RawRecords(Protocol):
    """The cells of each record of a text or a sheet, and facts about the records read so far."""

    row: int
    chunk: int
    comment: str | None
    separator: str
    width: int
    has_excel_digits: bool
    """Whether Excel wrote the numbers, with at most 15 digits."""
    is_typed: bool
    """Whether each record is a row of data, and none a note or a line between."""

    def __iter__(self) -> Iterator[list[str]]: ...


class Records:
    """Iterator over the records that are not blank."""

    def __init__(self, raw: RawRecords) -> None:
        self.raw = raw
        self.faults: list[FileError] = []
        """Records with a wrong number of cells."""
        self.first_row: int | None = None
        """The row of the first record after the header."""
        self.end: list[Record] = []
        """The last records of the table, at most MOST_NOTES."""
        self._notes: list[FileError] = []
        """Records with a wrong number of cells that are notes if no other record follows, or faults."""
        self._returned: list[Record] = []
        self._left_out: dict[str, list[int]] = {"blank_rows": [], "comments": [], "trailing_separators": []}
        self._counts = dict.fromkeys(self._left_out, 0)
        self._rest = iter(raw)

    def __iter__(self) -> Iterator[Record]:
        return self

    def __next__(self) -> Record:
        return self._returned.pop() if self._returned else self._next_filled()

    def _next_filled(self) -> Record:
        for cells in self._rest:
            if not self._is_blank(cells):
                return self.raw.row, cells
        raise StopIteration

    def _is_blank(self, cells: list[str]) -> bool:
        """Whether the record just read is blank. Counts rows of separators."""
        if self.raw.is_typed:
            return False
        if is_ruler(cells):
            self._count("comments", self.raw.row)
            return True
        if not is_blank(cells):
            return False
        if len(cells) > 1:
            self._count("blank_rows", self.raw.row)
        return True

    def give_back(self, record: Record) -> None:
        """Makes `record` the next one."""
        self._returned.append(record)
        self.first_row = record[0]

    def blocks(self, width: int, least: int, max_rows: int) -> Iterator[list[Record]]:
        """Yields all further records in blocks of about one chunk of the file, or more if that has few records.

        Each record has `width` cells: those of at least `least` cells are filled up with empty ones. Raises FileError
        above `max_rows`, and with MOST_FAULTS faults.
        """
        raw = self.raw
        block = [record for record in reversed(self._returned) if self._has_width(*record, width, least)]
        count, chunk = len(block), raw.chunk
        self._check_count(count, max_rows)
        for cells in self._rest:  # the innermost loop of a reading
            # A first cell that is blank, or ends as a ruler does; the empty text is in every text.
            may_be_none = len(cells) != width or cells[0].strip()[-1:] in RULER_ENDS
            if may_be_none and not self._is_kept(cells, width, least):
                continue
            count += 1
            if count > max_rows:
                self._check_count(count, max_rows)
            block.append((raw.row, cells))
            if raw.chunk > chunk and len(block) > (MOST_NOTES if raw.chunk > chunk + MOST_CHUNKS else FEW_ROWS):
                yield block[:-MOST_NOTES]
                block, chunk = block[-MOST_NOTES:], raw.chunk
        self._end(block)
        if block:
            yield block

    def _end(self, block: list[Record]) -> None:
        """Removes the notes at the end of the last block. Notes between the records are faults."""
        while (
            len(block) > 1
            and not self.raw.is_typed
            and is_footnote(
                block[-1][1], [cells for _, cells in block[:-1]], has_distance=block[-1][0] > block[-2][0] + 1
            )
        ):
            self._count("comments", block.pop()[0])
        self.end = block[-MOST_NOTES:]
        for note in self._notes:
            if note.row is not None and (not self.end or note.row > self.end[-1][0]):
                self._count("comments", note.row)
            else:
                self._add_fault(note)

    def _add_fault(self, fault: FileError) -> None:
        self.faults.append(fault)
        if len(self.faults) == MOST_FAULTS:
            raise together(self.faults)

    def _check_count(self, count: int, max_rows: int) -> None:
        if count > max_rows:
            message = f"the file has more than {max_rows:,} rows of data"
            raise FileError(message, row=self.raw.row, hint="upload fewer rows")

    def _is_kept(self, cells: list[str], width: int, least: int) -> bool:
        return not self._is_blank(cells) and self._has_width(self.raw.row, cells, width, least)

    def _has_width(self, row: int, cells: list[str], width: int, least: int) -> bool:
        """Gives the record its number of cells, if it lacks or has empty cells at the end. Notes a fault otherwise."""
        if len(cells) == width:
            return True
        if len(cells) > width and is_blank(cells[width:]):
            del cells[width:]
            self._count("trailing_separators", row)
        elif least <= len(cells) < width:
            cells += [""] * (width - len(cells))
        elif _is_note(cells, width):
            self._count("comments", row)
            return False
        else:
            fault = ragged_row(row, len(cells), width, "header or first row")
            may_be_note = width > 1 and classify(cells[0])[0] == TEXT and (len(cells) == 1 or starts_as_note(cells[0]))
            if may_be_note and len(self._notes) < MOST_NOTES:
                self._notes.append(fault)
            else:
                self._add_fault(fault)
            return False
        return True

    def _count(self, code: str, row: int) -> None:
        self._counts[code] += 1
        if len(self._left_out[code]) < MOST_PLACES:
            self._left_out[code].append(row)

    def finish(self, report: Report) -> None:
        """Reports the records that were left out or cut."""
        texts = {
            "blank_rows": "Rows of empty cells are left out",
            "comments": "Comments and notes between or below the rows are left out",
            "trailing_separators": "Empty cells at the end of rows are left out",
        }
        for code, rows in self._left_out.items():
            if rows:
                report.add(code, f"{texts[code]}: {places(sorted(rows), self._counts[code])}.", rows=sorted(rows))


def _is_note(cells: list[str], width: int) -> bool:
    """Whether a record with a wrong number of cells is a comment, or a single text."""
    kind = classify(cells[0])[0]
    return (cells[0].lstrip().startswith("#") and kind != MISSING) or (len(cells) == 1 and width > 2 and kind == TEXT)
