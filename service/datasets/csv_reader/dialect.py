"""Dialect of a CSV file: its separator, and its numbers. 1,5 is a number unless the separator is a comma."""

import csv
import itertools
import math
import re

SEPARATORS = (";", "\t", ",")  # in order of preference

# No two parts of the pattern match the same digits, so a cell of 100,000 digits takes linear time.
_LITERAL = r"[+-]?(?:[0-9]+(?:{mark}[0-9]*)?|{mark}[0-9]+)(?:[eE][+-]?[0-9]+)?"
LITERALS = {
    separator: re.compile(_LITERAL.format(mark=r"\." if separator == "," else "[.,]")) for separator in SEPARATORS
}


def find_separator(sample: list[str]) -> str:
    """The separator that gives the most records of equal length in the first lines, then the most numbers."""
    fits = {separator: fit for separator in SEPARATORS if (fit := _fit(sample, separator))}
    return max(fits, key=fits.__getitem__, default=",")


def _fit(sample: list[str], separator: str) -> tuple[float, float] | None:
    """The share of records as long as the first, and the share of cells that are numbers; None if nothing is split."""
    try:
        records = [r for r in csv.reader(sample, delimiter=separator, skipinitialspace=True) if any(map(str.strip, r))]
    except csv.Error:
        return None
    if not records or len(records[0]) < 2:
        return None
    if len(records) > 2:
        records.pop()  # the sample may end inside it
    even = sum(len(record) == len(records[0]) for record in records)
    cells = list(itertools.chain.from_iterable(records))
    return even / len(records), sum(number(cell, separator) is not None for cell in cells) / len(cells)


def number(cell: str, separator: str) -> float | None:
    """The value of a plain decimal or scientific literal; None for other text and for an infinite value."""
    text = cell.strip()
    if not LITERALS[separator].fullmatch(text):
        return None
    value = float(text.replace(",", "."))
    return value if math.isfinite(value) else None


def almost_number(text: str) -> bool:
    """Whether the text resembles a number: nan, 1e999, 1_000, 1,5 (with commas as separators), 0x1f."""
    try:
        float(text.replace(",", ""))
    except ValueError:
        return text[:2].lower() == "0x"
    return True
