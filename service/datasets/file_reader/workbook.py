"""Reads a sheet of an Excel workbook (.xlsx) record by record."""

import itertools
from collections.abc import Iterator
from typing import IO, Any

from openpyxl import load_workbook

from service.datasets.file_reader.errors import FileError, listed, shown
from service.datasets.file_reader.options import Options
from service.datasets.file_reader.report import Report
from service.datasets.file_reader.typed_cells import CellRecords, cell_text
from service.datasets.file_reader.workbook_parts import (
    MAX_SHEET_ROWS,
    SAVE_AGAIN,
    WRONG_SHEET,
    check_parts,
    refusing_damage,
)

_MOST_EMPTY_ROWS = 1_000
"""The rows of a sheet that are looked at for content."""


class SheetRecords(CellRecords):
    """The cells of each row of a sheet."""

    has_excel_digits = True

    def __init__(self, file: IO[bytes], options: Options, max_bytes: int, report: Report) -> None:
        check_parts(file, max_bytes)
        super().__init__(_rows(file, options, report))


def _rows(file: IO[bytes], options: Options, report: Report) -> Iterator[list[str]]:
    """The rows of the chosen sheet. Raises FileError."""
    file.seek(0)
    with refusing_damage():
        workbook = load_workbook(file, read_only=True, data_only=True, keep_links=False)
        page = _chosen(options.sheet, workbook.worksheets)
        others = [each.title for each in workbook.worksheets if each is not page]
        more = f" The workbook also has {listed(others)}." if others else ""
        report.add("sheet", f"The sheet {shown(page.title)} of the Excel workbook is read.{more}")
        mark = "," if options.decimal == "," or options.thousands == "." else "."
        for number, cells in enumerate(page.iter_rows(values_only=True)):
            if number == MAX_SHEET_ROWS:  # openpyxl adds missing rows, and the check sees no numbers in UTF-16
                raise FileError(WRONG_SHEET, hint=SAVE_AGAIN)
            yield [cell_text(cell, mark) for cell in cells]


def _chosen(name: str | None, pages: list[Any]) -> Any:
    """The sheet of this name, or the first visible one; if that is empty, the only one that is not."""
    if not pages:
        raise FileError("the Excel workbook has no sheet", hint=SAVE_AGAIN)
    for page in pages:
        page.reset_dimensions()
    names = [page.title for page in pages]
    if name is not None and name not in names:
        raise FileError(f"unknown sheet {shown(name)}; the sheets are {listed(names)}", hint="choose one of these")
    visible = [page for page in pages if page.sheet_state == "visible"]
    first = next((page for page in pages if page.title == name), (visible or pages)[0])
    if _has_content(first):
        return first
    filled = [page for page in pages if _has_content(page)]
    if filled and (name is not None or len(filled) > 1):
        hint = f"choose another one by ?sheet=: {listed([page.title for page in filled])}"
        raise FileError(f"the sheet {shown(first.title)} is empty", hint=hint)
    return filled[0] if filled else first


def _has_content(page: Any) -> bool:
    """Whether a cell in the first rows of a sheet has a value."""
    rows = itertools.islice(page.iter_rows(values_only=True), _MOST_EMPTY_ROWS)
    return any(cell is not None and str(cell).strip() for cells in rows for cell in cells)
