"""Splits the text of a file into records of cells: accepts all line endings, comments at the start, and `sep=;`."""

import csv
import io
import itertools
import re
from collections.abc import Iterator

from service.datasets.file_reader.cells import EXCEL_ERRORS
from service.datasets.file_reader.dialect import NAMES, find_separator, rows, usual_width
from service.datasets.file_reader.encoding import SAVE_AS_UTF8
from service.datasets.file_reader.errors import FileError
from service.datasets.file_reader.report import Report, places
from service.datasets.file_reader.source import CHUNK_BYTES

MAX_RECORD_CHARACTERS = 1 << 20
SAMPLE_LINES = 64
_ERRORS = "|".join(re.escape(error[1:]) for error in EXCEL_ERRORS)
_COMMENT_LINE = re.compile(rf"\s*(?:%|#(?!(?:{_ERRORS})(?:[\s;,|]|$)))")
_SEPARATOR_LINE = re.compile(r'\s*"?sep=([;,|\t ])"?\s*', re.IGNORECASE)


class TextRecords:
    """The cells of each record of a text, to be iterated once.

    `row` is the number of the last record, `chunk` the number of pieces read, `width` the usual number of cells, and
    `comment` the last comment line before the table, without its mark.
    """

    has_excel_digits = is_typed = False

    def __init__(self, pieces: Iterator[str], report: Report) -> None:
        self.row = self.chunk = 0
        self.comment: str | None = None
        self._record_characters = 0
        self._fault: FileError | None = None
        """The error of the piece after those read, whose row is known once the lines before it are records."""
        lines = self._lines(pieces)
        first, stated = self._skip_comments(lines, report)
        sample = _sample(itertools.chain(first, lines))
        self.separator = stated or find_separator(sample)
        if self.separator in NAMES:
            report.add("separator", f"The cells are separated by {NAMES[self.separator]}.")
        self.width = usual_width(_leniently(sample, self.separator))
        checked = map(self._check, itertools.chain(sample, lines))
        self._reader = rows(checked, self.separator, strict=True)

    def __iter__(self) -> Iterator[list[str]]:
        try:
            for cells in self._reader:
                self.row += 1
                self._record_characters = 0
                yield cells
        except FileError as error:
            error.row = self.row + 1
            raise
        except csv.Error as error:
            hint = 'close every quote; write a quote inside a quoted cell twice: "5"" pipe"'
            raise FileError(f"the record cannot be read: {error}", row=self.row + 1, hint=hint) from None
        if self._fault is not None:
            self._fault.row = self.row + 1 if self.chunk else None
            raise self._fault

    def _lines(self, pieces: Iterator[str]) -> Iterator[str]:
        """Yields lines with their endings, as csv.reader requires.

        A line of more than MAX_RECORD_CHARACTERS is cut off, and is the last.
        """
        tail, more = "", True
        while more and len(tail) <= MAX_RECORD_CHARACTERS:
            try:
                piece = next(pieces, None)
            except FileError as error:
                self._fault = error
                if tail.endswith(("\n", "\r")):
                    yield tail
                return
            self.chunk += 1
            more = piece is not None
            text = tail + (piece or "")
            text = text if more else text.rstrip("\x1a")  # the mark of DOS at the end of a file
            lines = list(io.StringIO(text, newline=""))
            # The last line waits even if it is complete: the \n of a \r\n may be in the next piece.
            tail = lines.pop() if more and lines else ""
            yield from lines
        if tail:
            yield tail

    def _skip_comments(self, lines: Iterator[str], report: Report) -> tuple[list[str], str | None]:
        """The first line of the table, if there is one, and the separator that a line `sep=;` states."""
        stated, comments = None, []
        for line in lines:
            if match := _SEPARATOR_LINE.fullmatch(line):
                stated = match[1]
                report.add("separator_line", f"The line sep={stated} states the separator.", rows=[self.row + 1])
            elif _COMMENT_LINE.match(line):
                comments.append(self.row + 1)
                self.comment = line.strip().lstrip("#%").strip()
            elif line.strip():
                break
            self.row += 1
        else:
            line = ""
        if comments:
            text = f"The comment lines at the start are left out: {places(comments[:20], len(comments))}."
            report.add("comments", text, rows=comments)
        return [line] if line else [], stated

    def _check(self, line: str) -> str:
        self._record_characters += len(line)
        if self._record_characters > MAX_RECORD_CHARACTERS:
            raise FileError(
                f"the record is longer than {MAX_RECORD_CHARACTERS:,} characters",
                hint="check that the file is a CSV, and that every quote is closed",
            )
        if "\0" in line:
            raise FileError("the file is not a text file: it contains NUL", hint=SAVE_AS_UTF8)
        return line


def _sample(lines: Iterator[str]) -> list[str]:
    sample, characters = [], 0
    for line in lines:
        sample.append(line)
        characters += len(line)
        if len(sample) == SAMPLE_LINES or characters > CHUNK_BYTES:
            break
    return sample


def _leniently(sample: list[str], separator: str) -> Iterator[list[str]]:
    """The records of the sample up to the first one that csv refuses."""
    try:
        yield from rows(sample, separator)
    except csv.Error:
        return
