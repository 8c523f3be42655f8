"""Options of a reading."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Options:
    """How to read what a file leaves open; the defaults ask rather than guess."""

    missing: Literal["refuse", "drop", "mean"] = "refuse"
    categories: Literal["one_hot", "ignore"] = "one_hot"
    decimal: Literal["auto", ".", ","] = "auto"
    thousands: Literal["auto", "none", ",", ".", "space"] = "auto"
    dates: Literal["ignore", "days"] = "ignore"
    sheet: str | None = None
    """The sheet of an Excel workbook; None is the first visible one, or the only one with content."""
