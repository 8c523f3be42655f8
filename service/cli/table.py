"""Tables of runs for the terminal and for pipes."""

import os
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

from service.cli.run_report import printable
from service.core.run_status import FINISHED, RunStatus

MOST_WIDTH = 1000
"""A width in characters in which every table fits."""
LEFT_OUT = ("created (UTC)", "uploaded (UTC)", "features", "verdict", "steps")
"""The columns that a narrow terminal does without, the least important one first."""
FOLDED = frozenset({"name", "description", "features"})
RIGHT = frozenset({"steps", "rows", "rank", "learning rate", "E(θ)", "train MSE", "test MSE"})

Row = dict[str, str]
"""The texts of a line by the names of the columns."""


def print_table(rows: Sequence[Row]) -> None:
    """Prints the rows, which have the same columns, one a line: ids are never cut, so that other commands take them."""
    console = Console(markup=False, highlight=False)
    names = list(rows[0])
    for name in (*(each for each in LEFT_OUT if each in names), None):
        table = Table(box=None)
        for each in names:
            table.add_column(each, no_wrap=each not in FOLDED, justify="right" if each in RIGHT else "left")
        for row in rows:
            table.add_row(*(printable(row[each]) for each in names))
        needed = Measurement.get(console, console.options.update(width=MOST_WIDTH), table).maximum
        if not console.is_terminal and "COLUMNS" not in os.environ:  # a pipe
            console.width = needed
        if needed <= console.width or name is None:
            break
        names.remove(name)
    console.print(table)


def run_row(run: dict[str, Any]) -> Row:
    """A run in a table."""
    final, verdict = run["final"] or {}, run["convergence"] or {}
    done = f"{run['steps_done']:,}"
    return {
        "id": run["id"],
        "name": run["name"] or "",
        "status": RunStatus(run["status"]).words,
        "verdict": verdict.get("state", ""),
        "steps": done if run["status"] in FINISHED else f"{done} of {run['steps_total']:,}",
        "train MSE": number_cell(final.get("train_mse")),
        "test MSE": number_cell(final.get("test_mse")),
        "created (UTC)": minute_of(run["created_at"]),
    }


def number_cell(value: float | None) -> str:
    """A number of a table; nothing for none."""
    return "" if value is None else f"{value:.4g}"


def minute_of(time: str) -> str:
    """A time of the service, to the minute."""
    return time[:16].replace("T", " ")
