"""Reads a sheet of an Excel workbook (.xlsx) record by record, and refuses one that would need much memory."""

import datetime
import itertools
import re
import zipfile
from collections.abc import Iterator
from typing import IO, Any

from openpyxl import load_workbook
from openpyxl.packaging.manifest import Manifest
from openpyxl.xml.constants import ARC_CONTENT_TYPES, SHARED_STRINGS
from openpyxl.xml.functions import fromstring

from service.datasets.csv_reader.cells import is_either
from service.datasets.csv_reader.dialect import usual_width
from service.datasets.csv_reader.errors import CsvError, listed, shown
from service.datasets.csv_reader.number_style import SHEET
from service.datasets.csv_reader.options import Options
from service.datasets.csv_reader.report import Report

_CHUNK_BYTES = 1 << 20
MAX_TEXT_BYTES = 16 << 20
"""The most bytes of a workbook's texts, which openpyxl keeps in memory."""
MAX_PART_BYTES = 4 << 20
"""The most bytes of any part besides sheets and texts, and between two rows of a sheet."""
MAX_SHEET_ROWS = 1 << 20
_ROW_TAG = re.compile(rb"</?(?:[\w.-]+:)?row\b[^>]*>")
_THREE_DECIMALS = re.compile(r"-?[0-9]+\.[0-9]{3}")
_XML_STARTS = (b"<", b" ", b"\t", b"\r", b"\n", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\0<")
"""A part that starts otherwise, such as a picture, is no sheet."""
_SAMPLE_ROWS, _CHUNK_ROWS = 64, 256
_DAMAGED = (
    zipfile.BadZipFile,
    KeyError,
    ValueError,
    TypeError,
    AttributeError,
    IndexError,
    SyntaxError,
    EOFError,
    OSError,
)
"""What openpyxl raises for a file that is no workbook, or damaged."""
_SAVE_AGAIN = "save it again as an Excel workbook (.xlsx), or as CSV UTF-8"


class SheetRecords:
    """The cells of each row of a sheet, as text; see TextRecords."""

    separator = SHEET
    comment: str | None = None

    def __init__(self, file: IO[bytes], options: Options, max_bytes: int, report: Report) -> None:
        self.row = self.chunk = 0
        _check_parts(file, max_bytes)
        self._rows = _rows(file, options, report)
        self._sample = list(itertools.islice(self._rows, _SAMPLE_ROWS))
        self.width = usual_width(self._sample)

    def __iter__(self) -> Iterator[list[str]]:
        for cells in itertools.chain(self._sample, self._rows):
            self.row += 1
            self.chunk = self.row // _CHUNK_ROWS
            yield cells


def _check_parts(file: IO[bytes], max_bytes: int) -> None:
    """Reads the large parts once. Raises CsvError for one that is too large, or has too much between two rows."""
    try:
        with zipfile.ZipFile(file) as archive:
            _check_archive(archive, max_bytes)
    except CsvError:
        raise
    except _DAMAGED:
        raise CsvError("the Excel workbook is damaged", hint=_SAVE_AGAIN) from None


def _check_archive(archive: zipfile.ZipFile, max_bytes: int) -> None:
    parts = archive.infolist()
    if "xl/workbook.xml" not in archive.namelist():
        raise CsvError("the file is a zip file, not an Excel workbook", hint=_SAVE_AGAIN)
    if sum(part.file_size for part in parts) > max_bytes:
        raise CsvError(f"the decompressed workbook exceeds {max_bytes:,} bytes", hint="upload fewer rows")
    texts = _text_part(archive)
    for part in parts:
        _check_part(archive, part, is_texts=part.filename == texts)


def _text_part(archive: zipfile.ZipFile) -> str:
    """The part that openpyxl reads as the texts of the cells, whatever its name."""
    types = archive.getinfo(ARC_CONTENT_TYPES)
    _refuse_if(types.file_size > MAX_PART_BYTES)
    found = Manifest.from_tree(fromstring(archive.read(types))).find(SHARED_STRINGS)
    return "" if found is None else str(found.PartName[1:])


def _check_part(archive: zipfile.ZipFile, part: zipfile.ZipInfo, *, is_texts: bool) -> None:
    """Checks a part by its size, and a sheet, which any large part in XML may be, by the distances of its rows."""
    if is_texts:
        _refuse_if(part.file_size > MAX_TEXT_BYTES)
    elif part.file_size > MAX_PART_BYTES or part.filename.startswith("xl/worksheets/"):
        with archive.open(part) as content:
            start = content.read(_CHUNK_BYTES)
            if start.startswith(_XML_STARTS):
                _check_rows(itertools.chain([start], iter(lambda: content.read(_CHUNK_BYTES), b"")))


def _refuse_if(is_large: bool) -> None:
    if is_large:
        raise CsvError("the Excel workbook has too much text or formatting", hint="save it as CSV UTF-8")


def _check_rows(pieces: Iterator[bytes]) -> None:
    """Checks that openpyxl, which keeps a row until its end, never keeps more than MAX_PART_BYTES of a sheet.

    Rows in rows, and the declarations and comments that could hide them, are refused: no program writes these.
    """
    kept, rows, is_open, since = b"", 0, False, 0
    for piece in pieces:
        kept += piece
        end = kept.rfind(b">") + 1
        whole, kept = kept[:end], kept[end:]
        is_odd, last = b"<!" in whole or whole.rfind(b"<?") > 0, 0
        for tag in _ROW_TAG.finditer(whole):
            starts = not tag[0].startswith(b"</")
            is_odd = is_odd or (starts and is_open) or since + tag.start() - last > MAX_PART_BYTES
            rows += starts
            is_open = starts and not tag[0].endswith(b"/>")
            since, last = 0, tag.end()
        since += end - last
        if is_odd or since + len(kept) > MAX_PART_BYTES or rows > MAX_SHEET_ROWS:
            message = "a sheet of the Excel workbook has a row that is too long, too many rows, or a wrong structure"
            raise CsvError(message, hint=_SAVE_AGAIN)


def _rows(file: IO[bytes], options: Options, report: Report) -> Iterator[list[str]]:
    """The rows of the sheet, or of the first one. Raises CsvError."""
    file.seek(0)
    try:
        workbook = load_workbook(file, read_only=True, data_only=True, keep_links=False)
        names = [each.title for each in workbook.worksheets]
        chosen = _chosen(options.sheet, names)
        others = (
            f" The workbook also has {listed([name for name in names if name != chosen])}." if len(names) > 1 else ""
        )
        report.add("sheet", f"The sheet {shown(chosen)} of the Excel workbook is read.{others}")
        page = workbook[chosen]
        page.reset_dimensions()
        mark = "," if options.decimal == "," or options.thousands == "." else "."
        for cells in page.iter_rows(values_only=True):
            yield [_text(cell, mark) for cell in cells]
    except CsvError:
        raise
    except _DAMAGED:
        raise CsvError("the Excel workbook is damaged", hint=_SAVE_AGAIN) from None


def _chosen(sheet: str | None, names: list[str]) -> str:
    if not names:
        raise CsvError("the Excel workbook has no sheet", hint=_SAVE_AGAIN)
    if sheet is not None and sheet not in names:
        raise CsvError(f"unknown sheet {shown(sheet)}; the sheets are {listed(names)}", hint="choose one of these")
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
