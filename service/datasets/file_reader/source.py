"""The bytes of an upload: recognises gzip, Excel workbooks and other formats, and limits what decompression yields."""

import gzip
import shutil
import tempfile
import zlib
from collections.abc import Iterator
from typing import IO, BinaryIO, cast

from service.datasets.file_reader.encoding import SAVE_AS_UTF8
from service.datasets.file_reader.errors import FileError
from service.datasets.file_reader.report import Report

CHUNK_BYTES = 1 << 16
_START_BYTES = 512
GZIP, ZIP = b"\x1f\x8b", b"PK\x03\x04"
PARQUET_MARK = b"PAR1\x15"
"""PAR1 alone may be the name of a column."""
_NOT_TEXT = {
    b"\x89PNG": "a PNG image",
    b"\xff\xd8\xff": "a JPEG image",
    b"GIF8": "a GIF image",
    b"%PDF-": "a PDF document",
    GZIP: "a gzip file in a gzip file",
    ZIP: "a zip file in a gzip file",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook (.xls)",
    PARQUET_MARK: "a Parquet file",
}
_NO_TABLE = {
    b"<!doctype html": "an HTML page",
    b"<html": "an HTML page",
    b"<?xml": "an XML file",
    b'{"': "JSON",
    b'[{"': "JSON",
}


class Source:
    """The start of a file, and the file; `read` gives the start again."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, start = file, b""
        while len(start) < _START_BYTES and (chunk := file.read(CHUNK_BYTES)):
            start += chunk
        self.start, self._pending = start, start

    @property
    def is_workbook(self) -> bool:
        """Whether the file is a zip file, as Excel's workbooks are."""
        return self.start.startswith(ZIP)

    def read(self, size: int = -1) -> bytes:
        """At most `size` bytes."""
        if self._pending:
            size = len(self._pending) if size < 0 else size
            piece, self._pending = self._pending[:size], self._pending[size:]
            return piece
        return self._file.read(size)

    def copied(self) -> IO[bytes]:
        """The whole file in a temporary file, in which one can seek."""
        copy = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
        shutil.copyfileobj(self, copy, CHUNK_BYTES)
        return copy

    def chunks(self, max_bytes: int, report: Report) -> Iterator[bytes]:
        """The bytes of the text; those of a gzip file decompressed, at most `max_bytes`. Raises FileError."""
        if not self.start.startswith(GZIP):
            return _checked(self._plain())
        report.add("compressed", "The file is compressed by gzip.")
        return _checked(self._decompressed(max_bytes))

    def _plain(self) -> Iterator[bytes]:
        while chunk := self.read(CHUNK_BYTES):
            yield chunk

    def _decompressed(self, max_bytes: int) -> Iterator[bytes]:
        size = 0
        try:
            with gzip.GzipFile(fileobj=cast("BinaryIO", self)) as file:
                while chunk := file.read(CHUNK_BYTES):
                    size += len(chunk)
                    if size > max_bytes:
                        raise FileError(f"the decompressed file exceeds {max_bytes:,} bytes", hint="upload fewer rows")
                    yield chunk
        except (EOFError, gzip.BadGzipFile, zlib.error):
            raise FileError("the gzip file is damaged or incomplete", hint="compress it again") from None


def _checked(chunks: Iterator[bytes]) -> Iterator[bytes]:
    first = next(chunks, b"")
    for magic, kind in _NOT_TEXT.items():
        if first.startswith(magic):
            raise FileError(f"the file is not a text file: it looks like {kind}", hint=SAVE_AS_UTF8)
    start = first[:_START_BYTES].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    for magic, kind in _NO_TABLE.items():
        if start.startswith(magic):
            raise FileError(f"the file is not a table: it looks like {kind}", hint=SAVE_AS_UTF8)
    if first:
        yield first
    yield from chunks
