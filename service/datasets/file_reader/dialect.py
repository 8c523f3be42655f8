"""Dialect of a text file: its separator. A number is 1.5, or 1,5 unless the separator is a comma."""

import csv
import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator

SEPARATORS = (";", "\t", ",", "|", " ")  # in order of preference; the space stands for runs of spaces
NAMES = {"|": "a vertical bar", " ": "a run of spaces"}

_LITERAL = r"[+-]?(?:[0-9]+(?:{mark}[0-9]*)?|{mark}[0-9]+)(?:[eE][+-]?[0-9]+)?"
_NUMBERS = {
    separator: re.compile(_LITERAL.format(mark=r"\." if separator == "," else "[.,]")) for separator in SEPARATORS
}
_WORDS = re.compile(r'(?:"[^"]*"|\S)+')
_RULER = re.compile(r":?[-=+]{2,}[-=+:]")
RULER_ENDS = "-=+:"
_JOINED = "\x1f"


def rows(lines: Iterable[str], separator: str, *, strict: bool = False) -> Iterator[list[str]]:
    """The cells of each record. With `strict`, an unclosed quote raises csv.Error."""
    if separator == " ":
        lines, separator = map(_words, lines), _JOINED
    return csv.reader(lines, delimiter=separator, skipinitialspace=True, strict=strict)


def _words(line: str) -> str:
    words = _WORDS.findall(line) if '"' in line else line.split()
    return _JOINED.join(words) + "\n"


def is_blank(cells: list[str]) -> bool:
    """Whether a record has no content; most records have some in the first cell."""
    return not (cells and cells[0].strip()) and not any(cell.strip() for cell in cells)


def is_ruler(cells: list[str]) -> bool:
    """Whether a record is a line between the rows of a printed table: --- | --- or ---+---."""
    texts = [cell.strip() for cell in cells]
    return any(texts) and all(not text or _RULER.fullmatch(text) for text in texts)


def usual_width(records: Iterable[list[str]]) -> int:
    """The most frequent number of cells, without empty cells at the end, of records that are not blank."""
    return _most_frequent(_filled(record) for record in records if not is_blank(record))


def _filled(record: list[str]) -> int:
    length = len(record)
    while length and not record[length - 1].strip():
        length -= 1
    return length


def _most_frequent(lengths: Iterable[int]) -> int:
    counts = Counter(lengths)
    return max(counts, key=counts.__getitem__, default=0)


def find_separator(sample: list[str]) -> str:
    """The separator that gives the most records of equal length in the first lines, then the most numbers."""
    fits = {separator: fit for separator in SEPARATORS if (fit := _fit(sample, separator))}
    return max(fits, key=fits.__getitem__, default=",")


def _fit(sample: list[str], separator: str) -> tuple[float, float] | None:
    """The share of records of the usual length, and the share of cells that are numbers; None if nothing is split."""
    try:
        records = [record for record in rows(sample, separator) if not is_blank(record)]
    except csv.Error:
        return None
    if len(records) > 2:
        records.pop()  # the sample may end inside it
    width = _most_frequent(map(len, records))
    if width < 2:
        return None
    even = sum(len(record) == width for record in records)
    cells = list(itertools.chain.from_iterable(records))
    numbers = sum(_NUMBERS[separator].fullmatch(cell.strip()) is not None for cell in cells)
    return even / len(records), numbers / len(cells)
