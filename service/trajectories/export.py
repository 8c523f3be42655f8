"""Writers of a trajectory: JSON columns, NDJSON or CSV, in pieces.

A writer takes a few MiB of memory for a trajectory of any length. JSON and NPZ have one column after the other, the
database all columns of a step together, so a long trajectory is read several times: each time for the next column, and
for as many columns after it as fit into `KEPT_BYTES`.
"""

import csv
import io
import threading
from collections.abc import Iterator, Mapping, Sequence
from math import prod
from typing import Any, Self

import numpy as np
import orjson

from service.trajectories.slicing import Steps, View

KEPT_BYTES = 4 * 1024 * 1024
ALL_KEPT_BYTES = 16 * 1024 * 1024
"""The columns that all writers of the process keep. One may keep a quarter of what the others leave."""
PART_ROWS = 4096
BLOCK_VALUES = 4096
"""Values of a block of CSV or NDJSON: each is text of about 20 bytes."""
Piece = bytes | memoryview


def as_json(view: View, head: Mapping[str, object]) -> Iterator[Piece]:
    """One object: the fields of `head`, then a list for each column."""
    yield orjson.dumps(head)[:-1]
    for field, parts in by_column(view):
        yield b',"%s":' % field.encode()
        yield from _json_list(parts)
    yield b"}"


def by_column(view: View) -> Iterator[tuple[str, Iterator[Any]]]:
    """The name of each column and its values in parts, to be read in this order."""
    with _Kept() as kept:
        for place, field in enumerate(view.fields):
            if field == "step":
                parts = _step_numbers(view)
            elif field in kept.columns:
                parts = _sliced(kept.columns.pop(field))
            else:
                kept.reserve(view, view.fields[place + 1 :])
                parts = _read(view, field, kept.columns)
            yield field, parts


def _json_list(parts: Iterator[Any]) -> Iterator[Piece]:
    between = b"["
    for part in parts:
        yield between
        # Without its brackets and without a copy.
        yield memoryview(orjson.dumps(part, option=orjson.OPT_SERIALIZE_NUMPY))[1:-1]
        between = b","
    yield b"]" if between == b"," else b"[]"


def _step_numbers(view: View) -> Iterator[Any]:
    for steps in _sliced(view.steps):
        yield np.arange(steps.start, steps.stop, steps.step) if isinstance(steps, range) else steps


def _sliced(column: Any) -> Iterator[Any]:
    for first in range(0, len(column), PART_ROWS):
        yield column[first : first + PART_ROWS]


class _Kept:
    """Context manager: the columns that a writer keeps for later. Thread-safe."""

    _of_all = 0
    """Bytes of all writers."""
    _lock = threading.Lock()

    def __init__(self) -> None:
        self.columns: dict[str, Any] = {}
        self._bytes = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._take(0)

    def reserve(self, view: View, fields: Sequence[str]) -> None:
        """Replaces the columns by empty arrays for these fields, as many as this writer may keep."""
        self.columns.clear()
        shapes = {field: shape_of(view, field) for field in fields if field != "step"}
        free = self._take(min(KEPT_BYTES, sum(8 * prod(shape) for shape in shapes.values()))) // 8
        for field, shape in shapes.items():
            if (free := free - prod(shape)) < 0:
                break
            self.columns[field] = np.empty(shape)

    def _take(self, wanted: int) -> int:
        """Takes so many bytes in place of those before, or fewer. Returns their number."""
        with self._lock:
            _Kept._of_all -= self._bytes
            self._bytes = min(wanted, (ALL_KEPT_BYTES - _Kept._of_all) // 4)
            _Kept._of_all += self._bytes
        return self._bytes


def shape_of(view: View, field: str) -> tuple[int, ...]:
    """The shape of a column."""
    return (len(view.steps), len(view.parameters)) if field == "theta" else (len(view.steps),)


def _read(view: View, field: str, kept: dict[str, Any]) -> Iterator[Any]:
    """A column in blocks; fills the columns of `kept` on the way."""
    first = 0
    for steps, rows in view.blocks():
        for name, column in kept.items():
            column[first : first + len(steps)] = _column(view, name, steps, rows)
        first += len(steps)
        yield _column(view, field, steps, rows)


def _blocks(view: View) -> Iterator[tuple[Steps, Any]]:
    """The blocks of a view with at most BLOCK_VALUES values, or a step."""
    for steps, rows in view.blocks():
        height = max(1, BLOCK_VALUES // len(rows))
        for first in range(0, len(steps), height):
            yield steps[first : first + height], rows[:, first : first + height]


def as_ndjson(view: View) -> Iterator[bytes]:
    """One object per step."""
    for steps, rows in _blocks(view):
        yield _ndjson_block(view, steps, rows)


# A writer waits for its client with the variables that it has. So a function makes each block.
def _ndjson_block(view: View, steps: Steps, rows: Any) -> bytes:
    option = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_APPEND_NEWLINE
    columns = [_column(view, field, steps, rows) for field in view.fields]
    lists = [column.tolist() if isinstance(column, np.ndarray) else column for column in columns]
    return b"".join(
        orjson.dumps(dict(zip(view.fields, values, strict=True)), option=option) for values in zip(*lists, strict=True)
    )


def as_csv(view: View) -> Iterator[bytes]:
    """A header and one line per step; a number that is not finite or does not apply is an empty cell."""
    header = io.StringIO()
    # With this line terminator the writer quotes names that contain \r or \n, which end lines for readers.
    csv.writer(header, lineterminator="\r\n").writerow(column_names(view))
    yield header.getvalue().removesuffix("\r\n").encode() + b"\n"
    for steps, rows in _blocks(view):
        yield _csv_block(view, steps, rows)


def _csv_block(view: View, steps: Steps, rows: Any) -> bytes:
    lines = _csv_lines(view, rows)
    if "step" in view.fields:
        position = view.fields.index("step")
        lines = [_with_step(line, step, position, view) for step, line in zip(steps, lines, strict=True)]
    return b"\n".join([*lines, b""])


def column_names(view: View) -> list[str]:
    """The names of the columns of a table: `theta.NAME` for each component of θ."""
    names: list[str] = []
    for field in view.fields:
        names += [f"theta.{name}" for name in view.parameters] if field == "theta" else [field]
    return names


def _csv_lines(view: View, rows: Any) -> list[bytes]:
    order: list[int] = []
    for field in view.fields:
        if field != "step":
            order += range(len(view.parameters)) if field == "theta" else [view.row_of(field)]
    if not order:
        return [b""] * rows.shape[1]
    # orjson writes the shortest decimal of a double, ten times as fast as Python does.
    table = orjson.dumps(np.ascontiguousarray(rows[order].T), option=orjson.OPT_SERIALIZE_NUMPY)
    alone = len(order) == 1 and "step" not in view.fields
    # Readers skip empty lines, so a single empty cell is quoted.
    return table[2:-2].replace(b"null", b'""' if alone else b"").split(b"],[")


def _with_step(line: bytes, step: int, position: int, view: View) -> bytes:
    if position == 0:
        return b"%d,%s" % (step, line) if line else b"%d" % step
    before = sum(len(view.parameters) if field == "theta" else 1 for field in view.fields[:position])
    cells = line.split(b",")
    return b",".join([*cells[:before], b"%d" % step, *cells[before:]])


def _column(view: View, field: str, steps: Any, rows: Any) -> Any:
    if field == "step":
        return list(steps) if isinstance(steps, range) else steps
    if field == "theta":
        return np.ascontiguousarray(rows[: len(view.parameters)].T)
    return np.ascontiguousarray(rows[view.row_of(field)])
