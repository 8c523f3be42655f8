"""The figures of the suites: a line per figure with its bar, printed at the end and written as Markdown."""

import os
import platform
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from service.storage.sqlite.engine import sqlite_module

HEADINGS = ("Suite", "What", "Reached", "Bar", "Met")


class Line(NamedTuple):
    """A figure. `met` is None where there is no bar."""

    suite: str
    what: str
    reached: str
    bar: str = ""
    met: bool | None = None


class Measured:
    """The figures of one test. A call adds a figure and its optional bar; `missed` lists the missed bars."""

    def __init__(self, suite: str) -> None:
        self._suite = suite
        self.lines: list[Line] = []

    def __call__(
        self,
        what: str,
        figure: float,
        unit: str = "",
        *,
        at_most: float | None = None,
        at_least: float | None = None,
    ) -> None:
        bar, met = "", None
        if at_most is not None:
            bar, met = f"≤ {_text(at_most, unit)}", figure <= at_most
        elif at_least is not None:
            bar, met = f"≥ {_text(at_least, unit)}", figure >= at_least
        self.lines.append(Line(self._suite, what, _text(figure, unit), bar, met))

    @property
    def missed(self) -> list[str]:
        return [f"{line.what}: {line.reached}, not {line.bar}" for line in self.lines if line.met is False]


def worst(seconds: Sequence[float], share: float = 0.99) -> float:
    """The quantile at this share: by default p99, and the maximum of fewer than a hundred values."""
    ordered = sorted(seconds)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def show(lines: Sequence[Line], share: float) -> None:
    """Prints the table of figures."""
    table = Table(*HEADINGS, caption=_caption(share))
    for line, before in zip(lines, [None, *lines], strict=False):
        if before is not None and before.suite != line.suite:
            table.add_section()
        table.add_row(*map(escape, _cells(line, before)), style="red" if line.met is False else None)
    Console(width=140).print(table)


def write(lines: Sequence[Line], share: float, file: Path) -> None:
    """Writes the table as Markdown."""
    rows = [HEADINGS, ("---",) * len(HEADINGS), *map(_cells, lines, [None, *lines[:-1]])]
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"# Torture\n\n{_caption(share)}\n\n{table}\n", encoding="utf-8")


def _cells(line: Line, before: Line | None) -> tuple[str, ...]:
    suite = line.suite.removeprefix("test_").replace("_", " ")
    suite = "" if before is not None and before.suite == line.suite else suite
    return (suite, line.what, line.reached, line.bar, {True: "yes", False: "NO", None: ""}[line.met])


def _text(figure: float, unit: str) -> str:
    number = f"{figure:,}" if isinstance(figure, int) else f"{figure:,.3g}" if abs(figure) < 1000 else f"{figure:,.0f}"
    return f"{number} {unit}".strip()


def _caption(share: float) -> str:
    sqlite = sqlite_module().sqlite_version
    machine = f"{platform.system()}, {os.cpu_count()} cores, Python {platform.python_version()}, SQLite {sqlite}"
    numbers = f"{share:.0%} of the full numbers" if share else "The least numbers"
    return f"{numbers}. {machine}."
