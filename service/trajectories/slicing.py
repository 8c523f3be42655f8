"""Selection of steps and columns of a trajectory."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Steps = range | npt.NDArray[np.int64]
"""Numbers of steps in ascending order."""
FAR = 4096
"""Reading one step costs as much as reading about so many."""
Chunks = Callable[[int, int], Iterator[tuple[int, Any]]]
"""Reads stored chunks from a first to a last step: (first step, array of shape (columns, steps))."""


class View(NamedTuple):
    """A selection of a trajectory: `steps` in order, `fields` the names of columns in the order of the answer."""

    parameters: Sequence[str]
    columns: Sequence[str]
    fields: Sequence[str]
    steps: Steps
    chunks: Chunks

    def blocks(self) -> Iterator[tuple[Steps, Any]]:
        """The selected steps in blocks: (step numbers, array of shape (columns, steps))."""
        for low, high in self._spans():
            for first, rows in self.chunks(low, high):
                chosen = self._within(first, rows.shape[1])
                if len(chosen):
                    yield chosen, rows if len(chosen) == rows.shape[1] else rows[:, np.asarray(chosen) - first]

    def row_of(self, field: str) -> int:
        """The row of a column in a chunk."""
        return len(self.parameters) + self.columns.index(field)

    def _spans(self) -> Iterator[tuple[int, int]]:
        """The first and last step of each read: steps that are far apart are read one by one."""
        if len(self.steps) == 0:
            return
        if isinstance(self.steps, range):
            if self.steps.step > FAR:
                yield from ((step, step) for step in self.steps)
            else:
                yield self.steps[0], self.steps[-1]
            return
        ends = np.flatnonzero(np.diff(self.steps) > FAR)
        yield from zip(self.steps[[0, *ends + 1]].tolist(), self.steps[[*ends, -1]].tolist(), strict=True)

    def _within(self, first: int, count: int) -> Steps:
        if isinstance(self.steps, range):
            start = max(0, -((self.steps.start - first) // self.steps.step))
            stop = max(0, -((self.steps.start - first - count) // self.steps.step))
            return self.steps[start:stop]
        low, high = np.searchsorted(self.steps, [first, first + count])
        return self.steps[low:high]


def every(first: int, last: int, stride: int) -> range:
    """Every stride-th step, the first one included."""
    # The stride comes from the client and may exceed 64 bits; the clamped one cannot.
    return range(first, last + 1, min(stride, last - first + 1)) if first <= last else range(0)


def thinned(steps: range, most: int, best: int | None) -> Steps:
    """At most `most` of the steps, evenly spaced, with the first, the last and the best one."""
    if len(steps) <= most:
        return steps
    places = np.unique(np.linspace(0, len(steps) - 1, most).round().astype(np.int64))
    if best is not None and best in steps:
        place = steps.index(best)
        if place not in places:
            # The best step replaces its nearest inner neighbour, so that both ends and the number stay.
            nearest = 1 + int(np.argmin(np.abs(places[1:-1] - place)))
            places[nearest] = place
    return steps.start + steps.step * np.sort(places)
