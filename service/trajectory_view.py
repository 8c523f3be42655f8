"""Part of a trajectory, and how it is written: JSON columns, NDJSON or CSV, piece by piece.

Whatever the length of a trajectory, a reader costs a few chunks of memory: the columns of the JSON form are read from
the store one after the other.
"""

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import orjson

Chunks = Callable[[int, int], Iterator[tuple[int, Any]]]
"""The store's chunks from a first to a last step: (first step, array of shape (columns, steps))."""

IN_MEMORY_BYTES = 1024 * 1024


class View(NamedTuple):
    """What is to be shown. `steps` are the chosen steps in order; `fields` name columns in the order of the answer."""

    parameters: Sequence[str]
    columns: Sequence[str]
    fields: Sequence[str]
    steps: Any
    chunks: Chunks

    def blocks(self) -> Iterator[tuple[Any, Any]]:
        """The chosen steps: (step numbers, array of shape (columns, steps))."""
        if len(self.steps) == 0:
            return
        for first, rows in self.chunks(int(self.steps[0]), int(self.steps[-1])):
            chosen = self._within(first, rows.shape[1])
            if len(chosen):
                yield chosen, rows if len(chosen) == rows.shape[1] else rows[:, np.asarray(chosen) - first]

    def place(self, field: str) -> int:
        """A column's row in a chunk."""
        return len(self.parameters) + self.columns.index(field)

    def _within(self, first: int, count: int) -> Any:
        if isinstance(self.steps, range):
            start = max(0, -((self.steps.start - first) // self.steps.step))
            stop = max(0, -((self.steps.start - first - count) // self.steps.step))
            return self.steps[start:stop]
        low, high = np.searchsorted(self.steps, [first, first + count])
        return self.steps[low:high]


def every(first: int, last: int, stride: int) -> range:
    """Every stride-th step, the first one included."""
    return range(first, last + 1, stride)


def thinned(steps: range, most: int, best: int | None) -> Any:
    """At most so many of the steps, evenly: the first, the last and the best one always."""
    if len(steps) <= most:
        return steps
    places = np.unique(np.linspace(0, len(steps) - 1, most).round().astype(np.int64))
    if best is not None and best in steps:
        place = steps.index(best)
        if place not in places:
            # The inner neighbour gives way, so that both ends stay and the number does too.
            nearest = 1 + int(np.argmin(np.abs(places[1:-1] - place)))
            places[nearest] = place
    return steps.start + steps.step * np.sort(places)


def as_json(view: View, head: dict[str, Any]) -> Iterator[bytes]:
    """One object: `head`, then a list a field."""
    yield orjson.dumps(head)[:-1]
    small = 8 * len(view.steps) * (len(view.parameters) + len(view.columns)) <= IN_MEMORY_BYTES
    kept = list(view.blocks()) if small else None
    for field in view.fields:
        yield b',"%s":[' % field.encode()
        between = b""
        for steps, rows in _steps_only(view) if field == "step" else kept or view.blocks():
            yield between + orjson.dumps(_column(view, field, steps, rows), option=orjson.OPT_SERIALIZE_NUMPY)[1:-1]
            between = b","
        yield b"]"
    yield b"}"


def as_ndjson(view: View) -> Iterator[bytes]:
    """One object a step."""
    option = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_APPEND_NEWLINE
    for steps, rows in view.blocks():
        columns = [_column(view, field, steps, rows) for field in view.fields]
        lists = [column.tolist() if isinstance(column, np.ndarray) else column for column in columns]
        yield b"".join(
            orjson.dumps(dict(zip(view.fields, values, strict=True)), option=option)
            for values in zip(*lists, strict=True)
        )


def as_csv(view: View) -> Iterator[bytes]:
    """A header and one line a step; a number that is not finite or does not apply is an empty cell."""
    header = io.StringIO()
    csv.writer(header, lineterminator="\n").writerow(_csv_header(view))
    yield header.getvalue().encode()
    for steps, rows in view.blocks():
        lines = _csv_lines(view, rows)
        if "step" in view.fields:
            position = view.fields.index("step")
            lines = [_with_step(line, step, position, view) for step, line in zip(steps, lines, strict=True)]
        yield b"\n".join(lines) + b"\n"


def _csv_header(view: View) -> list[str]:
    names: list[str] = []
    for field in view.fields:
        names += [f"theta.{name}" for name in view.parameters] if field == "theta" else [field]
    return names


def _csv_lines(view: View, rows: Any) -> list[bytes]:
    order: list[int] = []
    for field in view.fields:
        if field != "step":
            order += range(len(view.parameters)) if field == "theta" else [view.place(field)]
    if not order:
        return [b""] * rows.shape[1]
    # orjson writes the shortest decimal of a double, ten times as fast as Python does.
    table = orjson.dumps(np.ascontiguousarray(rows[order].T), option=orjson.OPT_SERIALIZE_NUMPY)
    return table[2:-2].replace(b"null", b"").split(b"],[")


def _with_step(line: bytes, step: int, position: int, view: View) -> bytes:
    if position == 0:
        return b"%d,%s" % (step, line) if line else b"%d" % step
    before = sum(len(view.parameters) if field == "theta" else 1 for field in view.fields[:position])
    cells = line.split(b",")
    return b",".join([*cells[:before], b"%d" % step, *cells[before:]])


def _steps_only(view: View) -> Iterator[tuple[Any, None]]:
    for first in range(0, len(view.steps), 65536):
        yield view.steps[first : first + 65536], None


def _column(view: View, field: str, steps: Any, rows: Any) -> Any:
    if field == "step":
        return list(steps) if isinstance(steps, range) else steps
    if field == "theta":
        return np.ascontiguousarray(rows[: len(view.parameters)].T)
    return np.ascontiguousarray(rows[view.place(field)])
