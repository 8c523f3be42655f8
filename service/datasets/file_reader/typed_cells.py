"""Typed cells of a workbook or a Parquet file, as the text of the same cell in a text file, and their records."""

import datetime
import itertools
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from service.datasets.file_reader.cells import is_either
from service.datasets.file_reader.dialect import usual_width
from service.datasets.file_reader.number_style import SHEET

_SAMPLE_ROWS, _CHUNK_ROWS = 64, 256
THREE_DECIMALS = re.compile(r"-?[0-9]+\.[0-9]{3}")


def cell_text(cell: Any, mark: str) -> str:
    """The text of a cell as a text file with this decimal mark has it."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, datetime.datetime) and cell.time() == datetime.time():
        return cell.date().isoformat()
    if isinstance(cell, datetime.date | datetime.datetime):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15 and str(cell) != "-0.0":
        return str(int(cell))
    if isinstance(cell, float | Decimal):
        # The dot of 1.250 could stand between thousands, that of 1.2500 cannot.
        return f"{cell}{'0' if THREE_DECIMALS.fullmatch(str(cell)) else ''}".replace(".", mark)
    text = str(cell).replace("\0", " ").encode("utf-8", "replace").decode()
    # A space that no plain number has: the text 1.250 is judged as a text, among numbers too.
    return f"{text}\u00a0" if isinstance(cell, str) and is_either(text.strip().lstrip("+-")) else text


class CellRecords:
    """The cells of each record, as text; see TextRecords."""

    separator = SHEET
    comment: str | None = None
    has_excel_digits = is_typed = False

    def __init__(self, rows: Iterator[list[str]]) -> None:
        self.row = self.chunk = 0
        self._rows = rows
        self._sample = list(itertools.islice(rows, _SAMPLE_ROWS))
        self.width = usual_width(self._sample)

    def __iter__(self) -> Iterator[list[str]]:
        for cells in itertools.chain(self._sample, self._rows):
            self.row += 1
            self.chunk = self.row // _CHUNK_ROWS
            yield cells
