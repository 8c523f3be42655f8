"""Splits the bytes of a file into records of cells: decodes UTF-8, accepts all line endings, checks lengths."""

import codecs
import csv
import io
import itertools
from collections.abc import Iterator
from typing import BinaryIO

from service.datasets.csv_reader.dialect import find_separator
from service.datasets.csv_reader.errors import CsvError, ragged_row

Record = tuple[int, list[str]]
"""The number of the record in the file, from 1, and its cells."""

CHUNK_BYTES = 1 << 16
MAX_RECORD_CHARACTERS = 1 << 20
SAMPLE_LINES = 64

_NOT_TEXT = {
    b"\x89PNG": "a PNG image",
    b"\xff\xd8\xff": "a JPEG image",
    b"GIF8": "a GIF image",
    b"%PDF-": "a PDF document",
    b"\x1f\x8b": "a gzip file",
    b"PK\x03\x04": "a zip file or an Excel workbook (.xlsx)",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook (.xls)",
    b"PAR1\x15": "a Parquet file",  # PAR1 alone may be the name of a column
    b"\xff\xfe": "UTF-16, not UTF-8",
    b"\xfe\xff": "UTF-16, not UTF-8",
}
_SAVE_AS_UTF8 = "save it as CSV UTF-8"


class Records:
    """Iterator over the records of a file that are not blank."""

    def __init__(self, file: BinaryIO) -> None:
        self._chunks = 0  # chunks of the file read so far
        self._row = 0
        self._record_characters = 0
        lines = self._lines(file)
        sample = _sample(lines)
        self.separator = find_separator(sample)
        checked = map(self._check, itertools.chain(sample, lines))
        # strict: an unclosed quote is an error
        self._reader = csv.reader(checked, delimiter=self.separator, skipinitialspace=True, strict=True)

    def __iter__(self) -> Iterator[Record]:
        return self

    def __next__(self) -> Record:
        while True:
            self._row += 1
            self._record_characters = 0
            try:
                cells = next(self._reader)
            except CsvError as error:
                error.row = self._row
                raise
            except csv.Error as error:
                hint = 'close every quote; write a quote inside a quoted cell twice: "5"" pipe"'
                raise CsvError(f"the record cannot be read: {error}", row=self._row, hint=hint) from None
            if len(cells) > 1 or (cells and cells[0].strip()):
                return self._row, cells

    def blocks(self, first: Record, max_rows: int) -> Iterator[list[Record]]:
        """Yields `first` and all further records in blocks of about one chunk of the file.

        Raises CsvError for a record with another number of cells than `first`, and above `max_rows`.
        """
        width = len(first[1])
        block: list[Record] = []
        chunks = self._chunks
        for count, (row, cells) in enumerate(itertools.chain([first], self), 1):
            if count > max_rows:
                raise CsvError(f"the file has more than {max_rows:,} rows of data", row=row, hint="upload fewer rows")
            if len(cells) != width:
                raise ragged_row(row, len(cells), width, "first record")
            block.append((row, cells))
            if self._chunks != chunks:
                yield block
                block, chunks = [], self._chunks
        if block:
            yield block

    def _lines(self, file: BinaryIO) -> Iterator[str]:
        """Yields lines with their endings, as csv.reader requires. Bytes that are not UTF-8 become surrogates.

        A line of more than MAX_RECORD_CHARACTERS is cut off, and is the last.
        """
        decoder = codecs.getincrementaldecoder("utf-8-sig")("surrogateescape")
        tail, more = "", True
        while more and len(tail) <= MAX_RECORD_CHARACTERS:
            chunk = file.read(CHUNK_BYTES)
            self._chunks += 1
            if self._chunks == 1:
                _refuse_binary(chunk)
            more = bool(chunk)
            lines = list(io.StringIO(tail + decoder.decode(chunk, final=not more), newline=""))
            # The last line waits even if it is complete: the \n of a \r\n may be in the next chunk.
            tail = lines.pop() if more and lines else ""
            yield from lines
        if tail:
            yield tail

    def _check(self, line: str) -> str:
        self._record_characters += len(line)
        if self._record_characters > MAX_RECORD_CHARACTERS:
            raise CsvError(
                f"the record is longer than {MAX_RECORD_CHARACTERS:,} characters",
                hint="check that the file is a CSV, and that every quote is closed",
            )
        if "\0" in line:
            raise CsvError("the file is not a text file: it contains NUL", hint=_SAVE_AS_UTF8)
        if not line.isascii() and any("\udc80" <= character <= "\udcff" for character in line):
            raise CsvError("the text is not UTF-8", hint=_SAVE_AS_UTF8)
        return line


def _refuse_binary(start: bytes) -> None:
    for magic, kind in _NOT_TEXT.items():
        if start.startswith(magic):
            raise CsvError(f"the file is not a text file: it looks like {kind}", hint=_SAVE_AS_UTF8)


def _sample(lines: Iterator[str]) -> list[str]:
    sample, characters = [], 0
    for line in lines:
        sample.append(line)
        characters += len(line)
        if len(sample) == SAMPLE_LINES or characters > CHUNK_BYTES:
            break
    return sample
