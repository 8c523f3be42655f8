"""Consistency check of the chunks of a dataset or a run: completeness, order, length, checksums, SHA-256."""

import hashlib
import zlib
from collections.abc import Callable, Iterable, Iterator

import numpy as np
from sqlalchemy import Connection, select

from service.core.dataset_record import Dataset
from service.core.run_record import Run
from service.storage import datasets
from service.storage.chunk import Chunk
from service.storage.integrity.run_invariants import broken_rules
from service.storage.tables import dataset_chunks, trajectory_chunks

_ROWS = select(*(dataset_chunks.c[name] for name in ("first_row", "rows", "data", "checksum")))
_ROWS = _ROWS.order_by(dataset_chunks.c.first_row).execution_options(yield_per=1)
_STEPS = select(*(trajectory_chunks.c[name] for name in ("first_step", "rows", "data", "checksum")))
_STEPS = _STEPS.order_by(trajectory_chunks.c.first_step).execution_options(yield_per=1)


def of_dataset(connection: Connection, dataset: Dataset) -> Iterator[str]:
    """Messages about the inconsistencies of a dataset's chunks."""
    digest = _digest(dataset)
    rows = connection.execute(_ROWS.where(dataset_chunks.c.dataset_seq == dataset.seq))
    sound = True
    for message in _wrong(
        map(Chunk.from_row, rows),
        "row",
        dataset.width,
        dataset.rows,
        lambda chunk: digest.update(chunk.data),
    ):
        sound = False
        yield message
    if sound and digest.hexdigest() != dataset.sha256:
        yield "The content does not match its SHA-256."


def _digest(dataset: Dataset) -> "hashlib._Hash":
    """SHA-256 of the header. A file of an earlier version does not describe its columns."""
    columns, missing = dataset.columns, [column["missing"] for column in dataset.columns]
    categories = [column["categories"] for column in columns]
    if not columns:
        categories = [[str(label) for label in dataset.labels or ()] if dataset.text_target else None]
    names, kinds = [column["name"] for column in columns], [column["kind"] for column in columns]
    return datasets.begun_digest(dataset.features, dataset.target, names, kinds, categories, missing)


def of_run(connection: Connection, run: Run, *, has_checkpoint: bool) -> Iterator[str]:
    """Messages about the inconsistencies of a run. The chunks of verifications and deleted runs are not checked."""
    yield from (f"The run {description}." for description in broken_rules(run, has_checkpoint=has_checkpoint))
    if run.verifies is not None or run.deleted_at is not None:
        return
    digest = hashlib.sha256()

    def add(chunk: Chunk) -> None:
        digest.update(np.frombuffer(chunk.data, dtype="<f8").reshape(run.width, chunk.rows).tobytes("F"))

    steps = connection.execute(_STEPS.where(trajectory_chunks.c.run_seq == run.seq))
    sound = True
    for message in _wrong(map(Chunk.from_row, steps), "step", run.width, run.rows_done, add):
        sound = False
        yield message
    # Runs of earlier versions have no digest.
    if sound and run.trajectory_sha256 is not None and digest.hexdigest() != run.trajectory_sha256:
        yield "The trajectory does not match its SHA-256."


def _wrong(chunks: Iterable[Chunk], unit: str, width: int, total: int, add: Callable[[Chunk], None]) -> Iterator[str]:
    """Messages about chunks of `width` numbers a row, which must cover the rows from 0 to `total` - 1.

    `add` receives each intact chunk.
    """
    expected = 0
    for chunk in chunks:
        if chunk.first > expected:
            yield f"Between {unit} {expected} and {unit} {chunk.first} is a gap."
        elif chunk.first < expected:
            yield f"The chunk at {unit} {chunk.first} is stored twice."
        if zlib.crc32(chunk.data) != chunk.checksum:
            yield f"The chunk at {unit} {chunk.first} is damaged: its checksum is wrong."
        elif len(chunk.data) != 8 * width * chunk.rows:
            yield f"The chunk at {unit} {chunk.first} does not have the length of {chunk.rows} {unit}s."
        else:
            add(chunk)
        expected = max(expected, chunk.first + chunk.rows)
    if expected != total:
        yield f"There are {expected} {unit}s, and there should be {total}."
