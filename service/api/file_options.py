"""Query parameters of an uploaded file: how to read what the file leaves open."""

from typing import Annotated, Literal

from fastapi import Depends, Query

from service.api.responses import query_error
from service.datasets.file_reader import Options
from service.datasets.file_reader.options import Missing

NAMES = ("target", "features", "header", "categories", "decimal", "thousands", "dates", "sheet")
"""Parameters of an upload that concern files only."""
NOTATION = ("decimal", "thousands", "dates")
"""Those that say how numbers are written."""


Decimal = Annotated[Literal["auto", ".", ","], Query(description="Files: the decimal mark.")]
Thousands = Annotated[
    Literal["auto", "none", ",", ".", "space"], Query(description="Files: the mark between thousands.")
]
Dates = Annotated[Literal["ignore", "days"], Query(description="Files: `days` reads dates as days since 1970-01-01.")]


async def _options(
    missing: Annotated[
        Missing,
        Query(
            description="What becomes of a missing value, in JSON a null. `refuse`: the upload is refused, with all "
            "places; `drop`: its row is left out; `mean`: a number gets the mean of its column, rows without target or "
            "category are left out. A column with such numbers cannot be the target of a run."
        ),
    ] = "refuse",
    categories: Annotated[
        Literal["one_hot", "ignore"],
        Query(description="Files: whether a text column of at most 20 values gives features `sex=male` of 0 and 1."),
    ] = "one_hot",
    decimal: Decimal = "auto",
    thousands: Thousands = "auto",
    dates: Dates = "ignore",
    sheet: Annotated[
        str | None,
        Query(
            min_length=1,
            max_length=200,
            description="Excel: the sheet. Default: the first visible one, or the only one with content.",
        ),
    ] = None,
) -> Options:
    _check_marks(decimal, thousands)
    return Options(missing, categories, decimal, thousands, dates, sheet)


async def _notation(decimal: Decimal = "auto", thousands: Thousands = "auto", dates: Dates = "ignore") -> Options:
    _check_marks(decimal, thousands)
    return Options(decimal=decimal, thousands=thousands, dates=dates)


def _check_marks(decimal: str, thousands: str) -> None:
    if decimal == thousands != "auto":
        raise query_error("thousands", "The decimal mark cannot separate thousands.", "Choose two marks.")


FileOptions = Annotated[Options, Depends(_options)]
FileNotation = Annotated[Options, Depends(_notation)]
"""How to read the numbers of a file, of which every row is needed."""
