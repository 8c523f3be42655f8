"""The meaning of commas and dots in a column, by the marks of all its cells and of the other columns of the file."""

from collections.abc import Iterable
from typing import NamedTuple

from service.datasets.file_reader.cells import (
    COMMA,
    COMMA_EITHER,
    COMMA_GROUPS,
    CURRENCY,
    DOT,
    DOT_EITHER,
    DOT_GROUPS,
    NO_PERCENT,
    PERCENT,
    SPACES,
)

DECIMAL, GROUP, NOTHING, UNCLEAR = "decimal", "group", "nothing", "unclear"
"""The meaning of a mark."""
SHEET = ""
"""The separator of a sheet. Its numbers have a dot whatever the language of the workbook, which proves nothing."""


class Style(NamedTuple):
    """The meanings of comma and dot, and whether spaces separate groups."""

    comma: str
    dot: str
    spaces: bool = True

    @property
    def group(self) -> str:
        """The mark between groups of digits, if it is a comma or a dot."""
        return "," if self.comma == GROUP else "." if self.dot == GROUP else ""

    def refused(self, marks: int) -> int:
        """The marks among these that contradict the style."""
        refused = {
            DECIMAL: (COMMA_GROUPS, DOT_GROUPS),
            GROUP: (COMMA, DOT),
            NOTHING: (COMMA | COMMA_EITHER | COMMA_GROUPS, DOT | DOT_EITHER | DOT_GROUPS),
            UNCLEAR: (COMMA_EITHER, DOT_EITHER),
        }
        mask = refused[self.comma][0] | refused[self.dot][1] | (0 if self.spaces else SPACES)
        if marks & PERCENT and marks & NO_PERCENT:
            mask |= PERCENT
        return marks & mask


class FileMarks(NamedTuple):
    """What a file says about its decimal mark: its separator, and the decimal marks that its columns prove."""

    separator: str
    proven: frozenset[str] = frozenset()

    @classmethod
    def of(cls, separator: str, marks: Iterable[int]) -> "FileMarks":
        """The evidence of a file; `marks` are those of each column of numbers."""
        proven = 0
        for each in marks if separator != SHEET else ():
            proven |= each
        commas, dots = proven & (COMMA | DOT_GROUPS), proven & (DOT | COMMA_GROUPS)
        return cls(separator, frozenset(mark for mark, found in ((",", commas), (".", dots)) if found))

    @property
    def usual(self) -> str:
        """The decimal mark of files with this separator: semicolons separate where the comma is the decimal mark."""
        return {",": ".", " ": ".", ";": ","}.get(self.separator, "")

    def is_certain(self, mark: str) -> bool:
        """Whether the other columns prove this decimal mark, and neither they nor the separator speak against it."""
        return self.proven == {mark} and self.usual in {mark, ""}


def style_of(marks: int, file: FileMarks, decimal: str, thousands: str) -> Style:
    """The style of a column. `decimal` and `thousands` are the requested ones: "auto" leaves it to the marks."""
    grouped, spaces = (NOTHING if thousands in {"none", "space"} else GROUP), thousands in {"auto", "space"}
    if decimal == "auto" and thousands in {",", "."}:
        decimal = {",": ".", ".": ","}[thousands]
    if decimal == "," or decimal == ".":
        return Style(*((DECIMAL, grouped) if decimal == "," else (grouped, DECIMAL)), spaces=spaces)
    if thousands != "auto":  # groups with spaces or none: comma and dot are decimal marks
        return Style(DECIMAL, DECIMAL, spaces)
    return _judged(marks, file)


def _judged(marks: int, file: FileMarks) -> Style:
    comma = DECIMAL if marks & COMMA else GROUP if marks & COMMA_GROUPS else None
    dot = DECIMAL if marks & DOT else GROUP if marks & DOT_GROUPS else None
    if comma == dot == GROUP or (comma is dot is None and marks & COMMA_EITHER and marks & DOT_EITHER):
        return Style(UNCLEAR, UNCLEAR)
    if comma == dot == DECIMAL and marks & (COMMA_EITHER | DOT_EITHER):  # 1,5 and 2.5: then 1.234 could be either
        return Style(UNCLEAR, UNCLEAR)
    if file.separator == SHEET and marks & DOT_EITHER:
        dot = UNCLEAR
    if comma is None:
        comma = _meaning_of_comma(marks, dot, file) if marks & COMMA_EITHER else NOTHING
    if dot is None:
        dot = _meaning_of_dot(marks, comma, file) if marks & DOT_EITHER else DECIMAL
    return Style(comma, dot)


def _meaning_of_comma(marks: int, dot: str | None, file: FileMarks) -> str:
    """The meaning where every comma precedes exactly three digits."""
    if dot == DECIMAL and file.separator != SHEET:
        return GROUP
    if dot == GROUP or marks & SPACES:
        return DECIMAL
    if file.is_certain(",") and not marks & CURRENCY:
        return DECIMAL
    # Prices have no three decimals. Where the separator is a comma, numbers have decimal dots.
    is_grouped = marks & CURRENCY or file.separator == "," or file.is_certain(".")
    return GROUP if is_grouped and "," not in file.proven else UNCLEAR


def _meaning_of_dot(marks: int, comma: str, file: FileMarks) -> str:
    """The meaning where every dot precedes exactly three digits."""
    if comma in {DECIMAL, GROUP}:
        return GROUP if comma == DECIMAL else DECIMAL
    if marks & SPACES:
        return DECIMAL
    if "," in file.proven:
        return UNCLEAR
    if marks & CURRENCY:
        return GROUP if file.usual == "," and not file.proven else UNCLEAR
    return DECIMAL if file.usual == "." or file.proven else UNCLEAR
