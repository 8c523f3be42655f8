"""The meaning of commas and dots in a column, by the marks of all its cells."""

from typing import NamedTuple

from service.datasets.csv_reader.cells import (
    COMMA,
    COMMA_EITHER,
    COMMA_GROUPS,
    CURRENCY,
    DOT,
    DOT_EITHER,
    DOT_GROUPS,
    LONG,
    NO_PERCENT,
    PERCENT,
    SHORT,
    SPACES,
    ZERO,
)

DECIMAL, GROUP, NOTHING, UNCLEAR = "decimal", "group", "nothing", "unclear"
"""The meaning of a mark."""


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


def style_of(marks: int, separator: str, decimal: str, thousands: str) -> Style:
    """The style of a column. `decimal` and `thousands` are the requested ones: "auto" leaves it to the marks."""
    grouped, spaces = (NOTHING if thousands in {"none", "space"} else GROUP), thousands in {"auto", "space"}
    if decimal == "auto" and thousands in {",", "."}:
        decimal = {",": ".", ".": ","}[thousands]
    if decimal == "," or decimal == ".":
        return Style(*((DECIMAL, grouped) if decimal == "," else (grouped, DECIMAL)), spaces=spaces)
    if thousands != "auto":  # groups with spaces or none: comma and dot are decimal marks
        return Style(DECIMAL, DECIMAL, spaces)
    return _judged(marks, separator)


def _judged(marks: int, separator: str) -> Style:
    comma = DECIMAL if marks & COMMA else GROUP if marks & COMMA_GROUPS else None
    dot = DECIMAL if marks & DOT else GROUP if marks & DOT_GROUPS else None
    if comma is None:
        comma = _meaning_of_comma(marks, dot, separator) if marks & COMMA_EITHER else NOTHING
    if dot is None:
        dot = _meaning_of_dot(marks, comma, separator) if marks & DOT_EITHER else DECIMAL
    if comma == dot == GROUP:
        return Style(UNCLEAR, UNCLEAR)
    return Style(comma, dot)


def _meaning_of_comma(marks: int, dot: str | None, separator: str) -> str:
    """The meaning where every comma precedes exactly three digits."""
    if dot == DECIMAL:
        return GROUP
    if dot == GROUP or marks & SPACES:
        return DECIMAL
    # Prices have no three decimals. Where the separator is a comma, numbers have decimal dots.
    if marks & CURRENCY or separator == ",":
        return GROUP
    return GROUP if _are_cut(marks) and not marks & DOT_EITHER else UNCLEAR


def _meaning_of_dot(marks: int, comma: str, separator: str) -> str:
    """The meaning where every dot precedes exactly three digits."""
    if comma == DECIMAL:
        return GROUP
    if comma == UNCLEAR:
        return UNCLEAR
    if marks & CURRENCY and comma != GROUP:
        return GROUP
    return UNCLEAR if separator != "," and _are_cut(marks) else DECIMAL


def _are_cut(marks: int) -> bool:
    """Whether 1,250 is beside 980 and no 1250: decimals would be written 980,000, or 1,25 without the zero."""
    return bool(marks & SHORT and marks & ZERO and not marks & LONG)
