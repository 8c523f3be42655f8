"""Writers of a trajectory: JSON columns, NDJSON or CSV, in pieces.

A writer takes a few MiB of memory for a trajectory of any length. JSON has one column after the other, the database all
columns of a step together, so a long trajectory is read several times: each time for the next column, and for as many
columns after it as fit into `KEPT_BYTES`.
"""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from math import prod
from typing import Any

import numpy as np
import orjson

from service.trajectories.slicing import View

KEPT_BYTES = 4 * 1024 * 1024
JSON_ROWS = 16384
Piece = bytes | memoryview


def as_json(view: View, head: Mapping[str, object]) -> Iterator[Piece]:
    """One object: the fields of `head`, then a list for each column."""
    yield orjson.dumps(head)[:-1]
    kept: dict[str, Any] = {}
    for place, field in enumerate(view.fields):
        if field == "step":
            parts = _step_numbers(view)
        elif field in kept:
            parts = _sliced(kept.pop(field))
        else:
            kept = _buffers(view, view.fields[place + 1 :])
            parts = _read(view, field, kept)
        yield b',"%s":' % field.encode()
        yield from _json_list(parts)
    yield b"}"


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
    for first in range(0, len(column), JSON_ROWS):
        yield column[first : first + JSON_ROWS]


def _buffers(view: View, fields: Sequence[str]) -> dict[str, Any]:
    """Empty arrays for the next columns, as many as fit into `KEPT_BYTES`."""
    buffers: dict[str, Any] = {}
    free = KEPT_BYTES // 8
    for field in fields:
        if field == "step":
            continue
        shape = (len(view.steps), len(view.parameters)) if field == "theta" else (len(view.steps),)
        if (free := free - prod(shape)) < 0:
            break
        buffers[field] = np.empty(shape)
    return buffers


def _read(view: View, field: str, kept: dict[str, Any]) -> Iterator[Any]:
    """A column in blocks; fills the columns of `kept` on the way."""
    first = 0
    for steps, rows in view.blocks():
        for name, column in kept.items():
            column[first : first + len(steps)] = _column(view, name, steps, rows)
        first += len(steps)
        yield _column(view, field, steps, rows)


def as_ndjson(view: View) -> Iterator[bytes]:
    """One object per step."""
    option = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_APPEND_NEWLINE
    for steps, rows in view.blocks():
        columns = [_column(view, field, steps, rows) for field in view.fields]
        lists = [column.tolist() if isinstance(column, np.ndarray) else column for column in columns]
        yield b"".join(
            orjson.dumps(dict(zip(view.fields, values, strict=True)), option=option)
            for values in zip(*lists, strict=True)
        )


def as_csv(view: View) -> Iterator[bytes]:
    """A header and one line per step; a number that is not finite or does not apply is an empty cell."""
    header = io.StringIO()
    # With this line terminator the writer quotes names that contain \r or \n, which end lines for readers.
    csv.writer(header, lineterminator="\r\n").writerow(_csv_header(view))
    yield header.getvalue().removesuffix("\r\n").encode() + b"\n"
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
