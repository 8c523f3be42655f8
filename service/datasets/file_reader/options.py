"""Options of a reading."""

from dataclasses import dataclass
from typing import Literal

Missing = Literal["refuse", "drop", "mean"]
"""What becomes of a missing value: the upload is refused, its row is left out, or it gets the mean of its column."""


@dataclass(frozen=True)
class Options:
    """How to read what a file leaves open; the defaults ask rather than guess."""

    missing: Missing = "refuse"
    categories: Literal["one_hot", "ignore"] = "one_hot"
    decimal: Literal["auto", ".", ","] = "auto"
    thousands: Literal["auto", "none", ",", ".", "space"] = "auto"
    dates: Literal["ignore", "days"] = "ignore"
    sheet: str | None = None
    """The sheet of an Excel workbook; None is the first visible one, or the only one with content."""
