"""What the benchmarks share: rounds that alternate with their yardstick, medians with spread, bars."""

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
        """The middle one, which a few disturbed rounds do not move."""
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
    """Ours to a yardstick: the median of the rounds' ratios, since what disturbs a round disturbs both alike."""
    ratios = Measure([a / b for a, b in zip(ours.values, yardstick.values, strict=True)], "×")
    return Result(what, str(ours), f"{yardstick} {name}", str(ratios), *_bar(what, name, ratios))


def absolute(what: str, ours: Measure) -> Result:
    """A measure of ours without a yardstick."""
    return Result(what, str(ours), "", "", *_bar(what, "", ours))


def not_here(what: str, why: str) -> Result:
    """What cannot be measured on this machine."""
    return Result(what, why)


def interleaved(rounds: int, *measures: Callable[[], float]) -> list[list[float]]:
    """Each measure once untimed, then all of them `rounds` times in turn; their values, a list a measure."""
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
    """How long a call takes."""
    begun = time.perf_counter()
    call()
    return time.perf_counter() - begun


def until(found: Callable[[], Given | None], *, within: float, pause: float = 0.02) -> Given:
    """What `found` gives as soon as it is not None. Raises TimeoutError."""
    end = time.monotonic() + within
    while time.monotonic() < end:
        if (result := found()) is not None:
            return result
        time.sleep(pause)
    raise TimeoutError(f"Nothing came within {within} seconds.")


def _bar(what: str, yardstick: str, measure: Measure) -> tuple[str, bool | None]:
    bar = BARS.get((what, yardstick))
    return ("", None) if bar is None else (str(bar), bar.is_met(measure.median))
