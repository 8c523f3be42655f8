"""Query parameters of an uploaded file: how to read what the file leaves open."""

from typing import Annotated, Literal

from fastapi import Depends, Query

from service.api.responses import query_error
from service.datasets.file_reader import Options
from service.datasets.file_reader.options import Missing

NAMES = ("target", "features", "header", "categories", "decimal", "thousands", "dates", "sheet")
"""Parameters of an upload that concern files only."""


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
    decimal: Annotated[Literal["auto", ".", ","], Query(description="Files: the decimal mark.")] = "auto",
    thousands: Annotated[
        Literal["auto", "none", ",", ".", "space"], Query(description="Files: the mark between thousands.")
    ] = "auto",
    dates: Annotated[
        Literal["ignore", "days"], Query(description="Files: `days` reads dates as days since 1970-01-01.")
    ] = "ignore",
    sheet: Annotated[
        str | None,
        Query(
            min_length=1,
            max_length=200,
            description="Excel: the sheet. Default: the first visible one, or the only one with content.",
        ),
    ] = None,
) -> Options:
    if decimal == thousands != "auto":
        raise query_error("thousands", "The decimal mark cannot separate thousands.", "Choose two marks.")
    return Options(missing, categories, decimal, thousands, dates, sheet)


FileOptions = Annotated[Options, Depends(_options)]
