"""Storage of trajectories: chunks of steps, column-major in little-endian float64."""

import zlib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from sqlalchemy import Connection, bindparam, case, delete, func, insert, select, update

from service.core.failpoints import reach
from service.storage.chunk import Chunk, chunk_fields, end_before
from service.storage.database import Database
from service.storage.errors import CorruptError, GoneError
from service.storage.tables import runs, trajectory_chunks

Columns = np.ndarray[Any, np.dtype[np.float64]]
READ_BYTES = 256 * 1024
CHUNK_BYTES = 1024 * 1024
CHUNK_ROWS = 1024
EXTENDED_BYTES = 64 * 1024
"""A shorter chunk is extended by the next steps, so that the unused rest of its last page is a small part of it."""
DELETED_AT_ONCE = 4
"""Maximum number of chunks that one step of a deletion deletes, of one run or several: at most about 5 ms."""

_chunk = trajectory_chunks.c
# The chunk with the step `first` begins after `earliest`, at most one chunk length before `first`.
_SOME = (
    select(*chunk_fields(trajectory_chunks, _chunk.first_step))
    .add_columns(func.coalesce(end_before(trajectory_chunks, _chunk.run_seq, _chunk.first_step), 0))
    .where(
        _chunk.run_seq == bindparam("run_seq"),
        _chunk.first_step + _chunk.rows > bindparam("first"),
    )
    .where(_chunk.first_step <= bindparam("last"), _chunk.first_step > bindparam("earliest"))
    .order_by(_chunk.first_step)
    .limit(bindparam("most"))
)
_ADD = insert(trajectory_chunks)
# The chunk before a step, without its data if it is long enough.
_SHORT_DATA = case((func.length(_chunk.data) < bindparam("most_bytes"), _chunk.data))
_BEFORE = (
    select(_chunk.first_step, _chunk.rows, _SHORT_DATA, _chunk.checksum)
    .where(_chunk.run_seq == bindparam("run_seq"), _chunk.first_step < bindparam("step"))
    .order_by(_chunk.first_step.desc())
    .limit(1)
)
_EXTEND = update(trajectory_chunks).where(
    _chunk.run_seq == bindparam("of_run"), _chunk.first_step == bindparam("of_step")
)
_DELETE = delete(trajectory_chunks).where(_chunk.run_seq == bindparam("of_run"))
_IS_THERE = select(runs.c.seq).where(runs.c.seq == bindparam("run_seq"), runs.c.deleted_at.is_(None))
_COUNTS = (
    select(_chunk.run_seq, func.count().label("chunks"))
    .where(_chunk.run_seq.in_(bindparam("run_seqs", expanding=True)))
    .group_by(_chunk.run_seq)
)


def chunk_rows(columns: int) -> int:
    """Number of steps in a full chunk with this number of columns."""
    return max(1, min(CHUNK_ROWS, CHUNK_BYTES // (8 * max(columns, 1))))  # a damaged run has no columns


def chunk_counts(connection: Connection, run_seqs: Sequence[int]) -> dict[int, int]:
    """The number of chunks of each run that has some."""
    return {row.run_seq: row.chunks for row in connection.execute(_COUNTS, {"run_seqs": run_seqs})}


def append(connection: Connection, run_seq: int, first_step: int, columns: Columns) -> None:
    """Stores steps, starting at `first_step`. `columns` has shape (columns, steps), θ's components first."""
    reach("append.before")
    if first_step == 0:  # a damaged chunk of another run may have the seq of a later run
        connection.execute(_DELETE, {"of_run": run_seq})
    height, short = chunk_rows(len(columns)), _short_chunk(connection, run_seq, first_step, len(columns))
    if short is not None:
        first_step, columns = short.first, np.hstack((_decode(short, len(columns)), columns))
        connection.execute(_EXTEND, {"of_run": run_seq, "of_step": first_step, **_content(columns[:, :height])})
    for start in range(0 if short is None else height, columns.shape[1], height):
        content = _content(columns[:, start : start + height])
        connection.execute(_ADD, {"run_seq": run_seq, "first_step": first_step + start, **content})
    reach("append.after")


def _content(columns: Columns) -> dict[str, Any]:
    """The columns of a chunk with these steps, without its place."""
    data = columns.astype("<f8", copy=False).tobytes()
    return {"rows": columns.shape[1], "data": data, "checksum": zlib.crc32(data)}


def _short_chunk(connection: Connection, run_seq: int, step: int, columns: int) -> Chunk | None:
    """The chunk that ends before `step`, if it is short and whole. A slow descent stores few steps at a time.

    No look is taken where full chunks end, as those of a fast descent do.
    """
    if step % chunk_rows(columns) == 0:
        return None
    row = connection.execute(_BEFORE, {"run_seq": run_seq, "step": step, "most_bytes": EXTENDED_BYTES}).one_or_none()
    chunk = None if row is None else Chunk.from_row(row)
    if chunk is None or not chunk.is_whole(columns) or chunk.first + chunk.rows != step:
        return None
    return chunk if chunk.rows < chunk_rows(columns) else None


def read(database: Database, run_seq: int, columns: int, first: int, last: int) -> Iterator[tuple[int, Columns]]:
    """The steps `first` to `last`, inclusive, chunk by chunk: (first step, array of shape (columns, steps)).

    A short transaction reads every few chunks, so a slow client does not block the log's checkpoint. Raises
    CorruptError on a wrong checksum or a gap, GoneError if the run is deleted during the read.
    """
    expected = first
    while expected <= last:
        for first_step, rows in _some(database, run_seq, columns, expected, last):
            if not first_step <= expected < first_step + rows.shape[1]:
                raise _missing(database, run_seq, expected)
            yield expected, rows[:, expected - first_step : last + 1 - first_step]
            expected = min(first_step + rows.shape[1], last + 1)


def _some(database: Database, run_seq: int, columns: int, first: int, last: int) -> list[tuple[int, Columns]]:
    most = max(1, READ_BYTES // (8 * columns * chunk_rows(columns)))
    place = {"run_seq": run_seq, "first": first, "last": last, "earliest": first - chunk_rows(columns), "most": most}
    with database.reading() as connection:
        found = connection.execute(_SOME, place).all()
    if not found:
        raise _missing(database, run_seq, first)
    for first_step, *_, start in found:
        if first_step != start:  # the chunk before it is damaged or purged, or its own place is damaged
            raise _missing(database, run_seq, start)
    return [(row[0], _decode(Chunk.from_row(row[:4]), columns)) for row in found]


def _missing(database: Database, run_seq: int, step: int) -> Exception:
    """The error for a missing step: GoneError for a deleted run, CorruptError otherwise."""
    with database.reading() as connection:
        if connection.execute(_IS_THERE, {"run_seq": run_seq}).one_or_none() is None:
            return GoneError("The run was deleted just now.")
    return CorruptError(f"The trajectory has no step {step}.")


def _decode(chunk: Chunk, columns: int) -> Columns:
    if not chunk.is_whole(columns):
        raise CorruptError(f"The trajectory is damaged at step {chunk.first}: a checksum or a length is wrong.")
    return np.frombuffer(chunk.data, dtype="<f8").reshape(columns, chunk.rows)
