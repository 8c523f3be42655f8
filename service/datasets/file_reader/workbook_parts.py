"""The parts of an Excel workbook: refuses a file that is none, or that would need much memory."""

import itertools
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from openpyxl.packaging.manifest import Manifest
from openpyxl.xml.constants import ARC_CONTENT_TYPES, SHARED_STRINGS
from openpyxl.xml.functions import fromstring

from service.datasets.file_reader.errors import FileError

_CHUNK_BYTES = 1 << 20
MAX_TEXT_BYTES = 16 << 20
"""The most bytes of a workbook's texts, which openpyxl keeps in memory."""
MAX_PART_BYTES = 4 << 20
"""The most bytes of any part besides sheets and texts, and between two rows of a sheet."""
MAX_SHEET_ROWS = 1 << 20
_ROW_TAG = re.compile(rb"</?(?:[\w.-]+:)?row\b[^>]*>")
_ROW_NUMBER = re.compile(rb"""\sr\s*=\s*["']([0-9]+)["']""")
_XML_STARTS = (b"<", b" ", b"\t", b"\r", b"\n", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\0<")
"""A part that starts otherwise, such as a picture, is no sheet."""
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
    NotImplementedError,
    zlib.error,
)
"""What openpyxl raises for a file that is no workbook, or damaged."""
WRONG_SHEET = (
    "the Excel workbook has a sheet with a row that is too long or out of order, too many rows, or a wrong structure"
)
SAVE_AGAIN = "save it again as an Excel workbook (.xlsx), or as CSV UTF-8"


@contextmanager
def refusing_damage() -> Iterator[None]:
    """Raises FileError for any error of a damaged workbook."""
    try:
        yield
    except FileError:
        raise
    except _DAMAGED:
        raise FileError("the Excel workbook is damaged", hint=SAVE_AGAIN) from None


def check_parts(file: IO[bytes], max_bytes: int) -> None:
    """Reads the large parts once. Raises FileError for one that is too large, or has too much between two rows."""
    with refusing_damage(), zipfile.ZipFile(file) as archive:
        _check_archive(archive, max_bytes)


def _check_archive(archive: zipfile.ZipFile, max_bytes: int) -> None:
    parts = archive.infolist()
    if "xl/workbook.xml" not in archive.namelist():
        raise FileError("the file is a zip file, not an Excel workbook", hint=SAVE_AGAIN)
    if sum(part.file_size for part in parts) > max_bytes:
        raise FileError(f"the decompressed workbook exceeds {max_bytes:,} bytes", hint="upload fewer rows")
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
        raise FileError("the Excel workbook has too much text or formatting", hint="save it as CSV UTF-8")


def _check_rows(pieces: Iterator[bytes]) -> None:
    """Checks that openpyxl, which keeps a row until its end, never keeps more than MAX_PART_BYTES of a sheet.

    Rows in rows, and the declarations and comments that could hide them, are refused: no program writes these. So are
    rows out of order, which openpyxl leaves out, and numbers beyond those of Excel, up to which it adds empty rows.
    """
    kept, number, is_open, since = b"", 0, False, 0
    for piece in pieces:
        kept += piece
        end = kept.rfind(b">") + 1
        whole, kept = kept[:end], kept[end:]
        is_odd, last = b"<!" in whole or whole.rfind(b"<?") > 0, 0
        for tag in _ROW_TAG.finditer(whole):
            starts = not tag[0].startswith(b"</")
            is_odd = is_odd or (starts and is_open) or since + tag.start() - last > MAX_PART_BYTES
            if starts:
                before, number = number, _row_number(tag[0], number + 1)
                is_odd = is_odd or number <= before
            is_open = starts and not tag[0].endswith(b"/>")
            since, last = 0, tag.end()
        since += end - last
        if is_odd or since + len(kept) > MAX_PART_BYTES or number > MAX_SHEET_ROWS:
            raise FileError(WRONG_SHEET, hint=SAVE_AGAIN)


def _row_number(tag: bytes, following: int) -> int:
    """The number of a row, which follows the last one unless its tag says otherwise."""
    found = _ROW_NUMBER.search(tag)
    return following if found is None else int(found[1])
