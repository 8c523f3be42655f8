"""Reads a sheet of an Excel workbook (.xlsx) record by record."""

import datetime
import itertools
import re
from collections.abc import Iterator
from typing import IO, Any

from openpyxl import load_workbook

from service.datasets.file_reader.cells import is_either
from service.datasets.file_reader.dialect import usual_width
from service.datasets.file_reader.errors import FileError, listed, shown
from service.datasets.file_reader.number_style import SHEET
from service.datasets.file_reader.options import Options
from service.datasets.file_reader.report import Report
from service.datasets.file_reader.workbook_parts import SAVE_AGAIN, check_parts, refusing_damage

_THREE_DECIMALS = re.compile(r"-?[0-9]+\.[0-9]{3}")
_SAMPLE_ROWS, _CHUNK_ROWS = 64, 256


class SheetRecords:
    """The cells of each row of a sheet, as text; see TextRecords."""

    separator = SHEET
    comment: str | None = None

    def __init__(self, file: IO[bytes], options: Options, max_bytes: int, report: Report) -> None:
        self.row = self.chunk = 0
        check_parts(file, max_bytes)
        self._rows = _rows(file, options, report)
        self._sample = list(itertools.islice(self._rows, _SAMPLE_ROWS))
        self.width = usual_width(self._sample)

    def __iter__(self) -> Iterator[list[str]]:
        for cells in itertools.chain(self._sample, self._rows):
            self.row += 1
            self.chunk = self.row // _CHUNK_ROWS
            yield cells


def _rows(file: IO[bytes], options: Options, report: Report) -> Iterator[list[str]]:
    """The rows of the sheet, or of the first one. Raises FileError."""
    file.seek(0)
    with refusing_damage():
        workbook = load_workbook(file, read_only=True, data_only=True, keep_links=False)
        names = [each.title for each in workbook.worksheets]
        chosen = _chosen(options.sheet, names)
        others = [name for name in names if name != chosen]
        more = f" The workbook also has {listed(others)}." if others else ""
        report.add("sheet", f"The sheet {shown(chosen)} of the Excel workbook is read.{more}")
        page = workbook[chosen]
        page.reset_dimensions()
        mark = "," if options.decimal == "," or options.thousands == "." else "."
        for cells in page.iter_rows(values_only=True):
            yield [_text(cell, mark) for cell in cells]


def _chosen(sheet: str | None, names: list[str]) -> str:
    if not names:
        raise FileError("the Excel workbook has no sheet", hint=SAVE_AGAIN)
    if sheet is not None and sheet not in names:
        raise FileError(f"unknown sheet {shown(sheet)}; the sheets are {listed(names)}", hint="choose one of these")
    return names[0] if sheet is None else sheet


def _text(cell: Any, mark: str) -> str:
    """The text of a cell as a text file with this decimal mark has it."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, datetime.datetime) and cell.time() == datetime.time():
        return cell.date().isoformat()
    if isinstance(cell, datetime.date | datetime.datetime):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    if isinstance(cell, float):
        # The dot of 1.250 could stand between thousands, that of 1.2500 cannot.
        return f"{cell}{'0' if _THREE_DECIMALS.fullmatch(str(cell)) else ''}".replace(".", mark)
    text = str(cell).replace("\0", " ").encode("utf-8", "replace").decode()
    # A space that no plain number has: the text 1.250 is judged as a text, among numbers too.
    return f"{text}\u00a0" if isinstance(cell, str) and is_either(text.strip().lstrip("+-")) else text
