"""Missing values of a JSON upload: null among the numbers of x or in y. They are refused, left out or filled in."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from service.core.dataset_record import ReportEntry, Rows
from service.core.exceptions import invalid
from service.core.plurals import counted
from service.datasets.file_reader.options import Missing

Mask = np.ndarray[Any, np.dtype[np.bool_]]
MOST_NAMED = 20
FILL = "Fill them in. ?missing=drop leaves these rows out, ?missing=mean writes the mean of the column."
FROM_0 = "Rows are numbered from 0, as in x and y."


class Whole(NamedTuple):
    """Rows without missing values, and the report.

    `missing` counts the missing values of each column, the target's last; `filled` those that hold the mean.
    """

    x: Rows
    y: Sequence[str | float]
    missing: list[int]
    filled: list[int]
    report: list[ReportEntry]


def without_missing(
    x: Sequence[Sequence[float | None]],
    y: Sequence[str | float | None],
    features: Sequence[str],
    target: str,
    how: Missing,
) -> Whole:
    """The rows without missing values. `mean` leaves out the rows without a target. Raises InvalidError."""
    table = np.array(x, dtype=np.float64)  # null becomes NaN, which no body has
    gaps: Mask = np.column_stack([np.isnan(table), [entry is None for entry in y]])
    missing: list[int] = gaps.sum(axis=0).tolist()
    names = [*features, target]
    if not any(missing):
        return Whole(table, _complete(y), missing, [0] * len(missing), [])
    if how == "refuse":
        places = "; ".join(_place(names[j], _numbers(gaps[:, j])) for j in _numbers(gaps.any(axis=0))[:MOST_NAMED])
        more = " …" if np.count_nonzero(missing) > MOST_NAMED else ""
        raise invalid("/x" if any(missing[:-1]) else "/y", f"Values are missing: {places}{more}. {FROM_0}", FILL)
    report: list[ReportEntry] = []
    filled = [0] * len(names)
    if how == "mean":
        has_value: Mask = np.logical_not(gaps[:, -1:])
        filled = [*(gaps[:, :-1] & has_value).sum(axis=0).tolist(), 0]
        gaps, report = _fill(table, gaps, names)
    kept: Mask = np.logical_not(gaps.any(axis=1))
    if kept.sum() < 2:
        raise invalid("/x", f"{counted(int(kept.sum()), 'row')} without missing values.", "Give 2 rows or more.")
    if not kept.all():
        report = [*report, _dropped(names, gaps, kept)]
    whole = _complete([entry for entry, keep in zip(y, kept, strict=True) if keep])
    return Whole(table[kept], whole, missing, filled, report)


def _fill(table: Rows, gaps: Mask, names: Sequence[str]) -> tuple[Mask, list[ReportEntry]]:
    """Writes the mean of each feature into its gaps, of the rows with a target alone: the others are left out.

    Returns the gaps that are left, of the target, and the report.
    """
    report: list[ReportEntry] = []
    has_target = np.logical_not(gaps[:, -1])
    for j in _numbers(gaps[has_target, :-1].any(axis=0)):
        rows = _numbers(gaps[:, j] & has_target)
        known = table[has_target & np.logical_not(gaps[:, j]), j]
        if not len(known):
            raise invalid("/x", f"{names[j]} has no value, so it has no mean.", "Leave this feature out.")
        with np.errstate(over="ignore"):
            mean = float(known.mean())
        if not np.isfinite(mean):
            raise invalid("/x", f"The mean of {names[j]} is not finite.", "Fill in the values, or drop these rows.")
        table[rows, j] = mean
        message = f"{names[j]}: {counted(len(rows), 'missing value')} filled with the mean, {mean!r}. {FROM_0}"
        report.append({"code": "missing_filled", "message": message, "columns": [names[j]], "rows": rows[:MOST_NAMED]})
    left = np.zeros_like(gaps)
    left[:, -1] = gaps[:, -1]
    return left, report


def _dropped(names: Sequence[str], gaps: Mask, kept: Mask) -> ReportEntry:
    rows = _numbers(np.logical_not(kept))
    columns = [names[j] for j in _numbers(gaps.any(axis=0))[:MOST_NAMED]]
    message = f"{counted(len(rows), 'row')} of {len(kept)} with missing values left out. {FROM_0}"
    return {"code": "missing_dropped", "message": message, "columns": columns, "rows": rows[:MOST_NAMED]}


def _numbers(mask: Any) -> list[int]:
    """The indices of the true entries."""
    found: list[int] = np.flatnonzero(mask).tolist()
    return found


def _place(name: str, rows: Sequence[int]) -> str:
    numbers = ", ".join(map(str, rows[:MOST_NAMED]))
    return f"{name} in {'row' if len(rows) == 1 else 'rows'} {numbers}{' …' if len(rows) > MOST_NAMED else ''}"


def _complete(y: Sequence[str | float | None]) -> list[str | float]:
    return [entry for entry in y if entry is not None]
