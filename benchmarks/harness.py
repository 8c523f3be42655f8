"""Shared parts of the benchmarks: rounds that alternate with their baseline, medians with spread, bars."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import median, quantiles
from typing import TypeVar

from benchmarks.bars import BARS, short

Given = TypeVar("Given")


@dataclass(frozen=True)
class Measure:
    """The same thing measured several times."""

    values: Sequence[float]
    unit: str

    @property
    def median(self) -> float:
        """The median, which is robust to a few disturbed rounds."""
        return median(self.values)

    def __str__(self) -> str:
        if len(self.values) == 1:
            return f"{short(self.median)} {self.unit}"
        low, _, high = quantiles(self.values, n=4, method="inclusive")
        return f"{short(self.median)} {self.unit} ({short(low)}–{short(high)})"


@dataclass(frozen=True)
class Result:
    """A row of the table. `met` is None where there is no bar, or where the bar cannot be measured."""

    what: str
    ours: str
    yardstick: str = ""
    ratio: str = ""
    bar: str = ""
    met: bool | None = None


Benchmark = Callable[[], Iterable[Result]]


def compared(what: str, ours: Measure, yardstick: Measure, name: str) -> Result:
    """Our measure relative to a baseline: the median of the rounds' ratios, since a disturbance affects both."""
    ratios = Measure([a / b for a, b in zip(ours.values, yardstick.values, strict=True)], "×")
    return Result(what, str(ours), f"{yardstick} {name}", str(ratios), *_bar(what, name, ratios))


def absolute(what: str, ours: Measure) -> Result:
    """A measure of ours without a baseline."""
    return Result(what, str(ours), "", "", *_bar(what, "", ours))


def not_here(what: str, why: str) -> Result:
    """A row for a measure that this machine cannot take."""
    return Result(what, why)


def interleaved(rounds: int, *measures: Callable[[], float]) -> list[list[float]]:
    """Runs each measure once untimed, then all of them `rounds` times in turn; a list of values per measure."""
    for measure in measures:
        measure()
    values: list[list[float]] = [[] for _ in measures]
    places = list(range(len(measures)))
    for _ in range(rounds):
        for place in places:
            values[place].append(measures[place]())
        places.reverse()  # neither always comes first
    return values


def seconds(call: Callable[[], object]) -> float:
    """The duration of a call in seconds."""
    begun = time.perf_counter()
    call()
    return time.perf_counter() - begun


def until(found: Callable[[], Given | None], *, within: float, pause: float = 0.02) -> Given:
    """Polls `found` until it returns a value other than None; that value. Raises TimeoutError."""
    end = time.monotonic() + within
    while time.monotonic() < end:
        if (result := found()) is not None:
            return result
        time.sleep(pause)
    raise TimeoutError(f"Nothing came within {within} seconds.")


def _bar(what: str, yardstick: str, measure: Measure) -> tuple[str, bool | None]:
    bar = BARS.get((what, yardstick))
    return ("", None) if bar is None else (str(bar), bar.is_met(measure.median))
