"""An uploaded CSV, read once as a stream into float64 that lies on disk: memory does not grow with the file.

    bytes ─► lines ─► csv.reader ─► records ─► blocks ─► float64 (k, d + 1) ─► an unnamed temporary file

The first data record settles what every column is. A column that starts with a number must go on with numbers, one
that starts with anything else is text and may hold no number: so what is written never has to be revised.
"""

import codecs
import csv
import difflib
import io
import itertools
import math
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from operator import itemgetter
from typing import IO, BinaryIO, Self

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
Record = tuple[int, list[str]]
"""The record's 1-based place in the file, and its cells."""

CHUNK_BYTES = 1 << 16
MAX_RECORD_CHARACTERS = 1 << 20
SAMPLE_LINES = 64
SEPARATORS = (";", "\t", ",")  # in the order in which they win a tie

# No two parts of the pattern can match the same digits, so a cell of 100,000 digits costs linear time.
_NUMBER = r"[+-]?(?:[0-9]+(?:{mark}[0-9]*)?|{mark}[0-9]+)(?:[eE][+-]?[0-9]+)?"
_NUMBERS = {
    separator: re.compile(_NUMBER.format(mark=r"\." if separator == "," else "[.,]")) for separator in SEPARATORS
}
# Of a text in these characters alone float() takes plain literals only: no nan, inf, 1_000, 0x1f or ١.
_PLAIN_CHARACTERS = b"0123456789eE+-. \t\n"
_NOT_TEXT = {
    b"\x89PNG": "a PNG image",
    b"\xff\xd8\xff": "a JPEG image",
    b"GIF8": "a GIF image",
    b"%PDF-": "a PDF document",
    b"\x1f\x8b": "a gzip file",
    b"PK\x03\x04": "a zip file or an Excel workbook (.xlsx)",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook (.xls)",
    b"PAR1\x15": "a Parquet file",  # PAR1 alone could be the name of a column
    b"\xff\xfe": "UTF-16, not UTF-8",
    b"\xfe\xff": "UTF-16, not UTF-8",
}
_SAVE_AS_UTF8 = "save it as CSV UTF-8"


class CsvError(ValueError):
    """What is wrong with the file.

    `message` says what; `row` (1-based record, header and blank lines counted, as a spreadsheet numbers it) and
    `column` (its name) say where, as far as known; `hint` says what to change. str() is all of it on one line.
    """

    def __init__(
        self, message: str, *, row: int | None = None, column: str | None = None, hint: str | None = None
    ) -> None:
        super().__init__(message)
        self.message, self.row, self.column, self.hint = message, row, column, hint

    def __str__(self) -> str:
        places = [f"row {self.row}"] if self.row is not None else []
        places += [f"column {_shown(self.column)}"] if self.column is not None else []
        where = f"{', '.join(places)}: " if places else ""
        return f"{where}{self.message}{f' – {self.hint}' if self.hint else ''}"


@dataclass
class CsvTable:
    """The numbers of a CSV, on disk. A context manager: closing it deletes them."""

    features: list[str]
    target: str
    classes: list[str] | None
    """For a text target its labels, sorted: y then holds places in this list, 0.0, 1.0, … Else None."""
    ignored: list[str]
    """Columns neither feature nor target that hold text or nothing (as their first cell goes)."""
    rows: int
    _data: IO[bytes] = field(repr=False)
    _codes: FloatArray | None = field(repr=False)
    """The code of each label by the order of first appearance, which is what the file on disk holds."""

    def blocks(self, block_rows: int = 8192) -> Iterator[FloatArray]:
        """All rows in order as new C-contiguous arrays (k, d + 1), k ≤ block_rows: the features, then the target.

        Any number of times, also interleaved, but not from two threads at once.
        """
        if block_rows < 1:
            raise ValueError("block_rows must be at least 1")
        row_bytes = 8 * (len(self.features) + 1)
        for start in range(0, self.rows, block_rows):
            self._data.seek(start * row_bytes)
            raw = bytearray(self._data.read(min(block_rows, self.rows - start) * row_bytes))
            block = np.frombuffer(raw, np.float64).reshape(-1, len(self.features) + 1)
            if self._codes is not None:
                block[:, -1] = self._codes[block[:, -1].astype(np.intp)]
            yield block

    def close(self) -> None:
        self._data.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def read_csv(
    file: BinaryIO,
    *,
    target: str | None = None,
    features: list[str] | None = None,
    header: bool | None = None,
    max_rows: int,
    max_columns: int,
    max_classes: int = 1000,
) -> CsvTable:
    """Read `file` from where it stands to its end; nothing but `read(n)` is asked of it, and it is left open.

    `target` is the last column by default, `features` all other numeric ones. `header=None` takes the first record
    for names unless every cell is a number; without names the columns are x1, x2, … and y. Raises CsvError.
    """
    records = _Records(file)
    names, first = _opening(records, header, max_columns)
    layout = _layout(names, first, target, features, records.separator)
    encoder, rows = _Encoder(layout, max_classes), 0
    with ExitStack() as undo:
        data: IO[bytes] = undo.enter_context(tempfile.TemporaryFile())
        for block in _blocks(itertools.chain([first], records), records, len(names), max_rows):
            data.write(encoder.encode(block).data)
            rows += len(block)
        if not layout.features:  # not said before all is read: a text column with one number in it says more
            raise _no_features(layout)
        if rows < 2:
            raise CsvError("there is only one row of data", row=first[0], hint="at least 2 rows are needed")
        classes, codes = encoder.labels()
        data.flush()
        undo.pop_all()
    ignored = [names[j] for j in layout.ignored]
    chosen = [names[j] for j in layout.features]
    return CsvTable(chosen, names[layout.target], classes, ignored, rows, data, codes)


# ---- from bytes to records


class _Records:
    """Iterates over the records that are not blank. `chunks` counts the pieces of the file read so far."""

    def __init__(self, file: BinaryIO) -> None:
        self.chunks = 0
        self.row = 0
        self._record_characters = 0
        lines = self._lines(file)
        sample = _sample(lines)
        self.separator = _separator(sample)
        checked = map(self._check, itertools.chain(sample, lines))
        # strict: a quote that is never closed must not pass for a cell
        self._reader = csv.reader(checked, delimiter=self.separator, skipinitialspace=True, strict=True)

    def _lines(self, file: BinaryIO) -> Iterator[str]:
        """Lines with their endings, as csv wants them; bytes that are not UTF-8 come as surrogates.

        A line of more than MAX_RECORD_CHARACTERS is cut off there and is the last.
        """
        decoder = codecs.getincrementaldecoder("utf-8-sig")("surrogateescape")
        tail, more = "", True
        while more and len(tail) <= MAX_RECORD_CHARACTERS:
            chunk = file.read(CHUNK_BYTES)
            self.chunks += 1
            if self.chunks == 1:
                _refuse_binary(chunk)
            more = bool(chunk)
            lines = list(io.StringIO(tail + decoder.decode(chunk, final=not more), newline=""))
            # Held back even where it looks whole: the \n of a \r\n may be in the next chunk.
            tail = lines.pop() if more and lines else ""
            yield from lines
        if tail:
            yield tail

    def _check(self, line: str) -> str:
        self._record_characters += len(line)
        if self._record_characters > MAX_RECORD_CHARACTERS:
            raise CsvError(
                f"this record is longer than {MAX_RECORD_CHARACTERS:,} characters",
                hint="is the file a CSV, and is every quote closed?",
            )
        if "\0" in line:
            raise CsvError("this is not a text file: it contains NUL", hint=_SAVE_AS_UTF8)
        if not line.isascii() and any("\udc80" <= character <= "\udcff" for character in line):
            raise CsvError("this is not UTF-8 text", hint=_SAVE_AS_UTF8)
        return line

    def __iter__(self) -> Iterator[Record]:
        return self

    def __next__(self) -> Record:
        while True:
            self.row += 1
            self._record_characters = 0
            try:
                cells = next(self._reader)
            except CsvError as error:
                error.row = self.row
                raise
            except csv.Error as error:
                hint = 'close every quote; write a quote inside a quoted cell twice: "5"" pipe"'
                raise CsvError(f"this record cannot be read: {error}", row=self.row, hint=hint) from None
            if len(cells) > 1 or (cells and cells[0].strip()):
                return self.row, cells


def _refuse_binary(start: bytes) -> None:
    for magic, kind in _NOT_TEXT.items():
        if start.startswith(magic):
            raise CsvError(f"this is not a text file that can be read: it looks like {kind}", hint=_SAVE_AS_UTF8)


def _sample(lines: Iterator[str]) -> list[str]:
    sample, characters = [], 0
    for line in lines:
        sample.append(line)
        characters += len(line)
        if len(sample) == SAMPLE_LINES or characters > CHUNK_BYTES:
            break
    return sample


def _separator(sample: list[str]) -> str:
    """The separator that cuts the first lines most evenly; of two such, the one that leaves more numbers."""
    fits = {separator: _fit(sample, separator) for separator in SEPARATORS}
    best = max(SEPARATORS, key=lambda separator: fits[separator])
    return best if any(fits[best]) else ","


def _fit(sample: list[str], separator: str) -> tuple[float, float]:
    try:
        records = [r for r in csv.reader(sample, delimiter=separator, skipinitialspace=True) if any(map(str.strip, r))]
    except csv.Error:
        return 0.0, 0.0
    if not records or len(records[0]) < 2:
        return 0.0, 0.0
    if len(records) > 2:
        records.pop()  # its end may lie beyond the sample
    even = sum(len(record) == len(records[0]) for record in records)
    cells = list(itertools.chain.from_iterable(records))
    return even / len(records), sum(_number(cell, separator) is not None for cell in cells) / len(cells)


def _blocks(stream: Iterable[Record], source: _Records, width: int, max_rows: int) -> Iterator[list[Record]]:
    """The records of about one chunk of the file at a time, each `width` cells long."""
    block: list[Record] = []
    chunks = source.chunks
    for count, record in enumerate(stream, 1):
        row, cells = record
        if count > max_rows:
            raise CsvError(f"there are more than {max_rows:,} rows of data", row=row, hint="upload fewer rows")
        if len(cells) != width:
            hint = "every row needs as many cells as the first; a cell that contains the separator must be quoted"
            raise CsvError(f"{_cells(len(cells))} here, but {width} in the first record", row=row, hint=hint)
        block.append(record)
        if source.chunks != chunks:
            yield block
            block, chunks = [], source.chunks
    if block:
        yield block


# ---- the columns


@dataclass(frozen=True)
class _Layout:
    """Which columns (0-based) are read as what. `first` is the first data record."""

    names: list[str]
    first: Record
    separator: str
    features: list[int]
    target: int
    labelled: bool
    """The target is text."""
    ignored: list[int]
    watched: list[int]
    """Those of the ignored that may hold no number."""


def _opening(records: _Records, header: bool | None, max_columns: int) -> tuple[list[str], Record]:
    """The names of the columns, and the first record of data."""
    first = next(records, None)
    if first is None:
        raise CsvError("the file is empty", hint="at least 2 rows of data are needed")
    row, cells = first
    if len(cells) > max_columns:
        raise CsvError(f"there are {len(cells):,} columns; the most is {max_columns:,}", row=row)
    if header is None:
        header = any(_number(cell, records.separator) is None for cell in cells)
    if not header:
        return [*(f"x{j}" for j in range(1, len(cells))), "y"], first
    names = [cell.strip() for cell in cells]
    _check_names(names, row)
    data = next(records, None)
    if data is None:
        raise CsvError("there are no rows of data below the header", hint="at least 2 rows of data are needed")
    if len(data[1]) != len(names):
        raise CsvError(f"{_cells(len(data[1]))} here, but the header has {len(names)}", row=data[0])
    return names, data


def _check_names(names: list[str], row: int) -> None:
    places: dict[str, int] = {}
    for place, name in enumerate(names, 1):
        if not name:
            raise CsvError(f"column {place} has no name", row=row, hint="name every column in the first row")
        if name in places:
            message = f"columns {places[name]} and {place} have the same name"
            raise CsvError(message, row=row, column=name, hint="give each column its own name")
        places[name] = place


def _layout(names: list[str], first: Record, target: str | None, features: list[str] | None, separator: str) -> _Layout:
    places = {name: j for j, name in enumerate(names)}
    y = len(names) - 1 if target is None else _find(places, target, "target")
    numeric = [_number(cell, separator) is not None for cell in first[1]]
    if not first[1][y].strip():
        raise _bad_cell(names[y], first[0], first[1][y])
    if features is None:
        chosen = [j for j in range(len(names)) if numeric[j] and j != y]
    else:
        chosen = _requested(places, features, y)
    for j in chosen:
        if not numeric[j]:
            raise _bad_cell(names[j], first[0], first[1][j], hint="a feature must be a column of numbers")
    ignored = [j for j in range(len(names)) if not numeric[j] and j != y]
    watched = ignored if features is None else []
    layout = _Layout(names, first, separator, chosen, y, not numeric[y], ignored, watched)
    if not chosen and not watched:
        raise _no_features(layout)
    return layout


def _requested(places: dict[str, int], features: list[str], target: int) -> list[int]:
    chosen: list[int] = []
    seen: set[int] = set()
    for name in features:
        j = _find(places, name, "feature")
        if j == target:
            hint = "leave it out of the features or choose another target"
            raise CsvError("the target cannot be a feature as well", column=name, hint=hint)
        if j in seen:
            raise CsvError("this feature is named twice", column=name, hint="name each feature once")
        seen.add(j)
        chosen.append(j)
    return chosen


def _find(places: dict[str, int], name: str, role: str) -> int:
    if name in places:
        return places[name]
    # Cut short, because comparing two texts takes time in proportion to the product of their lengths.
    alike = {known[:60].casefold(): known for known in itertools.islice(places, 1000)}
    near = difflib.get_close_matches(name[:60].casefold(), alike, n=1)
    hint = f"did you mean {_shown(alike[near[0]])}?" if near else None
    raise CsvError(
        f"there is no column {_shown(name)} for a {role}; the columns are {_listed(list(places))}", hint=hint
    )


# ---- from records to numbers


class _Encoder:
    """Turns blocks of records into rows of float64, and remembers the labels of a text target."""

    def __init__(self, layout: _Layout, max_classes: int) -> None:
        self.layout = layout
        self._max_classes = max_classes
        self._codes: dict[str, int] = {}
        self._numeric = layout.features if layout.labelled else [*layout.features, layout.target]

    def encode(self, block: list[Record]) -> FloatArray:
        """(k, d + 1): the features and the target (of a text target the codes, by first appearance)."""
        for j in self.layout.watched:
            self._refuse_numbers(j, block)
        numbers = self._fast(block)
        if numbers is None:
            numbers = self._cell_by_cell(block)
        if not self.layout.labelled:
            return numbers
        values = np.empty((len(block), len(self._numeric) + 1))
        values[:, :-1] = numbers
        values[:, -1] = self._encode_labels(block)
        return values

    def _fast(self, block: list[Record]) -> FloatArray | None:
        """All cells at once, or None where one of them may not be a plain finite number."""
        numeric = self._numeric
        if len(numeric) < 2:  # of which itemgetter makes no tuple
            cells = [record[j] for _, record in block for j in numeric]
        else:
            cells = list(itertools.chain.from_iterable(map(itemgetter(*numeric), map(itemgetter(1), block))))
        if self.layout.separator != ",":
            cells = [cell.replace(",", ".") for cell in cells]
        if "\n".join(cells).encode().translate(None, _PLAIN_CHARACTERS):
            return None
        with suppress(ValueError):
            values = np.fromiter(map(float, cells), np.float64, len(cells))
            if np.isfinite(values).all():
                return values.reshape(len(block), len(numeric))
        return None

    def _cell_by_cell(self, block: list[Record]) -> FloatArray:
        values = np.empty((len(block), len(self._numeric)))
        for i, (row, cells) in enumerate(block):
            for k, j in enumerate(self._numeric):
                value = _number(cells[j], self.layout.separator)
                if value is None:
                    raise _bad_cell(self.layout.names[j], row, cells[j])
                values[i, k] = value
        return values

    def _encode_labels(self, block: list[Record]) -> list[int]:
        target, codes = self.layout.target, self._codes
        labels = [cells[target].strip() for _, cells in block]
        for label in dict.fromkeys(labels):
            if label not in codes:
                row = block[labels.index(label)][0]
                self._check_label(label, row)
                codes[label] = len(codes)
        return [codes[label] for label in labels]

    def _check_label(self, label: str, row: int) -> None:
        name = self.layout.names[self.layout.target]
        if not label:
            raise _bad_cell(name, row, label)
        if _number(label, self.layout.separator) is not None:
            raise self._mixed(self.layout.target, row, label)
        if len(self._codes) == self._max_classes:
            hint = "is it the right target? For a numeric one write plain numbers such as 1234.5"
            message = f"the target has more than {self._max_classes:,} different labels"
            raise CsvError(message, row=row, column=name, hint=hint)

    def _refuse_numbers(self, j: int, block: list[Record]) -> None:
        cells = [cells[j] for _, cells in block]
        if not any(map(_NUMBERS[self.layout.separator].fullmatch, map(str.strip, cells))):
            return
        for (row, _), cell in zip(block, cells, strict=True):
            if _number(cell, self.layout.separator) is not None:  # 1e999 only looks like one
                raise self._mixed(j, row, cell)

    def _mixed(self, j: int, row: int, cell: str) -> CsvError:
        """Column j began as text and here is a number: the first cell is the bad one."""
        first_row, first = self.layout.first
        return _bad_cell(self.layout.names[j], first_row, first[j], beside=f"row {row} has the number {_shown(cell)}")

    def labels(self) -> tuple[list[str] | None, FloatArray | None]:
        """The sorted labels of a text target, and the place in that list of each code."""
        if not self.layout.labelled:
            return None, None
        row, name = self.layout.first[0], self.layout.names[self.layout.target]
        if all(map(_almost_number, self._codes)):
            raise _bad_cell(name, row, next(iter(self._codes)))
        places = np.empty(len(self._codes))
        classes = sorted(self._codes)
        places[[self._codes[label] for label in classes]] = np.arange(len(classes))
        return classes, places


def _number(cell: str, separator: str) -> float | None:
    """The finite number that a plain decimal or scientific literal says, else None."""
    text = cell.strip()
    if not _NUMBERS[separator].fullmatch(text):
        return None
    value = float(text.replace(",", "."))
    return value if math.isfinite(value) else None


def _almost_number(label: str) -> bool:
    """Someone meant a number: nan, 1e999, 1_000, 1,5 (with commas between the cells), 0x1f."""
    try:
        float(label.replace(",", ""))
    except ValueError:
        return label[:2].lower() == "0x"
    return True


# ---- what is said


def _bad_cell(name: str, row: int, cell: str, *, beside: str | None = None, hint: str | None = None) -> CsvError:
    text = cell.strip()
    if not text:
        message, remedy = "empty cell", "fill in a number or delete the row"
    elif _NUMBERS[","].fullmatch(text):
        message, remedy = f"{_shown(text)} is too large a number", "the largest is about 1.8e308"
    elif "," in text and _almost_number(text):
        message, remedy = f"{_shown(text)} is not a plain number", "write 1234.5, or put semicolons between the cells"
    else:
        message, remedy = (
            f"{_shown(text)} is not a number",
            "write a plain number such as -1.5 or 2e3, or delete the row",
        )
    if beside:
        message = f"{message}, but {beside}"
        remedy = (
            "a column holds numbers only or text only; one that is not needed can be left out by naming the features"
        )
    return CsvError(message, row=row, column=name, hint=hint or remedy)


def _no_features(layout: _Layout) -> CsvError:
    hint = "besides the target there must be a column of numbers; put a comma, semicolon or tab between columns"
    target = _shown(layout.names[layout.target])
    return CsvError(f"no feature columns: the file has {_listed(layout.names)}, the target is {target}", hint=hint)


def _shown(text: str) -> str:
    return repr(text if len(text) <= 40 else f"{text[:39]}…")


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - 20:,} more" if len(names) > 20 else ""
    return ", ".join(map(_shown, names[:20])) + more


def _cells(count: int) -> str:
    return "1 cell" if count == 1 else f"{count:,} cells"
