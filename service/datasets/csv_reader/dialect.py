"""The separator between the cells, and what a number looks like beside it: 1,5 is one unless commas separate."""

import csv
import itertools
import math
import re

SEPARATORS = (";", "\t", ",")  # in the order in which they win a tie

# No two parts of the pattern can match the same digits, so a cell of 100,000 digits costs linear time.
_LITERAL = r"[+-]?(?:[0-9]+(?:{mark}[0-9]*)?|{mark}[0-9]+)(?:[eE][+-]?[0-9]+)?"
LITERALS = {
    separator: re.compile(_LITERAL.format(mark=r"\." if separator == "," else "[.,]")) for separator in SEPARATORS
}


def find_separator(sample: list[str]) -> str:
    """The separator that cuts the first lines most evenly; of two such, the one that leaves more numbers."""
    fits = {separator: fit for separator in SEPARATORS if (fit := _fit(sample, separator))}
    return max(fits, key=fits.__getitem__, default=",")


def _fit(sample: list[str], separator: str) -> tuple[float, float] | None:
    """The shares of the records as long as the first, and of the cells that are numbers; None if nothing is cut."""
    try:
        records = [r for r in csv.reader(sample, delimiter=separator, skipinitialspace=True) if any(map(str.strip, r))]
    except csv.Error:
        return None
    if not records or len(records[0]) < 2:
        return None
    if len(records) > 2:
        records.pop()  # its end may lie beyond the sample
    even = sum(len(record) == len(records[0]) for record in records)
    cells = list(itertools.chain.from_iterable(records))
    return even / len(records), sum(number(cell, separator) is not None for cell in cells) / len(cells)


def number(cell: str, separator: str) -> float | None:
    """The finite number that a plain decimal or scientific literal says, else None."""
    text = cell.strip()
    if not LITERALS[separator].fullmatch(text):
        return None
    value = float(text.replace(",", "."))
    return value if math.isfinite(value) else None


def almost_number(text: str) -> bool:
    """Someone meant a number: nan, 1e999, 1_000, 1,5 (with commas between the cells), 0x1f."""
    try:
        float(text.replace(",", ""))
    except ValueError:
        return text[:2].lower() == "0x"
    return True
