"""Decodes the bytes of a file: UTF-8, UTF-16 with or without a byte order mark, else Windows-1252."""

import codecs
import re
from collections.abc import Iterator

from service.datasets.file_reader.errors import FileError
from service.datasets.file_reader.report import Report

SAVE_AS_UTF8 = "save it as CSV UTF-8"
_MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_NAMES = {"utf-16-le": "UTF-16 (little endian)", "utf-16-be": "UTF-16 (big endian)"}
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x19\x1b-\x1f\x7f]")  # \x1a is the end of a file of DOS


def decoded(chunks: Iterator[bytes], report: Report) -> Iterator[str]:
    """Yields the text of the chunks. The first chunk decides between UTF-8 and UTF-16.

    Raises FileError after the text before the first wrong byte.
    """
    start = next(chunks, b"")
    encoding, skipped = _encoding(start)
    if encoding in _NAMES:
        report.add("encoding", f"The text is {_NAMES[encoding]}.")
        yield from _utf16(start[skipped:], chunks, encoding)
    else:
        yield from _utf8(start[skipped:], chunks, report)


def _encoding(start: bytes) -> tuple[str, int]:
    """The encoding, and the length of its byte order mark."""
    for mark, encoding in _MARKS.items():
        if start.startswith(mark):
            return encoding, len(mark)
    even, odd = start[:512:2], start[1:512:2]
    if len(odd) >= 4:  # a text of mostly Latin letters in UTF-16 has a zero in every other byte
        for encoding, zeros, others in (("utf-16-le", odd, even), ("utf-16-be", even, odd)):
            if zeros.count(0) >= 0.9 * len(zeros) and 0 not in others:
                return encoding, 0
    return "utf-8", 0


def _utf16(start: bytes, chunks: Iterator[bytes], encoding: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    try:
        yield decoder.decode(start)
        for chunk in chunks:
            yield decoder.decode(chunk)
        yield decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        yield error.object[: error.start].decode(encoding)
        raise FileError("the text is not valid UTF-16", hint=SAVE_AS_UTF8) from None


def _utf8(chunk: bytes, chunks: Iterator[bytes], report: Report) -> Iterator[str]:
    """Decodes UTF-8, or Windows-1252 if the first letters beyond ASCII are not UTF-8."""
    decoder, is_utf8 = codecs.getincrementaldecoder("utf-8")("strict"), False
    more = True
    while more:
        held = decoder.getstate()[0]  # the start of a letter whose end is in this chunk
        try:
            text = decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as error:
            before = error.object[: error.start].decode()
            if is_utf8 or not before.isascii():
                yield before
                raise FileError("the text is not UTF-8", hint=SAVE_AS_UTF8) from None
            report.add(
                "encoding", "The text is not UTF-8; it is read as Windows-1252 (Latin-1). Check letters with accents."
            )
            yield _windows_1252(held + chunk)
            yield from map(_windows_1252, chunks)
            return
        is_utf8 = is_utf8 or not text.isascii()
        yield text
        more = bool(chunk)
        chunk = next(chunks, b"")


def _windows_1252(chunk: bytes) -> str:
    if not _CONTROL.search(chunk):
        try:
            return chunk.decode("cp1252")
        except UnicodeDecodeError:
            pass
    raise FileError("the file is not a text file: it is neither UTF-8 nor Windows-1252", hint=SAVE_AS_UTF8)
